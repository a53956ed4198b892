"""The commands over worked cases, as a user runs them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tenantwatch_collector.__main__ import main
from tenantwatch_collector.sla.case_form import CaseForm

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


def test_a_case_needs_no_expectation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenantwatch_collector.commands.sla._PROGRESS_SECONDS", 3600)
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
        ({"schema": "sla-cases/1", "cases": [{"id": "x"}]}, "case x: input is missing"),
    ],
)
def test_a_bad_file_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: Any, complaint: str
) -> None:
    assert main(["sla", "evaluate", write(tmp_path, content)]) == 1
    said = capsys.readouterr()
    assert complaint in said.err
    assert said.out == ""


WINDOW = {"from": 1736910000, "to": 1736920000, "checks": None}
RUN = {"check": "http", "from": 0, "to": 9, "every": 3, "status": "healthy"}
RULE = {"severity": "page", "budget_pct": "2", "long_s": 3600, "short_s": 300}
SLICES = {"slice_s": 60, "bad_above_pct": "1", "min_requests": 1, "empty": "good"}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"timezone": "Mars/Olympus"}, "input.timezone: 'Mars/Olympus' is no time zone"),
        ({"timezone": "localtime"}, "input.timezone: 'localtime' is no place's time"),
        ({"timezone": "../zoneinfo/UTC"}, "input.timezone: '../zoneinfo/UTC' is no time zone"),
        ({"timezone": []}, "input.timezone: must be a text"),
        ({"as_of": "tomorrow"}, "input.as_of: must be a whole number"),
        ({"as_of": True}, "input.as_of: must be a whole number"),
        ({"as_of": 1736989200.5}, "input.as_of: must be a whole number"),
        ({"as_of": 10**30}, "input.as_of: must be 253370764799 or less"),
        ({"period": {"type": "hourly", "date": "2025-01-15"}}, "input.period: must have as 'type' 'daily'"),
        ({"period": {"type": "daily"}}, "input.period.date: is missing"),
        ({"period": {"type": "daily", "date": "20250115"}}, "input.period.date: must be a date such as"),
        ({"period": {"type": "daily", "date": "9999-12-31"}}, "input.period.date: 9999-12-31 lies at an end"),
        ({"period": {"type": "rolling", "seconds": 0}}, "input.period.seconds: must be 1 or more"),
        ({"policy": {"unknown": "guess"}}, "input.policy.unknown: must be 'exclude', 'up' or 'down'"),
        ({"policy": None}, "input.policy: must be an object"),
        ({"targets": {"availability_percentage": "101"}}, "must lie between 0 and 100"),
        ({"targets": {"error_rate_percentage": "-1"}}, "input.targets.error_rate_percentage: must lie"),
        (
            {"targets": {"response_time_ms": "1e999999999"}},
            "input.targets.response_time_ms: '1e999999999' is not",
        ),
        ({"targets": {"recovery_time_minutes": "1/3"}}, "'1/3' is not a finite number"),
        (
            {"targets": {"recovery_time_minutes": None, "availabilty": "99"}},
            "input.targets.availabilty: is not known",
        ),
        ({"maintenence": []}, "input.maintenence: is not known here"),
        ({"maintenance": [WINDOW, {**WINDOW, "to": 5}]}, "input.maintenance[1]: from must not lie after to"),
        ({"maintenance": [{**WINDOW, "checks": ["ftp"]}]}, "maintenance: there is no check ftp"),
        (
            {"maintenance": [{**WINDOW, "checks": []}]},
            "input.maintenance[0].checks: must have at least 1 entry",
        ),
        ({"maintenance_cap_s": -5}, "input.maintenance_cap_s: must be 0 or more"),
        ({"service_hours": []}, "input.service_hours: must have at least 1 entry"),
        ({"service_hours": [[7, 0, 10]]}, "input.service_hours[0][0]: must be 6 or less"),
        ({"service_hours": [[0, 10, 5]]}, "input.service_hours[0]: from_minute must not lie after"),
        ({"runs": [{**RUN, "to": 10**11, "every": 1}]}, "input.runs[0]: more than 5000000 results"),
        ({"runs": [RUN, {**RUN, "every": 0}]}, "input.runs[1].every: must be 1 or more"),
        ({"runs": [{**RUN, "check": "ftp"}]}, "runs: there is no check ftp"),
        ({"results": [["http", 1, "healthy", -1, None]]}, "input.results[0][3]: must be 0 or more"),
        ({"results": [["http", 1, "great", 1, None]]}, "input.results[0][2]: must be 'healthy', 'degraded'"),
        ({"results": [["http", 1.5, "healthy", 1, None]]}, "input.results[0][1]: must be a whole number"),
        ({"results": [["http", 1, "healthy", True, None]]}, "input.results[0][3]: must be a whole number"),
        ({"results": [["http", 1, "healthy"]]}, "input.results[0][3]: is missing"),
        ({"results": [["ftp", 1, "healthy", 1, None]]}, "results: there is no check ftp"),
        ({"requests": [[1736900000, 5, 9]]}, "requests[0]: 9 errors of 5 requests"),
        ({"requests": [[1736900000, -5, -9]]}, "input.requests[0][1]: must be 0 or more"),
        ({"checks": None}, "input.checks: must be a list"),
        ({"checks": CASES[0]["input"]["checks"] * 2}, "checks: http stands there more than once"),
        (
            {"checks": [{**CASES[0]["input"]["checks"][0], "confirm_failures": 0}]},
            "input.checks[0].confirm_failures: must be 1 or more",
        ),
        (
            {"checks": [{**CASES[0]["input"]["checks"][0], "stale_after_s": 700.5}]},
            "input.checks[0].stale_after_s: must be a whole number",
        ),
        (
            {"groups": [{"id": "web", "role": "vital", "rule": "any"}]},
            "input.groups[0].role: must be 'critical'",
        ),
        ({"groups": []}, "checks: there is no group"),
        ({"slices": {**SLICES, "slice_s": 0}}, "input.slices.slice_s: must be 1 or more"),
        ({"slices": {**SLICES, "empty": "bad"}}, "input.slices.empty: must be 'good' or 'exclude'"),
        (
            {"slices": {**SLICES, "slice_s": 1}, "period": {"type": "rolling", "seconds": 10**9}},
            "input.slices.slice_s: gives more than 5000000 slices",
        ),
        ({"burn": {"slo_period_s": 0, "rules": [RULE]}}, "input.burn.slo_period_s: must be 1 or more"),
        (
            {"burn": {"slo_period_s": 9, "rules": [{**RULE, "long_s": -5}]}},
            "input.burn.rules[0].long_s: must be 1",
        ),
        ({"credits": {"fee": "-5", "table": []}}, "input.credits.fee: must lie between 0 and"),
        (
            {"credits": {"fee": "5", "table": [{"below": "99", "credit_pct": "ten"}]}},
            "input.credits.table[0]: 'ten' is not a finite number",
        ),
    ],
)
def test_a_bad_case_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], complaint: str
) -> None:
    case = {"id": "bad", "input": CASES[0]["input"] | change}
    assert main(["sla", "evaluate", write(tmp_path, {"schema": "sla-cases/1", "cases": [case]})]) == 1
    assert complaint in capsys.readouterr().err


def test_the_documented_case_is_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (Path(__file__).parents[3] / "docs" / "service-levels.md").read_text()
    (written,) = re.findall(r"```json\n(.*?)```", text, re.S)
    assert main(["sla", "evaluate", write(tmp_path, written)]) == 0
    (case,) = json.loads(capsys.readouterr().out)["cases"]
    assert (case["report"]["downtime_s"], case["report"]["seconds"]["maintenance"]) == (900, 3600)
    assert case["report"]["availability_pct"] == "98.9130"
    table = text.partition("| name in `input` |")[2]
    told = {
        name for line in re.findall(r"^\| (`.*?) \|", table, re.M) for name in re.findall(r"`(\w+)`", line)
    }
    assert set(CaseForm.model_fields) - {"max_future_skew_s"} - told == {
        "maintenance_min_notice_s",
        "maintenance_cap_s",
    }


def test_a_misspelt_name_around_the_cases_is_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = {"id": "a", "input": CASES[0]["input"], "expectd": {}}
    path = write(tmp_path, {"schema": "sla-cases/1", "cases": [case], "by": "ann"})
    assert main(["sla", "evaluate", path]) == 0
    said = capsys.readouterr().err
    assert "note: " in said
    assert '"by" is not known and not read' in said
    assert '"expectd" of case a is not known and not read' in said
    twice = {"schema": "sla-cases/1", "cases": [case, case]}
    assert main(["sla", "evaluate", write(tmp_path, twice)]) == 1
    assert "case 2 has the id of an earlier one: a" in capsys.readouterr().err


def test_the_arithmetic_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sla", "explain", "--cases", str(FILE), "A02"]) == 0
    said = capsys.readouterr().out
    assert "availability = 100 x 85500 / 86400" in said
    assert "= 98.9583 % (rounded down)" in said
    assert "worst case, unknown time down: availability = 100 x 85500 / 86400 = 98.9583 %" in said
    assert "availability: breached" in said
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


@pytest.mark.parametrize("form", ["pdf", "csv"])
def test_only_the_json_form_can_be_verified(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    report = tmp_path / f"report.{form}"
    report.write_bytes(b"%PDF-1.7")
    assert main(["sla", "verify", str(report)]) == 1
    assert "take the JSON form, which alone is signed" in capsys.readouterr().err
