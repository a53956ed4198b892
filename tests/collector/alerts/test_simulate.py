"""Worked cases: what is told, to whom, in which second."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tenantwatch_collector.alerts.simulate import simulate, simulate_file

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "cases.json").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_case_is_answered_exactly(case: dict[str, Any]) -> None:
    assert simulate(case["input"]) == case["expected"]


def test_a_file_is_answered_case_by_case() -> None:
    answers = simulate_file(CASES)
    first = next(answers)
    assert first == {"id": CASES[0]["id"], **CASES[0]["expected"]}
    assert [answer["id"] for answer in answers] == [case["id"] for case in CASES[1:]]


def test_nothing_happens_without_events() -> None:
    assert simulate({"end": 10, "rules": {}, "events": []}) == {"notifications": [], "alerts": []}
