"""`store export|import`: whole, resumed, repeated, and refused with what to do."""

from __future__ import annotations

import csv
import gzip
import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from tenantwatch_collector.__main__ import main
from tenantwatch_collector.transfer import exporting
from tenantwatch_collector.transfer.record import moment

NOW = time.time_ns() // 1_000_000_000 * 1_000_000
MINUTE = 60_000_000
HEADING = "tenant_id,agent_id,check_id,kind,time,status,latency_us,text"


class Desk:
    """One store and the commands on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "collector.toml"
        self.config.write_text(f'[store]\npath = "{folder / "store.sqlite3"}"\n')

    def run(self, *arguments: str | Path) -> int:
        return main(["store", *map(str, arguments), "--config", str(self.config)])

    def file(self, name: str, *lines: str) -> Path:
        path = self.folder / name
        path.write_text("\n".join([HEADING, *lines, ""]))
        return path

    def count(self, sql: str = "SELECT count(*) FROM result") -> int:
        with closing(sqlite3.connect(self.folder / "store.sqlite3")) as file:
            return int(file.execute(sql).fetchone()[0])


def row(minutes_ago: float, check: str = "web", tenant: str = "acme", status: str = "healthy") -> str:
    at = moment(NOW - int(minutes_ago * MINUTE))
    return f"{tenant},a1,{check},http_endpoint,{at},{status},1500,=1+1 said {check}"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def filled(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Two tenants with 90 and 60 results; pages are short."""
    monkeypatch.setattr(exporting, "PAGE", 7)
    lines = [row(n, check) for n in range(30) for check in ("web", "db", "mail")]
    lines += [row(n * 90, tenant="beta") for n in range(60)]
    assert desk.run("import", "--create", desk.file("history.csv", *lines)) == 0
    return desk


