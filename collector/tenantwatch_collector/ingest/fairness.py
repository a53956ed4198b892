"""What a tenant may take of what all share: room for waiting results, a place in each commit, and a rate."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tenantwatch_collector.store.base import Delivery

ENTRY_BYTES = 1_000
"""What a delivery takes beside its payload: gap reports and other small ones are bounded too."""

Waiting = tuple[Delivery, asyncio.Future[None]]


@dataclass(slots=True)
class FairQueue:
    """Deliveries that wait for a commit. Each tenant has its own line; commits take from all in turn."""

    max_bytes: int
    size_bytes: int = 0
    _lines: OrderedDict[int, deque[Waiting]] = field(default_factory=OrderedDict)
    _held_bytes: dict[int, int] = field(default_factory=dict)
    """What each tenant has here, also while a commit is under way."""

    def __bool__(self) -> bool:
        return bool(self._lines)

    def has_room(self, delivery: Delivery) -> bool:
        """Whether it may come in: each tenant has a share, and one is always left for a newcomer."""
        if self.size_bytes >= self.max_bytes:
            return False
        held = self._held_bytes.get(delivery.last.tenant_key)
        return held is None or held + _cost(delivery) <= self.max_bytes // (len(self._held_bytes) + 1)

    def put(self, delivery: Delivery, done: asyncio.Future[None]) -> None:
        tenant_key = delivery.last.tenant_key
        self._lines.setdefault(tenant_key, deque()).append((delivery, done))
        self._held_bytes[tenant_key] = self._held_bytes.get(tenant_key, 0) + _cost(delivery)
        self.size_bytes += _cost(delivery)

    def take(self, max_results: int) -> list[Waiting]:
        """At least one, and not many more results than that: a delivery of each tenant, again and again.

        What is taken is held until it is ``released``.
        """
        group: list[Waiting] = []
        results = 0
        while self._lines and (not group or results < max_results):
            tenant_key, line = next(iter(self._lines.items()))
            group.append(line.popleft())
            results += len(group[-1][0])
            if line:
                self._lines.move_to_end(tenant_key)
            else:
                del self._lines[tenant_key]
        return group

    def release(self, group: list[Waiting]) -> None:
        """What was taken is done with."""
        for delivery, _ in group:
            tenant_key = delivery.last.tenant_key
            self.size_bytes -= _cost(delivery)
            self._held_bytes[tenant_key] -= _cost(delivery)
            if not self._held_bytes[tenant_key]:
                del self._held_bytes[tenant_key]


def _cost(delivery: Delivery) -> int:
    return delivery.size_bytes + ENTRY_BYTES


class TenantRates:
    """A token bucket for each tenant: a second's worth may come at once, beyond it the rate holds."""

    def __init__(self, results_per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = results_per_second
        self._clock = clock
        self._free_at: dict[int, float] = {}

    def take(self, tenant_key: int, results: int) -> float:
        """Count the results; returns the seconds to wait before more may come, 0 within the rate."""
        now = self._clock()
        free_at = max(self._free_at.get(tenant_key, 0.0), now - 1.0) + results / self._rate
        self._free_at[tenant_key] = free_at
        return max(0.0, free_at - now)
