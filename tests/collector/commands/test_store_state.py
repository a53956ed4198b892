"""`store migrate|status|verify` as an operator runs them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tenantwatch_collector.__main__ import main
from tenantwatch_collector.store.sqlite import migrate as migrating

from tests.collector.commands.test_store_files import Desk, row
from tests.servers import PostgresServer

Run = Callable[..., int]


def test_a_store_is_made_brought_up_to_date_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(tmp_path)
    files = migrating._files()
    newest = files[-1][0]
    monkeypatch.setattr(migrating, "_files", lambda: files[:1])
    migrating.migrate(tmp_path / "store.sqlite3")
    monkeypatch.setattr(migrating, "_files", lambda: files)
    for command in ("status", "verify"):
        assert desk.run(command) == 1
        assert f"has schema version 1, and this tenantwatch has {newest}" in capsys.readouterr().err
    assert desk.count("SELECT max(version) FROM schema_version") == 1
    assert desk.run("migrate") == 0
    assert capsys.readouterr().out == f"schema version 1 -> {newest} (SQLite)\n"
    assert desk.run("migrate") == 0
    assert capsys.readouterr().out == f"schema version {newest} (SQLite): nothing to do\n"


def test_a_new_store_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert Desk(tmp_path).run("migrate") == 0
    assert capsys.readouterr().out.startswith("a new store of schema version ")


def test_nothing_is_made_by_asking(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk(tmp_path)
    for command in ("status", "verify"):
        assert desk.run(command) == 1
        assert "there is no store in" in capsys.readouterr().err
    assert not (tmp_path / "store.sqlite3").exists()


@pytest.mark.parametrize("database", ["sqlite", "postgres_server", "timescale_server"])
def test_a_store_tells_what_it_holds_and_that_it_holds(
    database: str, tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(tmp_path)
    if database != "sqlite":
        server: PostgresServer = request.getfixturevalue(database)
        desk.config.write_text(f'[store]\nurl = "{server.url_of(server.create_database())}"\n')
        assert desk.run("status") == 1
        assert "there is no store in that database yet" in capsys.readouterr().err
        assert desk.run("migrate") == 0
        assert "a new store of schema version" in capsys.readouterr().out
    assert desk.run("import", "--create", desk.file("x.csv", *map(row, range(30)))) == 0
    capsys.readouterr()
    assert desk.run("status") == 0
    told = {line[:28].strip(): line[29:] for line in capsys.readouterr().out.splitlines()}
    assert told["database"].startswith("SQLite 3." if database == "sqlite" else "PostgreSQL 1")
    assert ("with TimescaleDB 2." in told["database"]) == (database == "timescale_server")
    assert (told["tenants"], told["checks"], told["results"]) == ("1", "1", "30")
    assert told["rolled up"] == "through commit 0, 1 behind"
    assert told["raw results kept since"] == "ever"
    assert desk.run("verify", "--all") == 0
    assert "holds: books: of 1 agents" in capsys.readouterr().out


def test_what_differs_is_named_and_the_exit_code_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(tmp_path)
    assert desk.run("import", "--create", desk.file("x.csv", *map(row, range(30)))) == 0
    with closing(sqlite3.connect(tmp_path / "store.sqlite3")) as file, file:
        file.execute("DELETE FROM result WHERE row_id = 3")
    assert desk.run("verify") == 1
    said = capsys.readouterr().out
    assert "DIFFERS: books: acme, agent a1: 30 acknowledged, but 29 results, 0 lost, 0 refused" in said
    assert "DIFFERS: commits: commit 1: 30 results in the log, 29 kept" in said


@pytest.mark.parametrize("command", ["export", "import", "migrate", "status", "verify"])
def test_each_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["store", command, "--help"])
    said = capsys.readouterr().out
    assert "--config" in said
    assert len(said.splitlines()) > 8
