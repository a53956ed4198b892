"""The dead man's switch: tells an outside address that this collector works, for as long as it does.

Whoever listens there pages when the beats stay away. A beat is sent only when every engine has finished
a whole pass since the last one: a collector that still breathes but judges or tells nothing is silent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Annotated, ClassVar

import httpx2
from pydantic import Field

from tenantwatch_collector import __version__
from tenantwatch_collector.background import end
from tenantwatch_collector.notify.settings import SecretHttpUrl
from tenantwatch_collector.settings import Section, revealed
from tenantwatch_collector.signal import Signal
from tenantwatch_collector.vitals import Vitals

_TIMEOUT_SECONDS = 10.0

log = logging.getLogger(__name__)


class HeartbeatSection(Section):
    """An address of a service that pages when it is not asked for in time."""

    secrets: ClassVar[tuple[str, ...]] = ("url",)
    url: SecretHttpUrl
    interval_seconds: Annotated[float, Field(ge=15, le=3600)] = 60


class Heartbeat:
    """``passes``: each engine's signal, fired whenever it has done all there was to do."""

    def __init__(
        self,
        section: HeartbeatSection,
        passes: Mapping[str, Signal],
        vitals: Vitals,
        patience_seconds: float = 60,
    ) -> None:
        self._url = revealed(section.url)
        self._interval_seconds = section.interval_seconds
        self._passes = passes
        self._vitals = vitals
        self._patience_seconds = patience_seconds
        self._failing = False
        self._client = httpx2.AsyncClient(
            timeout=_TIMEOUT_SECONDS, headers={"User-Agent": f"tenantwatch/{__version__}"}
        )
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="heartbeat")

    async def stop(self) -> None:
        """No beat after this; safe to call twice."""
        await end(self._task)
        self._task = None
        await self._client.aclose()

    async def _run(self) -> None:
        while True:
            seen = {name: signal.count for name, signal in self._passes.items()}
            await asyncio.sleep(self._interval_seconds)
            for name, signal in self._passes.items():
                await self._pass_of(name, signal, seen[name])
            await self._beat()

    async def _pass_of(self, name: str, signal: Signal, seen: int) -> None:
        if await signal.wait_beyond(seen, self._patience_seconds) > seen:
            return
        log.error("no heartbeat is sent: the %s has not finished a pass", name)
        await signal.wait_beyond(seen)
        log.warning("the %s works again", name)

    async def _beat(self) -> None:
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                answer = await self._client.get(self._url)
            failure = "" if answer.is_success else f"answered {answer.status_code}"
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError) as error:
            # No more than its kind: the address is a secret.
            failure = type(error).__name__
        self._vitals.heartbeats.labels("failed" if failure else "sent").inc()
        if failure and not self._failing:
            log.error("the heartbeat does not arrive: %s", failure)
        elif self._failing and not failure:
            log.warning("the heartbeat arrives again")
        self._failing = bool(failure)
