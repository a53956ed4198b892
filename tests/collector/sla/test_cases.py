"""Worked cases, to the last digit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tenantwatch_collector.sla.cases import CaseError, evaluate_case, evaluate_file, evaluate_named
from tenantwatch_collector.sla.report import report

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "cases.json").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_case_is_answered_exactly(case: dict[str, Any]) -> None:
    assert report(evaluate_case(case["input"])) == case["expected"]


def test_a_file_is_answered_case_by_case() -> None:
    answers = evaluate_file(CASES)
    assert next(answers) == {"id": CASES[0]["id"], "report": CASES[0]["expected"]}
    assert [answer["id"] for answer in answers] == [case["id"] for case in CASES[1:]]


def test_an_unknown_status_is_refused() -> None:
    case = {**CASES[0]["input"], "results": [["http", 1736899200, "great", None, None]]}
    with pytest.raises(CaseError, match=r"^case x: input.results\[0\]\[2\]: must be 'healthy', 'degraded'"):
        evaluate_named({"id": "x", "input": case})