@pytest.mark.parametrize("name", ["out.csv", "out.ndjson", "out.csv.gz", "out.jsonl.gz"])
def test_what_was_exported_is_in_order_and_fills_another_store_alike(
    name: str, filled: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    assert filled.run("export", path) == 0
    assert "150 results of 2 tenants written to" in capsys.readouterr().err
    assert path.stat().st_mode & 0o077 == 0
    (tmp_path / "other").mkdir()
    other = Desk(tmp_path / "other")
    assert other.run("import", "--create", path) == 0
    assert other.run("export", tmp_path / "again.ndjson") == 0
    assert filled.run("export", tmp_path / "first.ndjson") == 0
    first, again = (
        [json.loads(line) for line in (tmp_path / each).read_text().splitlines()]
        for each in ("first.ndjson", "again.ndjson")
    )
    order = [(line["tenant_id"], line["time"]) for line in first]
    assert order == sorted(order)
    told_anew = {"received_at"}
    assert sorted(str({k: v for k, v in line.items() if k not in told_anew}) for line in first) == sorted(
        str({k: v for k, v in line.items() if k not in told_anew}) for line in again
    )


@pytest.mark.parametrize("name", ["out.csv", "out.ndjson", "out.csv.gz"])
@pytest.mark.parametrize("share", [0.0, 0.004, 0.3, 0.62, 0.97, 1.0])
def test_an_interrupted_export_is_gone_on_with(name: str, share: float, filled: Desk, tmp_path: Path) -> None:
    whole, cut = tmp_path / f"whole-{name}", tmp_path / name
    assert filled.run("export", whole) == 0
    cut.write_bytes(whole.read_bytes()[: int(len(whole.read_bytes()) * share)])
    assert filled.run("export", "--resume", cut) == 0
    read = gzip.decompress if name.endswith(".gz") else bytes
    assert read(cut.read_bytes()) == read(whole.read_bytes())


def test_an_export_is_of_whom_and_when_it_was_asked_for(
    filled: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    times = ["--from", moment(NOW - 10 * MINUTE), "--to", moment(NOW - 5 * MINUTE)]
    capsys.readouterr()
    assert filled.run("export", "--tenant", "acme", *times, "--format", "ndjson", "-") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["time"] for line in lines[::3]] == [moment(NOW - n * MINUTE) for n in range(10, 5, -1)]
    assert {line["check_id"] for line in lines} == {"web", "db", "mail"}
    assert len(lines) == 15


def test_a_spreadsheet_finds_no_formula(filled: Desk, tmp_path: Path) -> None:
    assert filled.run("export", tmp_path / "out.csv") == 0
    with (tmp_path / "out.csv").open(newline="") as file:
        cells = [cell for line in csv.reader(file) for cell in line]
    assert "'=1+1 said web" in cells
    assert [cell for cell in cells if cell[:1] in "=+-@\t\r" and cell] == []


def test_a_file_imported_twice_is_stored_once_in_whatever_pieces(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [row(n) for n in range(20)]
    assert desk.run("import", "--create", desk.file("part.csv", *lines[:8], lines[0])) == 0
    assert capsys.readouterr().out == "8 results imported, 1 were there already\n"
    for said in (
        "12 results imported, 8 were there already\n",
        "0 results imported, 20 were there already\n",
    ):
        assert desk.run("import", desk.file("whole.csv", *reversed(lines))) == 0
        assert capsys.readouterr().out == said
    assert desk.count() == 20


def test_a_bad_line_ends_the_import_and_what_came_before_stays(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = [row(n) for n in range(5)], row(5, status="ok")
    assert desk.run("import", "--create", desk.file("x.csv", *good[:3], bad, *good[3:])) == 1
    said = capsys.readouterr().err
    assert "x.csv: line 5: status 'ok': write healthy, degraded, unhealthy, unknown" in said
    assert "nothing is stored twice" in said
    assert desk.count() == 3
    assert desk.run("import", desk.file("x.csv", *good[:3], *good[3:])) == 0
    assert desk.count() == 5


def test_bad_lines_are_set_aside_with_their_reasons(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    aside = desk.folder / "aside.ndjson"
    file = desk.file("x.csv", row(1), "acme,web", row(2, tenant="No Tenant"), row(60 * 24 * 365), row(3))
    assert desk.run("import", "--create", "--skip-bad", aside, file) == 0
    assert capsys.readouterr().out == f"2 results imported, 3 lines set aside in {aside}\n"
    told = [json.loads(line) for line in aside.read_text().splitlines()]
    assert [line["line"] for line in told] == [3, 4, 5]
    assert told[0] == {"line": 3, "reason": "2 fields, the heading has 8", "content": "acme,web"}
    assert "tenant_id 'No Tenant': write 1 to 63 lower-case" in told[1]["reason"]
    assert "set [retention] raw_days = 366 or more" in told[2]["reason"]
    assert desk.run("import", "--skip-bad", desk.folder / "none", desk.file("y.csv", row(1))) == 0
    assert not (desk.folder / "none").exists()


def test_nothing_is_made_that_was_not_asked_for(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    file = desk.file("x.csv", row(1))
    assert desk.run("import", file) == 1
    assert "line 2: there is no tenant 'acme': create it with `tenantwatch-collector tenant create acme`" in (
        capsys.readouterr().err
    )
    assert main(["tenant", "create", "acme", "--config", str(desk.config)]) == 0
    assert desk.run("import", file) == 1
    assert "tenant acme has no check 'web' of agent 'a1': give --create" in capsys.readouterr().err
    assert desk.run("import", "--create", file) == 0
    assert desk.count("SELECT count(*) FROM check_definition WHERE NOT active") == 1


def test_what_retention_has_let_go_is_not_taken_back(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.run("import", "--create", desk.file("x.csv", row(1))) == 0
    with closing(sqlite3.connect(desk.folder / "store.sqlite3")) as file, file:
        file.execute("INSERT INTO retention VALUES ('raw', ?)", (NOW - 60 * MINUTE,))
    assert desk.run("import", desk.file("x.csv", row(61))) == 1
    assert "this store has given up raw results before that and takes none back" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["export", "{out}"], "there is no store in"),
        (["import", "{here}/none.csv"], "none.csv: cannot be read: No such file"),
        (["import", "{here}/x.dat"], "is it CSV or NDJSON? Give --format csv"),
        (["import", "{here}/empty.csv"], "empty.csv: line 1: the heading has no tenant_id"),
        (["import", "{here}/text.csv.gz"], "text.csv.gz: is not whole"),
    ],
)
def test_what_cannot_be_is_said(
    arguments: list[str], complaint: str, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk.folder / "empty.csv").touch()
    (desk.folder / "text.csv.gz").write_text("tenant_id")
    filled = [each.format(here=desk.folder, out=desk.folder / "out.csv") for each in arguments]
    assert desk.run(*filled) == 1
    assert complaint in capsys.readouterr().err


def test_of_a_file_that_breaks_off_the_whole_lines_are_taken(
    filled: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert filled.run("export", tmp_path / "x.ndjson.gz") == 0
    cut = (tmp_path / "x.ndjson.gz").read_bytes()
    (tmp_path / "x.ndjson.gz").write_bytes(cut[: len(cut) // 2])
    (tmp_path / "other").mkdir()
    other = Desk(tmp_path / "other")
    assert other.run("import", "--create", tmp_path / "x.ndjson.gz") == 1
    assert "x.ndjson.gz: is not whole" in capsys.readouterr().err
    assert 50 < other.count() < 150


def test_an_export_replaces_no_file_and_goes_on_with_none_of_anothers(
    filled: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.csv"
    out.write_text("mine\n")
    assert filled.run("export", out) == 1
    assert f"{out} is there already: give --resume" in capsys.readouterr().err
    assert filled.run("export", "--resume", out) == 1
    assert "the first line is not that of an export" in capsys.readouterr().err
    assert out.read_text() == "mine\n"
    assert filled.run("export", tmp_path / "both.csv") == 0
    assert filled.run("export", "--resume", "--tenant", "acme", tmp_path / "both.csv") == 1
    assert "ends with results of beta that this command would not export" in capsys.readouterr().err
    assert filled.run("export", "--tenant", "gamma", tmp_path / "x.csv") == 1
    assert "there is no tenant 'gamma'" in capsys.readouterr().err
