"""What the collector's store holds of one tenant's results, read from outside: SQLite or PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
from tenantwatch_wire.records import Status

_RESULTS = """
SELECT definition.check_id, result.time_us, result.status
FROM result JOIN check_definition AS definition USING (check_key)
"""


def read_rows(database: Path | str, query: str) -> list[tuple[int | str, ...]]:
    """All rows of a query over a file that must exist, or over the PostgreSQL at an address."""
    if isinstance(database, str):
        with psycopg.connect(database) as server:
            return server.execute(query.encode()).fetchall()
    assert database.exists(), database
    with closing(sqlite3.connect(f"file:{database}?mode=rw", uri=True)) as connection:
        return connection.execute(query).fetchall()


@dataclass(frozen=True, slots=True)
class Kept:
    """Everything that one agent's stream left behind. ``last_sequences`` has one element a spool and lane."""

    instants: Counter[tuple[int | str, ...]]
    statuses: Counter[tuple[int | str, ...]]
    last_sequences: list[int | str]
    gaps: int
    refused: int

    @classmethod
    def by(cls, database: Path | str) -> Kept:
        results = read_rows(database, _RESULTS)
        return cls(
            Counter(row[:2] for row in results),
            Counter((row[0], row[2]) for row in results),
            [row[0] for row in read_rows(database, "SELECT sequence FROM watermark WHERE sequence > 0")],
            len(read_rows(database, "SELECT 1 FROM gap")),
            len(read_rows(database, "SELECT 1 FROM dead_letter")),
        )

    def assert_exactly_once(self) -> None:
        """Nothing twice, no hole: as many results as the one spool gave sequences in both lanes."""
        assert [key for key, times in self.instants.items() if times > 1] == []
        assert (self.gaps, self.refused) == (0, 0)
        assert sum(map(int, self.last_sequences)) == self.instants.total()

    def count(self, check_id: str, status: Status) -> int:
        return self.statuses[check_id, int(status)]
