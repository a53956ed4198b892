"""The phases of one look: which it is, and how long those before took."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from tenantwatch_agent.checks.findings import since_us


@dataclass(slots=True)
class Phases:
    """``enter`` begins the next phase; ``took_us`` holds those that ended."""

    now: str = "connect"
    took_us: dict[str, int] = field(default_factory=dict)
    _began: float = field(default_factory=time.perf_counter)

    def enter(self, name: str) -> None:
        if name == self.now:
            return
        self.took_us[self.now] = self.took_us.get(self.now, 0) + since_us(self._began)
        self.now, self._began = name, time.perf_counter()

    @property
    def total_us(self) -> int:
        return sum(self.took_us.values())
