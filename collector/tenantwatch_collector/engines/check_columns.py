"""What decides which results change nothing, as columns indexed by check_key."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from tenantwatch_wire.records import Status

from tenantwatch_collector.store.base import ResultColumns

NEVER = int(np.iinfo(np.int64).max)


@dataclass(slots=True)
class CheckColumns:
    """Of each check the newest result, until when healthy ones change nothing, and when it goes stale."""

    last_us: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    quiet_until_us: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    expiry_us: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def harmless(self, columns: ResultColumns) -> npt.NDArray[np.bool_]:
        """Which results are healthy, newer than the last one, and within what keeps their check fresh."""
        keys, times = columns.check_key, columns.time_us
        is_next = (times > self.last_us[keys]) & (times <= self.quiet_until_us[keys])
        found: npt.NDArray[np.bool_] = is_next & (columns.status == Status.HEALTHY)
        return found

    def pass_over(self, keys: npt.NDArray[np.int64], times: npt.NDArray[np.int64]) -> None:
        """Harmless results keep their checks fresh for longer, and do nothing else."""
        for_longer = self.quiet_until_us[keys] - self.last_us[keys]
        np.maximum.at(self.quiet_until_us, keys, times + for_longer)
        np.maximum.at(self.last_us, keys, times)
        self.expiry_us[keys] = self.quiet_until_us[keys]

    def put(self, key: int, expiry_us: int | None, is_quiet: bool) -> None:
        """When the check goes stale, if it can, and whether its healthy results change nothing until then."""
        self.expiry_us[key] = NEVER if expiry_us is None else expiry_us
        self.quiet_until_us[key] = expiry_us if is_quiet and expiry_us is not None else -1

    def stale_at(self, time_us: int) -> list[int]:
        """The keys of the checks whose last result spoke until before then."""
        found: list[int] = np.flatnonzero(self.expiry_us < time_us).tolist()
        return found

    def next_expiry_us(self) -> int:
        """When the next check goes stale; NEVER if none can."""
        return int(self.expiry_us.min()) if len(self.expiry_us) else NEVER

    def grow(self, size: int) -> None:
        """Have room for keys below that."""
        if size <= len(self.last_us):
            return
        more = max(size, 2 * len(self.last_us), 64) - len(self.last_us)
        self.last_us = np.concatenate([self.last_us, np.zeros(more, np.int64)])
        self.quiet_until_us = np.concatenate([self.quiet_until_us, np.full(more, -1, np.int64)])
        self.expiry_us = np.concatenate([self.expiry_us, np.full(more, NEVER, np.int64)])
