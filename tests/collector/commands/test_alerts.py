"""`alerts simulate`: the answers as JSON, the exit code says whether they are those expected."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from pathlib import Path

import pytest
from tenantwatch_collector.__main__ import main
from tenantwatch_collector.store.base import AlertRecord, Judgement
from tenantwatch_collector.store.sqlite import SqliteStore

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


async def opened(folder: Path) -> None:
    """Alerts of each severity and status."""
    store = await SqliteStore.open(folder / "collector.sqlite3")
    tenant = await store.create_tenant("acme", "Acme", "basic")
    judgement = Judgement(0)
    for number, (severity, status) in enumerate(
        (("warning", "active"), ("critical", "acknowledged"), ("error", "resolved"), ("error", "active"))
    ):
        judgement.alerts.append(
            AlertRecord(
                f"a{number}", tenant.tenant_key, f"type{number}", "name", "=1+1 on\nweb", severity, status,
                number * 1_000_000, number * 1_000_000, 1, None if status != "resolved" else 9_000_000, "{}",
            )
        )  # fmt: skip
    await store.write_judgement(judgement)
    await store.close()


@pytest.mark.usefixtures("store")
def test_alerts_are_listed_the_most_severe_first_and_filtered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["alerts", "list"]) == 0
    assert capsys.readouterr().out == "no alerts\n"
    asyncio.run(opened(tmp_path))

    def listed(*arguments: str) -> list[str]:
        assert main(["alerts", "list", "--output", "json", *arguments]) == 0
        return [one["alert_id"] for one in json.loads(capsys.readouterr().out)]

    assert listed() == ["a1", "a3", "a0"]
    assert listed("--status", "resolved") == ["a2"]
    assert listed("--status", "any", "--severity", "error") == ["a3", "a2"]
    assert listed("--tenant", "acme", "--limit", "1") == ["a1"]
    assert main(["alerts", "list", "--tenant", "nobody"]) == 1
    assert main(["alerts", "list", "--output", "csv"]) == 0
    head, first, *_ = csv.reader(io.StringIO(capsys.readouterr().out))
    assert dict(zip(head, first, strict=True))["alert_description"] == "'=1+1 on\nweb"
    assert main(["alerts", "list"]) == 0
    table = capsys.readouterr().out.splitlines()
    assert len(table) == 4
    assert table[1].endswith("=1+1 on web")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENANTWATCH_DATA_FOLDER", str(tmp_path))


@pytest.mark.usefixtures("store")
def test_a_silence_is_begun_listed_and_ended(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alerts", "silence", "add", "--minutes", "90", "--by", "ada", "--type", "cpu_percent"]) == 0
    assert capsys.readouterr().out.startswith("silence 1 until ")
    assert main(["alerts", "silence", "list"]) == 0
    assert "everybody cpu_percent" in capsys.readouterr().out
    assert main(["alerts", "silence", "end", "1"]) == 0
    assert main(["alerts", "silence", "end", "1"]) == 1
    assert main(["alerts", "silence", "add", "--minutes", "9", "--by", "ada", "--tenant", "acme"]) == 1
    assert "there is no tenant 'acme'" in capsys.readouterr().err


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--metric", "cpu", "--threshold", "1"], "no check has measured 'cpu'"),
        (["--metric", "cpu", "--threshold", "nan"], "rule 'cpu-high': threshold: write a number"),
        (["--metric", "cpu", "--threshold", "1", "--for-seconds", "-1"], "for_seconds: write 0 to"),
    ],
)
def test_a_rule_that_could_never_fire_is_refused(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fixed = ["--condition", "greater_than", "--severity", "error"]
    assert main(["alerts", "rule", "put", "cpu-high", *fixed, *arguments]) == 1
    assert complaint in capsys.readouterr().err


@pytest.mark.usefixtures("store")
def test_what_is_not_there_can_be_neither_ended_nor_shown(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["resolve", "x", "--by", "ada"], ["timeline", "x"], ["rule", "remove", "x"]):
        assert main(["alerts", *arguments]) == 1
        assert "'x'" in capsys.readouterr().err
