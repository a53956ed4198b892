"""Collectors watch one another: by their signs of life in the store that they share, or by an address.

One that falls silent is an alert of the platform, opened once for each silence and ended when it is heard of
again. How long it has been silent is counted by the clock of whoever watches, so clocks need not agree.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx2

from tenantwatch_collector.background import end
from tenantwatch_collector.store.base import PLATFORM_KEY, AlertRecord, Store, StoreUnavailable

COLLECTOR_SILENT = "collector_silent:"
PATIENCE_INTERVALS = 4
_TIMEOUT_SECONDS = 10.0
_GIVEN_UP_US = 7 * 86_400_000_000

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Seen:
    """The newest sign of life, when it was first seen, and whether its silence is known as over."""

    beat: int
    at: float
    is_settled: bool = False


@dataclass(frozen=True, slots=True)
class Whoami:
    """What the others call this collector, and how often it gives a sign of life."""

    collector_id: str
    interval_seconds: float


class Peers:
    """``addresses``: of collectors that share no store with this one, by name."""

    def __init__(
        self,
        store: Store,
        whoami: Whoami,
        addresses: Mapping[str, str],
        commanded: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._collector_id, self._interval_seconds = whoami.collector_id, whoami.interval_seconds
        self._addresses = dict(addresses)
        self._commanded = commanded
        self._clock = clock
        self._seen: dict[str, _Seen] = {}
        self._answers: dict[str, int] = {}
        self._failing = False
        self._client = httpx2.AsyncClient(timeout=_TIMEOUT_SECONDS, follow_redirects=False)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="peers")

    async def stop(self) -> None:
        """Nobody is to miss us; safe to call twice."""
        if self._task is not None:
            await end(self._task)
            self._task = None
            if not self._store.serves_one_collector:
                try:
                    await self._store.end_beats(self._collector_id)
                except StoreUnavailable as error:
                    log.warning("the others will miss this collector: %s", error)
        await self._client.aclose()

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
                self._failing = False
            except StoreUnavailable as error:
                if not self._failing:
                    log.error("the other collectors are not watched: %s", error)
                self._failing = True
            except Exception:
                log.exception("the other collectors are not watched, it failed in a way nobody foresaw")
            await asyncio.sleep(self._interval_seconds)

    async def look(self) -> None:
        """Give a sign of life, and judge those of the others."""
        if not self._store.serves_one_collector:
            beats = await self._others(time.time_ns() // 1000)
            self._forget(beats)
            for collector_id, beat in beats.items():
                await self._judge(collector_id, beat)
        if self._addresses:
            await asyncio.gather(*(self._ask(name, url) for name, url in self._addresses.items()))
            for name in self._addresses:
                await self._judge(name, self._answers.get(name, 0))

    async def _others(self, now_us: int) -> Mapping[str, int]:
        """Our sign of life given, those of the others; one that died long ago is no collector any more."""
        await self._store.beat(self._collector_id, now_us)
        found = {}
        for one in await self._store.collector_beats():
            if one.beat_at_us < now_us - _GIVEN_UP_US:
                await self._store.end_beats(one.collector_id)
            elif one.collector_id != self._collector_id:
                found[one.collector_id] = one.beat
        return found

    def _forget(self, beats: Mapping[str, int]) -> None:
        """Those that ended as they should."""
        for name in [n for n in self._seen if n not in beats and n not in self._addresses]:
            del self._seen[name]

    async def _ask(self, name: str, url: str) -> None:
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                answer = await self._client.get(url)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError):
            return
        if answer.is_success:
            self._answers[name] = self._answers.get(name, 0) + 1

    async def _judge(self, name: str, beat: int) -> None:
        now, seen = self._clock(), self._seen.get(name)
        if seen is None:
            # An alert of an earlier life may be open: it ends with the next beat.
            self._seen[name] = _Seen(beat, now)
        elif beat != seen.beat:
            seen.beat, seen.at = beat, now
            if not seen.is_settled:
                await self._end(name)
                seen.is_settled = True
        elif now - seen.at >= PATIENCE_INTERVALS * self._interval_seconds:
            await self._open(name)
            seen.is_settled = False
            # Once for each silence, also when somebody resolves the alert meanwhile.
            seen.at = float("inf")

    async def _open(self, name: str) -> None:
        known = await self._alert(name)
        if known is not None and known.status != "resolved":
            return
        silence = PATIENCE_INTERVALS * self._interval_seconds
        detail = {
            "alert_type": COLLECTOR_SILENT + name,
            "alert_name": f"the collector {name} is silent",
            "description": f"The collector {name} has given no sign of life for {silence:g} s,"
            f" says {self._collector_id}. What its agents see is not judged unless another takes them over.",
            "severity": "critical",
            "source_service": "tenantwatch",
            "alert_data": {"collector": name, "seen_by": self._collector_id},
        }
        log.error("%s", detail["description"])
        await self._store.report_alert(PLATFORM_KEY, self._collector_id, "", json.dumps(detail))
        self._commanded()

    async def _end(self, name: str) -> None:
        known = await self._alert(name)
        if known is not None and known.status != "resolved":
            notes = "it is heard of again"
            await self._store.command_alert(known.alert_id, None, "resolve", self._collector_id, notes)
            self._commanded()

    async def _alert(self, name: str) -> AlertRecord | None:
        return await self._store.newest_alert(PLATFORM_KEY, COLLECTOR_SILENT + name)
