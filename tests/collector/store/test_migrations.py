"""Migrations: from every earlier version, killed, together, and never from a newer one."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import sqlite3
import sys
from contextlib import closing
from importlib import resources
from pathlib import Path

import psycopg
import pytest
from tenantwatch_collector.errors import ConfigurationError
from tenantwatch_collector.store.base import Store
from tenantwatch_collector.store.sqlite.migrate import migrate

from tests.collector.store import migrating
from tests.collector.store.conftest import Place
from tests.collector.store.given import SECOND, T0, tenant_with_check, times

RESULTS, COMMITS = 40_000, 40
KILLS = 3
AHEAD_US = T0 + 3_600 * SECOND
METRICS = {"tls_ms": 1.5, "dns_ms": 0.25}


def version_1(path: Path) -> None:
    """A file of the first version with results, one of them far ahead of its commit."""
    folder = resources.files("tenantwatch_collector.store.sqlite") / "migrations"
    sql = (folder / "0001_initial.sql").read_text("utf-8")
    each = RESULTS // COMMITS
    with closing(sqlite3.connect(path)) as file, file:
        file.executescript(sql)
        file.execute("CREATE TABLE schema_version (version INTEGER PRIMARY KEY, name TEXT, sha256 TEXT)")
        digest = hashlib.sha256(sql.encode()).hexdigest()
        file.execute("INSERT INTO schema_version VALUES (1, '0001_initial.sql', ?)", (digest,))
        file.execute("INSERT INTO tenant VALUES (1, 'acme', 'Acme', 'basic', 1)")
        tokens = [("t1", b"1", "admin", None), ("t2", b"2", "tenant", 1), ("t3", b"3", "agent", 1)]
        file.executemany("INSERT INTO token VALUES (?, ?, ?, ?, 'laptop', 1, NULL, 2)", tokens)
        file.execute(
            "INSERT INTO check_definition VALUES"
            " (1, 1, 'a1', 'web', 'http_endpoint', 'web', 60000, 10000, 3, 2, '', 1)"
        )
        file.executemany(
            "INSERT INTO commit_log VALUES (?, ?, ?, ?)",
            [(n + 1, T0 + (n + 1) * each * SECOND, n * each, (n + 1) * each) for n in range(COMMITS)],
        )
        file.executemany(
            "INSERT INTO result VALUES (?, 1, 1, ?, ?, ?, ?, ?, ?)",
            [
                (
                    n + 1,
                    AHEAD_US * 2 if n == 5 else T0 + n * SECOND,
                    n % 4,
                    None if n % 3 else n,
                    n // each + 1,
                    "text" if n % 10 == 0 else None,
                    json.dumps(METRICS) if n % 2 else None,
                )
                for n in range(RESULTS)
            ],
        )
        file.execute("INSERT INTO watermark VALUES (1, 'a1', 'g', 1, ?)", (RESULTS,))
        file.execute("INSERT INTO check_state VALUES (1, 1, 0, ?, ?, '{}')", (T0, COMMITS))
        file.execute("INSERT INTO engine_cursor VALUES ('health', ?)", (COMMITS,))


async def assert_as_before(store: Store) -> None:
    tokens = {token.token_id: token for token in await store.tokens()}
    assert {name: token.role for name, token in tokens.items()} == {
        "t1": "admin",
        "t2": "tenant-viewer",
        "t3": "agent",
    }
    assert (tokens["t2"].subject, tokens["t2"].scopes, tokens["t2"].expires_at_us) == ("t2", (), None)
    assert await store.token_by_hash(b"2") == tokens["t2"]
    assert len(await store.results_of_check(1, 1, 0, RESULTS + 1)) == RESULTS
    found = await store.results(1, T0, T0 + 12 * SECOND, 20, "", None)
    by_time = {(result.time_us - T0) // SECOND: result for result in found}
    assert (by_time[0].text, by_time[0].latency_us, by_time[0].metrics) == ("text", 0, {})
    assert (by_time[3].text, by_time[3].latency_us, by_time[3].metrics) == ("", 3, METRICS)
    assert (by_time[4].latency_us, int(by_time[4].status)) == (None, 0)
    commits = await store.commits_after(0, RESULTS)
    assert [len(commit.columns) for commit in commits] == [RESULTS // COMMITS] * COMMITS
    assert commits[0].columns.time_us.max() <= commits[0].received_at_us, (
        "the one ahead is read as its commit's"
    )
    (position,) = await store.agent_arrived(1, "a1", "g", "1", "h", "d")
    assert position.sequence == RESULTS
    touched = await store.touched_after(0, 100)
    assert {tenant for touch in touched for tenant in touch.touched.tenant_key.tolist()} == {1}


async def opening(place: Place) -> asyncio.subprocess.Process:
    """A process that has begun to open the store."""
    arguments = [str(place.path), *([place.url] if place.url else [])]
    process = await asyncio.create_subprocess_exec(
        sys.executable, migrating.__file__, *arguments, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert (await process.stdout.readline()).strip() == b"begins"
    return process


async def test_a_store_of_the_first_version_is_the_same_afterwards_however_often_it_was_killed(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path / "store.sqlite3")
    version_1(place.path)
    chance = random.Random(3)
    for _ in range(KILLS):
        process = await opening(place)
        await asyncio.sleep(chance.random() * 0.3)  # somewhere in the middle
        if process.returncode is None:
            process.kill()
        await process.wait()
    store = await place.open()
    await assert_as_before(store)
    await store.close()


async def test_a_store_whose_maker_is_killed_is_made_by_the_next(place: Place) -> None:
    chance = random.Random(5)
    for _ in range(KILLS):
        process = await opening(place)
        await asyncio.sleep(chance.random() * 0.3)  # somewhere in the middle
        if process.returncode is None:
            process.kill()
        await process.wait()
    store = await place.open()
    _, check = await tenant_with_check(store)
    assert await times(store, check) == []
    await store.close()


async def test_several_collectors_start_together_on_an_empty_database(place: Place) -> None:
    together = await asyncio.gather(*(opening(place) for _ in range(3)))
    for process in together:
        output, _ = await process.communicate()
        assert (output.strip(), process.returncode) == (b"done", 0)
    store = await place.open()
    await store.ping()
    await store.close()


async def test_a_newer_schema_is_refused_with_what_to_do(place: Place) -> None:
    await (await place.open()).close()
    if place.url:
        async with await psycopg.AsyncConnection.connect(place.url) as owner:
            await owner.execute("INSERT INTO schema_version VALUES (999, 'x', 'plain')")
    else:
        with closing(sqlite3.connect(place.path)) as file, file:
            file.execute("INSERT INTO schema_version VALUES (999, 'x', 'x')")
    with pytest.raises(ConfigurationError, match=r"version 999.*newer tenantwatch"):
        await place.open()


def test_a_store_of_another_build_is_refused_and_the_same_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    assert migrate(path) == migrate(path)
    with sqlite3.connect(path) as file:
        file.execute("UPDATE schema_version SET sha256 = 'other'")
    file.close()
    with pytest.raises(ConfigurationError, match="different build"):
        migrate(path)
