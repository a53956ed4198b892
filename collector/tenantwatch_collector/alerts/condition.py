"""What a rule on a metric asks of its values, and which of them it is about."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from tenantwatch_collector.alerts.rule import Rule, Severity
from tenantwatch_collector.alerts.window import Aggregation

RULE_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
LATENCY = "latency_ms"
"""Stands among the metrics for how long a look took."""
_MAX_SECONDS = 7 * 86_400
MAX_WINDOW_SECONDS = 86_400
_MAX_THRESHOLD = 1000

Values = npt.NDArray[np.float64]


class Condition(StrEnum):
    GREATER_THAN = "greater_than"
    GREATER_OR_EQUAL = "greater_or_equal"
    LESS_THAN = "less_than"
    LESS_OR_EQUAL = "less_or_equal"
    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    ABSENT = "absent"
    CHANGES_BY_PERCENT = "changes_by_percent"


_HOLDS: dict[Condition, Callable[[Values, float], npt.NDArray[np.bool_]]] = {
    Condition.GREATER_THAN: np.greater,
    Condition.GREATER_OR_EQUAL: np.greater_equal,
    Condition.LESS_THAN: np.less,
    Condition.LESS_OR_EQUAL: np.less_equal,
    Condition.EQUALS: np.equal,
    Condition.NOT_EQUALS: np.not_equal,
    # Of a change, which is given in percent, up or down.
    Condition.CHANGES_BY_PERCENT: lambda values, threshold: np.greater_equal(np.abs(values), threshold),
}


@dataclass(frozen=True, slots=True)
class CustomRule:
    """One condition on one metric, of one tenant, of all tenants of a tier, or of everybody."""

    rule_id: str
    metric: str
    condition: Condition
    threshold: float
    severity: Severity
    tenant: str | None = None
    tier: str | None = None
    for_seconds: int = 0
    keep_firing_seconds: int = 0
    failure_threshold: int = 1
    success_threshold: int = 1
    window_seconds: int = 0
    """What is judged is the aggregation of that long, not each value; of ``absent`` the time without any."""
    aggregation: Aggregation | None = None
    enabled: bool = True
    shared_type: str = ""
    """Whose alert it is a part of; its metric's own if empty."""

    def __post_init__(self) -> None:
        """Raises ValueError that says what is wrong."""
        if not RULE_ID.fullmatch(self.rule_id):
            raise ValueError("rule_id: write 1 to 63 lower-case letters, digits and hyphens, as in cpu-high")
        if not 0 < len(self.metric) <= 200:
            raise ValueError("metric: write the name of a metric")
        if not math.isfinite(self.threshold):
            raise ValueError("threshold: write a number")
        if self.tenant is not None and self.tier is not None:
            raise ValueError("give tenant or tier, not both")
        for name, seconds in (("for", self.for_seconds), ("keep_firing", self.keep_firing_seconds)):
            if not 0 <= seconds <= _MAX_SECONDS:
                raise ValueError(f"{name}_seconds: write 0 to {_MAX_SECONDS}")
        for name, count in (("failure", self.failure_threshold), ("success", self.success_threshold)):
            if not 1 <= count <= _MAX_THRESHOLD:
                raise ValueError(f"{name}_threshold: write 1 to {_MAX_THRESHOLD}")
        self._demand_fitting_window()

    def _demand_fitting_window(self) -> None:
        if not 0 <= self.window_seconds <= MAX_WINDOW_SECONDS:
            raise ValueError(f"window_seconds: write 0 to {MAX_WINDOW_SECONDS}")
        if self.condition is Condition.ABSENT:
            if self.window_seconds == 0:
                raise ValueError("window_seconds: write for how long no value means absent")
            if self.aggregation is not None or self.for_seconds or self.failure_threshold > 1:
                raise ValueError(
                    "absent: window_seconds alone says how long; leave out aggregation, for_seconds and"
                    " failure_threshold"
                )
        elif self.condition is Condition.CHANGES_BY_PERCENT and self.threshold <= 0:
            raise ValueError("threshold: write a percentage above 0")
        elif (self.aggregation is not None) and self.window_seconds == 0:
            raise ValueError("window_seconds: write over how long to aggregate")

    def definition(self) -> str:
        """All but whose rule it is, as JSON."""
        return json.dumps({k: v for k, v in asdict(self).items() if k not in ("rule_id", "tenant", "tier")})

    @classmethod
    def defined(cls, rule_id: str, tenant: str | None, tier: str | None, definition: str) -> CustomRule:
        """The rule that ``definition`` was called on. Raises ValueError or TypeError if it is none."""
        raw = json.loads(definition)
        typed = {"condition": Condition(raw["condition"]), "severity": Severity(raw["severity"])}
        if raw.get("aggregation") is not None:
            typed["aggregation"] = Aggregation(raw["aggregation"])
        return cls(rule_id=rule_id, tenant=tenant, tier=tier, **{**raw, **typed})

    def holds(self, values: Values) -> npt.NDArray[np.bool_]:
        """Which of the values are as they should not be. Not a number is never."""
        return _HOLDS[self.condition](values, self.threshold) & ~np.isnan(values)

    def is_for(self, tenant: str, tier: str) -> bool:
        return self.tenant in (None, tenant) and self.tier in (None, tier)

    @property
    def alert_type(self) -> str:
        return self.shared_type or self.metric

    @property
    def is_windowed(self) -> bool:
        """Whether a value alone does not decide, but those before it as well."""
        return self.condition is Condition.CHANGES_BY_PERCENT or (
            self.window_seconds > 0 and self.condition is not Condition.ABSENT
        )

    @property
    def name(self) -> str:
        """What people call the trouble."""
        if self.condition is Condition.ABSENT:
            return f"{self.metric} absent for {self.window_seconds} s"
        what = self.metric
        if self.window_seconds:
            what = f"{(self.aggregation or Aggregation.AVG).value} of {what} over {self.window_seconds} s"
        unit = " %" if self.condition is Condition.CHANGES_BY_PERCENT else ""
        condition = self.condition.value.removesuffix("_percent").replace("_", " ")
        return f"{what} {condition} {self.threshold:g}{unit}"

    def of(self, tenant: str, member: str, ticks_per_second: int) -> Rule:
        """The rule of the machine for one member: all checks of a tenant share the metric's alert."""
        return Rule(
            f"{self.rule_id}:{member}",
            tenant,
            self.alert_type,
            self.severity,
            self.failure_threshold,
            self.success_threshold,
            self.for_seconds * ticks_per_second,
            self.keep_firing_seconds * ticks_per_second,
        )
