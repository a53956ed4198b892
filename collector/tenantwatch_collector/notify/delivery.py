"""All lanes together: one for each configured channel, so that none can hold up another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from tenantwatch_collector.notify.channels.base import Channel
from tenantwatch_collector.notify.lane import Lane, Ways
from tenantwatch_collector.notify.settings import NotifySection
from tenantwatch_collector.notify.templates import Templates
from tenantwatch_collector.signal import Signal
from tenantwatch_collector.store.base import Store, StoreUnavailable
from tenantwatch_collector.vitals import Vitals

_LOG_TIMEOUT_SECONDS, _LOG_PER_MINUTE = 1.0, 60_000

log = logging.getLogger(__name__)


class Notifier:
    """Delivers what the outbox holds. ``start`` once, ``stop`` as often as you like."""

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        settings: NotifySection,
        templates: Templates,
        owed: Signal,
        vitals: Vitals,
    ) -> None:
        self._store = store
        ways = Ways(store, templates, owed, vitals)
        limits = {s.channel: (s.timeout_seconds, s.max_per_minute) for s in settings.sections()}
        self._lanes = {
            name: Lane(ways, channel, *limits.get(name, (_LOG_TIMEOUT_SECONDS, _LOG_PER_MINUTE)))
            for name, channel in channels.items()
        }

    @property
    def passes(self) -> dict[str, Signal]:
        """Each lane's signal of progress."""
        return {f"lane of {name}": lane.passes for name, lane in self._lanes.items()}

    async def start(self) -> None:
        """Take up what is owed, also from an earlier life."""
        try:
            await self._store.sender_started(list(self._lanes))
        except StoreUnavailable as error:
            # What an earlier sender held is free when its lease ends.
            log.error("claims of an earlier sender are kept: %s", error)
        for lane in self._lanes.values():
            lane.start()

    async def stop(self, timeout_seconds: float = 5) -> None:
        """Let deliveries under way end within the time; the rest stays owed."""
        await asyncio.gather(*(lane.stop(timeout_seconds) for lane in self._lanes.values()))
