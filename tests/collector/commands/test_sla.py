"""The commands over worked cases, as a user runs them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tenantwatch_collector.__main__ import main

FILE = Path(__file__).parents[1] / "sla" / "cases.json"
CASES: list[dict[str, Any]] = json.loads(FILE.read_text())["cases"]


def write(folder: Path, content: Any) -> str:
    path = folder / "cases.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def test_a_file_of_cases_is_evaluated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sla", "evaluate", str(FILE)]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == {"cases": [{"id": c["id"], "report": c["expected"]} for c in CASES]}
    # Lines of progress stand before it where it takes long.
    assert said.err.splitlines()[-1] == f"{len(CASES)} of {len(CASES)} cases give what they expect"


def test_a_case_needs_no_expectation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bare = {"id": "mine", "input": CASES[0]["input"]}
    assert main(["sla", "evaluate", write(tmp_path, {"schema": "sla-cases/1", "cases": [bare]})]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["cases"] == [{"id": "mine", "report": CASES[0]["expected"]}]
    assert said.err == ""


def test_what_differs_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = CASES[0] | {"expected": CASES[0]["expected"] | {"compliant": None}}
    assert main(["sla", "evaluate", write(tmp_path, {"schema": "sla-cases/1", "cases": [wrong]})]) == 0
    assert "differs: A01 (compliant)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "Expecting property name"),
        ("[" * 100_000, "nested too deeply"),
        ([], 'an object with "schema": "sla-cases/1"'),
        ({"schema": "sla-cases/1", "cases": {}}, '"cases" must be a list'),
        ({"schema": "sla-cases/1", "cases": [{}]}, 'case 1 must be an object with an "id"'),
        ({"schema": "sla-cases/1", "cases": [{"id": "x"}]}, "case x: 'input' is missing"),
    ],
)
def test_a_bad_file_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: Any, complaint: str
) -> None:
    assert main(["sla", "evaluate", write(tmp_path, content)]) == 1
    said = capsys.readouterr()
    assert complaint in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"timezone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"as_of": "tomorrow"}, "case bad"),
        ({"period": {"type": "hourly", "date": "2025-01-15"}}, "unknown period type 'hourly'"),
        ({"policy": {"unknown": "guess"}}, "policy 'guess'"),
        ({"targets": {"availability_percentage": "101"}}, "between 0 and 100"),
        ({"runs": [{"check": "http", "from": 0, "to": 10**12, "every": 1, "status": "healthy"}]}, "5000000"),
        ({"runs": [{"check": "http", "from": 0, "to": 9, "every": 0, "status": "healthy"}]}, "case bad"),
        ({"results": [["http", 1, "healthy", -1, None]]}, "case bad"),
        ({"checks": None}, "case bad"),
        ({"period": {"type": "daily", "date": "9999-12-31"}}, "case bad"),
    ],
)
def test_a_bad_case_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], complaint: str
) -> None:
    case = {"id": "bad", "input": CASES[0]["input"] | change}
    assert main(["sla", "evaluate", write(tmp_path, {"schema": "sla-cases/1", "cases": [case]})]) == 1
    assert complaint in capsys.readouterr().err


def test_the_arithmetic_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sla", "explain", "--cases", str(FILE), "A02"]) == 0
    said = capsys.readouterr().out
    assert "availability = 100 x 85500 / 86400" in said
    assert "= 98.9583 % (rounded down)" in said
    assert main(["sla", "explain", "--cases", str(FILE), "none"]) == 1


def test_every_case_can_be_told(capsys: pytest.CaptureFixture[str]) -> None:
    """And the shown numbers are those of the report."""
    assert main(["sla", "explain", "--cases", str(FILE)]) == 0
    told = re.split(r"\n\n", capsys.readouterr().out.strip())
    assert len(told) == len(CASES)
    for case, text in zip(CASES, told, strict=True):
        expected = case["expected"]
        shown = [
            expected["availability_pct"],
            expected["coverage_pct"],
            expected["mttr_s"],
            expected["errors"]["pct"],
        ]
        assert [value for value in shown if value is not None and value not in text] == []
