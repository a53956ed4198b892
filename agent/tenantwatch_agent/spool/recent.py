"""The newest results of the live lane in memory as well: what is sent at once is not read from the disk."""

from __future__ import annotations

from collections import deque

from tenantwatch_agent.spool.records import Spooled

MAX_RECENT = 64


class Recent:
    """Of one file; without a hole, up to the last that was given."""

    def __init__(self) -> None:
        self._results: deque[Spooled] = deque(maxlen=MAX_RECENT)

    def add(self, one: Spooled) -> None:
        """That is on disk by now."""
        if self._results and self._results[-1].sequence != one.sequence - 1:
            self._results.clear()
        self._results.append(one)

    def forget(self, sequence: int) -> None:
        """Those up to there are no longer on disk."""
        while self._results and self._results[0].sequence <= sequence:
            self._results.popleft()

    def clear(self) -> None:
        self._results.clear()

    def read(self, after: int, limit: int, max_bytes: int) -> list[Spooled]:
        """As the disk would answer; nothing where only the disk knows what follows."""
        found: list[Spooled] = []
        if not self._results or self._results[0].sequence > after + 1:
            return found
        for one in self._results:
            if one.sequence <= after:
                continue
            max_bytes -= one.size
            if len(found) >= limit or (found and max_bytes < 0):
                break
            found.append(one)
        return found
