"""Rounds on schedule: every tenant is looked at now and then, whatever its agents' own schedules are."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from tenantwatch_collector.access.permissions import Role, granted
from tenantwatch_collector.api.looks import NewHealthCheck, Round
from tenantwatch_collector.background import end
from tenantwatch_collector.errors import CollectorError
from tenantwatch_collector.identity import Caller, Origin
from tenantwatch_collector.vitals import Vitals

_SUBJECT = "tenantwatch:rounds"

log = logging.getLogger(__name__)


class Rounds:
    """``look`` at all each ``every_seconds``, never where that is 0; tells the log and ``/metrics``."""

    def __init__(
        self,
        look: Callable[[Caller, NewHealthCheck], Awaitable[Round]],
        every_seconds: float,
        vitals: Vitals,
    ) -> None:
        self._look = look
        self._every_seconds = every_seconds
        self._vitals = vitals
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self._every_seconds:
            self._task = asyncio.create_task(self._run(), name="rounds")

    async def stop(self) -> None:
        """No round after this; one that is under way is given up. Safe to call twice."""
        await end(self._task)
        self._task = None

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every_seconds)
            try:
                self._tell(await self._look(_caller(), NewHealthCheck()))
            except CollectorError as error:
                log.warning("this round is left out: %s", error)

    def _tell(self, seen: Round) -> None:
        counts = {
            "healthy": seen.healthy,
            "degraded": seen.degraded,
            "unhealthy": seen.unhealthy,
            "unknown": seen.unknown,
            "not_checked": len(seen.not_checked),
        }
        for outcome, count in counts.items():
            self._vitals.round.labels(outcome).set(count)
        told = ", ".join(f"{count} {outcome.replace('_', ' ')}" for outcome, count in counts.items())
        log.info("round: %s checked: %s", seen.total_checked, told)


def _caller() -> Caller:
    """The schedule itself: an operator of the platform, by this name in the audit log."""
    roles = frozenset({Role.OPERATOR})
    return Caller(_SUBJECT, roles, granted(roles), None, origin=Origin("local"))
