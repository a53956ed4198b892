"""The file in use; one that is found damaged makes way for a new one."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tenantwatch_wire.records import CheckDefinition, Lane

from tenantwatch_agent.errors import AgentError
from tenantwatch_agent.spool.damage import READ_FAILURES, REASON, is_damage, set_aside
from tenantwatch_agent.spool.entries import Entries
from tenantwatch_agent.spool.file import OpenFile, cannot_be_opened, open_or_begin
from tenantwatch_agent.spool.memory import Waiting
from tenantwatch_agent.spool.pace import Pace
from tenantwatch_agent.spool.recent import Recent
from tenantwatch_agent.spool.records import Loss

log = logging.getLogger(__name__)


class CurrentFile:
    """What goes with a file goes with it: the entries of its checks, its pace, whether it is being sent."""

    def __init__(self, path: Path, file: OpenFile, waiting: Waiting, clock: Callable[[], float]) -> None:
        self._path = path
        self._waiting = waiting
        self.clock = clock
        self._is_closed = False
        self.damages = 0
        self.lost = 0
        """Results that went with damaged files."""
        self._use(file, Entries(file.db))

    def _use(self, file: OpenFile, entries: Entries) -> None:
        self.file, self.entries = file, entries
        self.pace = Pace(self.clock, file.count[Lane.LIVE])
        self.recent = Recent()
        self._is_closed = False

    async def close(self) -> None:
        """Once or more often."""
        if not self._is_closed:
            self._is_closed = True
            await self.file.close()

    def refusal(self, error: Exception) -> AgentError:
        return cannot_be_opened(self._path, error)

    async def recover(self, error: Exception) -> bool:
        """True if it was damage and a new file has begun; what the old one held waits to become a gap."""
        if not is_damage(error):
            return False
        if not self._is_closed:
            await self._give_up(error)
        # Otherwise a new one could not be begun last time: there is nothing to set aside.
        checks = self.entries.definitions()
        try:
            file, _ = await open_or_begin(self._path)
            entries = await _with_entries(file, checks)
        except (AgentError, *READ_FAILURES) as failure:
            log.error("no new spool yet: %s", failure)
            return False
        self._use(file, entries)
        return True

    async def _give_up(self, error: Exception) -> None:
        file = self.file
        await self.close()
        set_aside(self._path, error)
        self.damages += 1
        # We counted them ourselves: that is more certain than what a damaged file tells.
        if file.total:
            now_us = time.time_ns() // 1000
            self._waiting.lose(Loss(file.total, min(file.oldest_us, now_us), now_us, REASON))
            self.lost += file.total
        file.count = dict.fromkeys(Lane, 0)


async def _with_entries(file: OpenFile, checks: Sequence[CheckDefinition]) -> Entries:
    """Without them nothing could be written: where that fails there is no new file yet."""
    entries = Entries(file.db)
    try:
        await entries.register(checks)
    except BaseException:
        await file.close()
        raise
    return entries
