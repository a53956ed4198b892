"""`alerts simulate`: the answers as JSON, the exit code says whether they are those expected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tenantwatch_collector.__main__ import main

CASES = Path(__file__).parents[1] / "alerts" / "cases.json"


def test_cases_are_answered_as_they_expect(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alerts", "simulate", str(CASES)]) == 0
    answered = json.loads(capsys.readouterr().out)["cases"]
    assert {a["id"]: a["notifications"] for a in answered} == {
        case["id"]: case["expected"]["notifications"] for case in json.loads(CASES.read_text())["cases"]
    }


def test_an_answer_that_differs_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = json.loads(CASES.read_text())["cases"][0]
    case["expected"]["notifications"] = []
    file = tmp_path / "cases.json"
    file.write_text(json.dumps({"cases": [case]}))
    assert main(["alerts", "simulate", str(file)]) == 1
    assert f"1 of 1 cases differ from what they expect: {case['id']}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "is not JSON"),
        ("[]", 'write {"schema"'),
        ('{"cases": [{"id": "x", "input": {"end": 1}}]}', "case x: KeyError"),
        ('{"cases": [1]}', "case 0: TypeError"),
    ],
)
def test_a_wrong_file_is_refused_with_the_case(
    text: str, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cases.json"
    file.write_text(text)
    assert main(["alerts", "simulate", str(file)]) == 1
    assert complaint in capsys.readouterr().err
