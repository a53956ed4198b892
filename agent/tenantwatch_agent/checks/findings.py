"""How a look that sees many things becomes one outcome: limits, and the worst of what was found."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from tenantwatch_wire.limits import MAX_ID_LENGTH, MAX_METRICS_PER_RESULT
from tenantwatch_wire.records import Status

from tenantwatch_agent.checks.base import Latency, Outcome, OwnTime, demand_order
from tenantwatch_agent.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Limit:
    """What is above ``degraded`` or ``unhealthy`` is so; None is no limit. ``what`` names the figure."""

    what: str
    unit: str
    degraded: float | None
    unhealthy: float | None

    @classmethod
    def read(cls, settings: Any, name: str, unit: str, what: str = "") -> Limit:
        """From the keys ``NAME_degraded_UNIT`` and ``NAME_unhealthy_UNIT``. Raises ConfigurationError."""
        bounds: list[float | None] = []
        keys = [f"{name}_{word}_{unit}" if unit else f"{name}_{word}" for word in ("degraded", "unhealthy")]
        for key in keys:
            bound = getattr(settings, key)
            highest = 100.0 if unit == "percent" else math.inf
            if bound is not None and not (0 <= bound <= highest and bound < math.inf):
                allowed = "0 to 100" if unit == "percent" else "0 or more"
                raise ConfigurationError(f"{key} must be {allowed}, not {bound:g}")
            bounds.append(bound)
        defaults = {one.name: one.default for one in fields(settings)}
        if bounds[0] != defaults[keys[0]]:
            # Who lowers the upper limit alone means it: no lower one was asked for.
            demand_order(keys[0], bounds[0], keys[1], bounds[1])
        shown = {"percent": " %", "seconds": " s", "milliseconds": " ms"}.get(unit, unit and f" {unit}")
        return cls(what or name.replace("_", " "), shown, *bounds)

    def judge(self, value: float) -> tuple[Status, str]:
        """The status that this figure alone gives, with a text that names the limit."""
        for status, bound in ((Status.UNHEALTHY, self.unhealthy), (Status.DEGRADED, self.degraded)):
            if bound is not None and value > bound:
                return status, f"{self.what} {value:.4g}{self.unit}, more than {bound:g}{self.unit}"
        return Status.HEALTHY, ""


class Findings:
    """Collects what is wrong; the outcome is the worst of it, and its text tells the worst first."""

    def __init__(self) -> None:
        self._found: list[tuple[Status, str, bool]] = []

    def add(self, status: Status, text: str, by_latency: bool = False) -> None:
        if status is not Status.HEALTHY:
            self._found.append((status, text, by_latency))

    def judge(self, limit: Limit | Latency, value: float) -> None:
        """Add what the limit says of the value; a Latency takes microseconds."""
        if isinstance(limit, Latency):
            self.add(*limit.judge(int(value)), by_latency=True)
        else:
            self.add(*limit.judge(value))

    @property
    def status(self) -> Status:
        return max((status for status, *_ in self._found), default=Status.HEALTHY)

    def outcome(
        self, healthy_text: str, latency_us: int | None = None, metrics: Mapping[str, float] | None = None
    ) -> Outcome:
        """All of it as one; a look that found nothing is healthy and says ``healthy_text``."""
        worst_first = sorted(self._found, key=lambda one: -one[0])
        text = "; ".join(text for _, text, _ in worst_first) or healthy_text
        worst = [by_latency for status, _, by_latency in self._found if status is self.status]
        return Outcome(self.status, text, latency_us, metrics or {}, by_latency=bool(worst) and all(worst))


class Metrics(dict[str, float]):
    """Named figures; those that the wire would refuse stay out."""

    def put(self, name: str, value: float | int | None) -> None:
        name = "".join(c if c.isprintable() else "_" for c in name[:MAX_ID_LENGTH])
        if not name or value is None or not math.isfinite(value):
            return
        if len(self) < MAX_METRICS_PER_RESULT or name in self:
            self[name] = value if isinstance(value, OwnTime) else float(value)


def since_us(started: float) -> int:
    """Microseconds since a ``time.perf_counter()``."""
    return round((time.perf_counter() - started) * 1_000_000)
