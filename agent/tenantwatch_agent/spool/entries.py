"""The checks that have or may get results in the spool, each with an index that results name."""

from __future__ import annotations

import json
from collections.abc import Iterable

import aiosqlite
from tenantwatch_wire.records import CheckDefinition


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
        """By index; not all indices need be there."""
        rows = await self._db.execute_fetchall("SELECT idx, definition FROM check_entry ORDER BY idx")
        return [(row[0], _definition(row[1])) for row in rows]

    async def register(
        self, checks: Iterable[CheckDefinition], going: Iterable[CheckDefinition] = ()
    ) -> None:
        """These and those going have an entry; others without results lose theirs. Writes what differs."""
        wanted = {one.check_id: one for one in going} | {one.check_id: one for one in checks}
        kept = {definition.check_id: (index, definition) for index, definition in await self.all()}
        changed = [
            one for check_id, one in wanted.items() if check_id not in kept or kept[check_id][1] != one
        ]
        idle = [index for check_id, (index, _) in kept.items() if check_id not in wanted]
        if changed or idle:
            await self._write(changed, idle)
            kept = {definition.check_id: (index, definition) for index, definition in await self.all()}
        self._known = kept

    async def _write(self, changed: Iterable[CheckDefinition], idle: Iterable[int]) -> None:
        try:
            await self._db.execute("BEGIN IMMEDIATE")
            await self._db.executemany(
                "DELETE FROM check_entry WHERE idx = ?1 AND NOT EXISTS (SELECT 1 FROM result WHERE idx = ?1)",
                [(index,) for index in idle],
            )
            await self._db.executemany(
                "INSERT INTO check_entry (idx, check_id, definition)"
                " VALUES ((SELECT coalesce(max(idx) + 1, 0) FROM check_entry), ?, ?)"
                " ON CONFLICT (check_id) DO UPDATE SET definition = excluded.definition",
                [(one.check_id, _json(one)) for one in changed],
            )
            await self._db.commit()
        except BaseException:
            await self._db.rollback()
            raise


def _json(definition: CheckDefinition) -> str:
    return json.dumps({name: getattr(definition, name) for name in CheckDefinition.__slots__})


def _definition(kept: str) -> CheckDefinition:
    """Of a newer or older version as well: what it does not know it leaves out."""
    given = json.loads(kept)
    return CheckDefinition(**{name: given[name] for name in CheckDefinition.__slots__ if name in given})
