"""A spool read from outside its agent, which may run meanwhile. Nothing is written."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tenantwatch_wire.records import Lane, Status

from tenantwatch_agent.errors import AgentError

_LAST = {Lane.LIVE: "last_sequence", Lane.BACKLOG: "last_backlog"}
_PAGE = """
SELECT lane, sequence, check_id, definition, time_us, status, latency_us, text, metrics
FROM result LEFT JOIN check_entry USING (idx)
WHERE lane = ? AND sequence > ? AND sequence <= ? ORDER BY sequence LIMIT 500
"""


@dataclass(frozen=True, slots=True)
class LaneContent:
    name: str
    count: int
    last: int
    from_us: int
    to_us: int


class Outside:
    """One consistent view, from entering to leaving or to the results. Raises AgentError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damage = ""
        """Why the results could not be read to their end; empty if they could."""

    def __enter__(self) -> Self:
        if not self.path.exists():
            raise AgentError(f"there is no spool {self.path}")
        try:
            self._db = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, isolation_level=None)
            # A file may be here for texts that are not UTF-8: what is legible of them is shown.
            self._db.text_factory = lambda raw: raw.decode("utf-8", "replace")
            self._db.execute("BEGIN")
            self._db.execute("SELECT 1 FROM meta").fetchone()
        except sqlite3.Error as error:
            raise AgentError(f"the spool {self.path} cannot be read: {error}") from None
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def generation(self) -> str:
        return str(self._meta("generation"))

    def size_bytes(self) -> int:
        parts = (self.path, self.path.with_name(f"{self.path.name}-wal"))
        return sum(part.stat().st_size for part in parts if part.exists())

    def lanes(self) -> list[LaneContent]:
        found = []
        for lane in Lane:
            count, from_us, to_us = self._db.execute(
                "SELECT count(*), min(time_us), max(time_us) FROM result WHERE lane = ?", (int(lane),)
            ).fetchone()
            last = int(self._meta(_LAST[lane]))
            found.append(LaneContent(lane.name.lower(), count, last, from_us or 0, to_us or 0))
        return found

    def gaps(self) -> list[dict[str, Any]]:
        names = ("lane", "first_sequence", "last_sequence", "from_us", "to_us", "reason")
        rows = self._db.execute(f"SELECT {', '.join(names)} FROM gap ORDER BY 1, 2")
        return [dict(zip(names, (Lane(row[0]).name.lower(), *row[1:]), strict=True)) for row in rows]

    def checks(self) -> list[tuple[str, int]]:
        """How many results of each check wait, the most first."""
        return self._db.execute(
            "SELECT check_id, count(*) FROM result JOIN check_entry USING (idx) GROUP BY 1 ORDER BY 2 DESC, 1"
        ).fetchall()

    def results(self) -> Iterator[dict[str, Any]]:
        """All that wait, as plain values; ends early, saying why in ``damage``, where the file does.

        Page by page, each as of its own moment: a slow reader keeps no transaction open, behind which
        the agent's log of writes would grow without bound. The one view ends here.
        """
        ends = [(lane, self._end(lane)) for lane in Lane]
        self._db.execute("COMMIT")
        for lane, end in ends:
            after = 0
            while not self.damage and (page := self._page(lane, after, end)):
                after = page[-1]["sequence"]
                yield from page

    def _page(self, lane: Lane, after: int, end: int) -> list[dict[str, Any]]:
        """What is legible of it; ``damage`` says why not all is."""
        page: list[dict[str, Any]] = []
        try:
            for row in self._db.execute(_PAGE, (int(lane), after, end)):
                page.append(_plain(row))  # noqa: PERF401 - what came before the damage is kept
        except (sqlite3.Error, ValueError, TypeError) as error:
            self.damage = str(error)
        return page

    def _end(self, lane: Lane) -> int:
        """The last sequence given until now: an agent that goes on adding does not keep a reader for ever."""
        try:
            return int(self._meta(_LAST[lane]))
        except (sqlite3.Error, ValueError, TypeError, AgentError):
            return 2**62

    def _meta(self, name: str) -> Any:
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        if row is None:
            raise AgentError(f"the spool {self.path} is of another version or damaged: it has no {name}")
        return row[0]


def _plain(row: Any) -> dict[str, Any]:
    lane, sequence, check_id, definition, time_us, status, latency_us, text, metrics = row
    return {
        "lane": Lane(lane).name.lower(),
        "sequence": sequence,
        "check_id": check_id,
        "kind": _kind(definition),
        "time_us": time_us,
        "status": Status(status).word,
        "latency_us": latency_us,
        "text": text or "",
        "metrics": json.loads(metrics) if metrics else {},
    }


def _kind(definition: str | None) -> str | None:
    try:
        return str(json.loads(definition or "")["kind"])
    except (ValueError, KeyError, TypeError):
        return None
