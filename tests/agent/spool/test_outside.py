"""What an export reads of a spool, with its agent running or not."""

from __future__ import annotations

from pathlib import Path

from tenantwatch_agent.spool.outside import Outside

from tests.agent.spool.spools import (
    opened,
    result,
)


async def test_an_export_reads_on_behind_a_flipped_byte(tmp_path: Path) -> None:
    async with opened(tmp_path, 10_000) as spool:
        await spool.append([result(n) for n in range(1, 1200)])
    path = tmp_path / "spool.sqlite3"
    path.write_bytes(path.read_bytes().replace(b"text 333", b"text 33\xff"))
    with Outside(path) as outside:
        rows = list(outside.results())
        assert [row["sequence"] for row in rows] == list(range(1, 1200))
        assert (rows[332]["text"], outside.damage) == ("text 33\ufffd", "")


async def test_a_slow_export_does_not_keep_the_log_of_writes_from_being_emptied(tmp_path: Path) -> None:
    async with opened(tmp_path, 10_000) as spool:
        await spool.append([result(n) for n in range(1, 1200)])
        with Outside(tmp_path / "spool.sqlite3") as outside:
            rows = outside.results()
            assert next(rows)["sequence"] == 1
            await spool.append([result(1200)])
            (state,) = await spool._current.file.db.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
            assert tuple(state) == (0, 0, 0)
            # What came since is not waited for.
            assert [row["sequence"] for row in rows] == list(range(2, 1200))
