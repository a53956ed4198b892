"""Late facts: what became known of a time for which reports may have been issued already, each told once.

Results that came late are found in the sums of them, corrections by their approval, and changes by when they
became known: a late result may move one that is dated earlier, even before a midnight. How far all three were
read is noted in the store, so what became known while nobody looked is found later.
"""

from __future__ import annotations

from tenantwatch_collector.reports.agreements import UNITS
from tenantwatch_collector.sla.periods import FINAL_AFTER_SECONDS
from tenantwatch_collector.store.base import LateFact, Store

_NOTED_EVERY_US = 3_600 * UNITS
_WRITTEN_BY_US = UNITS
"""Whoever dates what he writes has written it by then."""


class LateFacts:
    """``begin`` first, at every start; ``note`` once all that was told is heeded."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._noted_us = self._rolled_up_us = self._approved_us = self._changed_us = 0

    async def begin(self) -> None:
        """Go on from what was noted."""
        self._noted_us = await self._store.issuing_state()
        self.again()

    def again(self) -> None:
        """What was told since the last note is told once more."""
        self._rolled_up_us = self._approved_us = self._changed_us = self._noted_us

    async def tell(self, now_us: int) -> list[LateFact]:
        """What became known since the last time."""
        rolled_up_us, approved_us = await self._rolled_up_until(now_us), now_us - _WRITTEN_BY_US
        found = [
            *await self._store.late_results(self._rolled_up_us, rolled_up_us),
            *await self._store.approved_corrections(self._approved_us, approved_us),
            *await self._changes(now_us),
        ]
        self._rolled_up_us = max(self._rolled_up_us, rolled_up_us)
        self._approved_us = max(self._approved_us, approved_us)
        return found

    async def _changes(self, now_us: int) -> list[LateFact]:
        """At the first start of all there is nothing that could have changed."""
        if not self._changed_us:
            self._changed_us = now_us - _WRITTEN_BY_US
            return []
        recent_us = now_us - FINAL_AFTER_SECONDS * UNITS
        changed = await self._store.changed_since(self._changed_us)
        self._changed_us = max([self._changed_us, *(known_us for *_, known_us in changed)])
        return [LateFact(key, at_us, at_us + 1) for key, at_us, _ in changed if at_us < recent_us]

    async def _rolled_up_until(self, now_us: int) -> int:
        """Up to when all that was received is in the rollups."""
        state = await self._store.rollup_state()
        following = await self._store.touched_after(state.cursor, 1)
        return min([now_us - _WRITTEN_BY_US, *(touch.received_at_us - 1 for touch in following)])

    async def note(self, at_once: bool) -> None:
        """Keep how far it has come: ``at_once``, or now and then."""
        read_us = min(self._rolled_up_us, self._approved_us, self._changed_us)
        if read_us > self._noted_us and (at_once or read_us - self._noted_us >= _NOTED_EVERY_US):
            await self._store.note_issuing(read_us)
            self._noted_us = read_us
