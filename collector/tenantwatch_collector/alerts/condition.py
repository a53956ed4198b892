"""What a custom rule asks of a metric's values, and which of them it is about."""

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

RULE_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_MAX_SECONDS = 7 * 86_400
_MAX_THRESHOLD = 1000

Values = npt.NDArray[np.float64]


class Condition(StrEnum):
    GREATER_THAN = "greater_than"
    GREATER_OR_EQUAL = "greater_or_equal"
    LESS_THAN = "less_than"
    LESS_OR_EQUAL = "less_or_equal"
    EQUALS = "equals"
    NOT_EQUALS = "not_equals"


_HOLDS: dict[Condition, Callable[[Values, float], npt.NDArray[np.bool_]]] = {
    Condition.GREATER_THAN: np.greater,
    Condition.GREATER_OR_EQUAL: np.greater_equal,
    Condition.LESS_THAN: np.less,
    Condition.LESS_OR_EQUAL: np.less_equal,
    Condition.EQUALS: np.equal,
    Condition.NOT_EQUALS: np.not_equal,
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

    def definition(self) -> str:
        """All but whose rule it is, as JSON."""
        return json.dumps({k: v for k, v in asdict(self).items() if k not in ("rule_id", "tenant", "tier")})

    @classmethod
    def defined(cls, rule_id: str, tenant: str | None, tier: str | None, definition: str) -> CustomRule:
        """The rule that ``definition`` was called on. Raises ValueError or TypeError if it is none."""
        raw = json.loads(definition)
        typed = {"condition": Condition(raw["condition"]), "severity": Severity(raw["severity"])}
        return cls(rule_id=rule_id, tenant=tenant, tier=tier, **{**raw, **typed})

    def holds(self, values: Values) -> npt.NDArray[np.bool_]:
        """Which of the values are as they should not be. Not a number is never."""
        return _HOLDS[self.condition](values, self.threshold) & ~np.isnan(values)

    def is_for(self, tenant: str, tier: str) -> bool:
        return self.tenant in (None, tenant) and self.tier in (None, tier)

    @property
    def name(self) -> str:
        """What people call the trouble."""
        return f"{self.metric} {self.condition.value.replace('_', ' ')} {self.threshold:g}"

    def of(self, tenant: str, member: str, ticks_per_second: int) -> Rule:
        """The rule of the machine for one check: all checks of a tenant share the metric's alert."""
        return Rule(
            f"{self.rule_id}:{member}",
            tenant,
            self.metric,
            self.severity,
            self.failure_threshold,
            self.success_threshold,
            self.for_seconds * ticks_per_second,
            self.keep_firing_seconds * ticks_per_second,
        )
