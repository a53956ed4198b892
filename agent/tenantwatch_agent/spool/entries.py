"""The checks that have or may get results in the spool, each with an index that results name."""

from __future__ import annotations

import functools
import json
import sqlite3
from collections.abc import Iterable

import aiosqlite
from tenantwatch_wire.records import CheckDefinition

from tenantwatch_agent.spool.checksum import checksum
from tenantwatch_agent.spool.connection import ask, transact


class Entries:
    """The table ``check_entry``, with the indices in memory."""

    def __init__(self, db: aiosqlite.Connection) -> None:
        self._db = db
        self._known: dict[str, tuple[int, CheckDefinition]] = {}

    def index(self, check_id: str) -> int | None:
        """None for a check that was never registered."""
        known = self._known.get(check_id)
        return None if known is None else known[0]

    def definitions(self) -> list[CheckDefinition]:
        return [definition for _, definition in self._known.values()]

    async def all(self) -> list[tuple[int, CheckDefinition]]:
        """By index; not all indices need be there. Raises ValueError on damage."""
        return [(index, _whole(index, entry)) for index, _, entry in await ask(self._db, _rows)]

    async def register(
        self, checks: Iterable[CheckDefinition], going: Iterable[CheckDefinition] = ()
    ) -> None:
        """These and those going have an entry; others without results lose theirs. Writes what differs.

        A damaged one of these is written anew. Raises ValueError where one of any other is damaged.
        """
        wanted = {one.check_id: one for one in going} | {one.check_id: one for one in checks}
        kept = {check_id: (index, entry) for index, check_id, entry in await ask(self._db, _rows)}
        changed = [one for one in wanted.values() if kept.get(one.check_id, (0, None))[1] != one]
        idle = [index for check_id, (index, _) in kept.items() if check_id not in wanted]
        if changed or idle:
            rows = await transact(self._db, functools.partial(_write, changed, idle))
            kept = {check_id: (index, entry) for index, check_id, entry in rows}
        self._known = {check_id: (index, _whole(index, entry)) for check_id, (index, entry) in kept.items()}


def _rows(db: sqlite3.Connection) -> list[tuple[int, str, CheckDefinition | None]]:
    """None where an entry is not as it was written."""
    rows = db.execute(
        "SELECT idx, check_id, CAST(definition AS BLOB), checksum FROM check_entry ORDER BY idx"
    ).fetchall()
    return [(index, check_id, _entry(index, check_id, *rest)) for index, check_id, *rest in rows]


def _whole(index: int, entry: CheckDefinition | None) -> CheckDefinition:
    if entry is None:
        raise ValueError(f"the entry of check {index} is not as it was written")
    return entry


def _write(
    changed: Iterable[CheckDefinition], idle: Iterable[int], db: sqlite3.Connection
) -> list[tuple[int, str, CheckDefinition | None]]:
    db.executemany(
        "DELETE FROM check_entry WHERE idx = ?1 AND NOT EXISTS (SELECT 1 FROM result WHERE idx = ?1)",
        [(index,) for index in idle],
    )
    for one in changed:
        (index,) = db.execute(
            "SELECT coalesce((SELECT idx FROM check_entry WHERE check_id = ?),"
            " (SELECT max(idx) + 1 FROM check_entry), 0)",
            (one.check_id,),
        ).fetchone()
        row = (index, one.check_id, _json(one))
        db.execute("INSERT OR REPLACE INTO check_entry VALUES (?, ?, ?, ?)", (*row, checksum(*row)))
    return _rows(db)


def _entry(index: int, check_id: str, raw: bytes, said: int | None) -> CheckDefinition | None:
    """Of a newer or older version as well: what it does not know it leaves out."""
    kept = raw.decode("utf-8", "replace")
    # A file from before checksums has none.
    if said not in (None, checksum(index, check_id, kept)):
        return None
    try:
        given = json.loads(kept)
        return CheckDefinition(**{name: given[name] for name in CheckDefinition.__slots__ if name in given})
    except (ValueError, TypeError):
        return None


def _json(definition: CheckDefinition) -> str:
    return json.dumps({name: getattr(definition, name) for name in CheckDefinition.__slots__})
