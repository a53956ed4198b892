"""The rules that are in force unless somebody says otherwise: their names, and those on metrics."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from tenantwatch_collector.alerts.condition import Condition, CustomRule
from tenantwatch_collector.alerts.rule import Severity

CHECK, TENANT_DOWN, NO_DATA, AGENT_SILENT = "check", "tenant_down", "no_data", "agent_silent"
SLA_VIOLATION, BURN_RATE, ANOMALY = "sla_violation", "burn_rate", "anomaly"
CERTIFICATE, RESOURCES, FLAPPING = "certificate", "resources", "flapping"
PREFIX = "builtin-"


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """One rule by the name that configuration knows it by; ``rules`` are those on a metric."""

    name: str
    fires: str
    severity: str
    rules: tuple[CustomRule, ...] = ()


def _rule(name: str, metric: str, condition: Condition, threshold: float, severity: Severity) -> CustomRule:
    return CustomRule(PREFIX + name, metric, condition, threshold, severity)


def _resource(name: str, metric: str, threshold: float, severity: Severity, seconds: int) -> CustomRule:
    """A part of the alert that the agent's own limits raise, so that one trouble is one message."""
    return CustomRule(
        PREFIX + name, metric, Condition.GREATER_OR_EQUAL, threshold, severity,
        for_seconds=seconds, shared_type="host_resources",
    )  # fmt: skip


_LESS = Condition.LESS_THAN
_WARNING, _ERROR = Severity.WARNING, Severity.ERROR

BUILT_IN = (
    BuiltIn(CHECK, "a check is confirmed degraded or unhealthy", "warning, error"),
    BuiltIn(FLAPPING, "it comes and goes too often: told once, then nothing until it is calm", "its own"),
    BuiltIn(TENANT_DOWN, "a critical group of the tenant is unhealthy", "critical"),
    BuiltIn(NO_DATA, "a check is heard of no more, though its agent is", "warning"),
    BuiltIn(AGENT_SILENT, "nothing at all is heard of an agent any more", "warning"),
    BuiltIn(SLA_VIOLATION, "the running month misses its service level", "error"),
    BuiltIn(BURN_RATE, "the error budget burns too fast", "critical, warning"),
    BuiltIn(
        CERTIFICATE, "a certificate ends within 14 days, within 3 days", "warning, error",
        (
            _rule("certificate", "certificate_days_left", _LESS, 14, _WARNING),
            _rule("certificate-soon", "certificate_days_left", _LESS, 3, _ERROR),
        ),
    ),
    BuiltIn(
        RESOURCES, "processor, memory or disk are nearly used up, for that long", "warning, error",
        (
            _resource("cpu", "cpu_percent", 95, _WARNING, 900),
            _resource("memory", "memory_percent", 95, _WARNING, 300),
            _resource("memory-full", "memory_percent", 98, _ERROR, 300),
            _resource("disk", "disk_percent", 90, _WARNING, 300),
            _resource("disk-full", "disk_percent", 97, _ERROR, 300),
        ),
    ),
    BuiltIn(ANOMALY, "a check takes far longer than it usually does at this hour", "info"),
)  # fmt: skip

NAMES = tuple(each.name for each in BUILT_IN)
ON_METRICS = {rule.rule_id: rule for each in BUILT_IN for rule in each.rules}


def in_force(stored: Iterable[CustomRule], off: Collection[str] = ()) -> list[CustomRule]:
    """The rules on metrics: those kept, and the built-in ones that none of them stands in place of."""
    shipped = {rule.rule_id: rule for each in BUILT_IN if each.name not in off for rule in each.rules}
    return [rule for rule in (shipped | {one.rule_id: one for one in stored}).values() if rule.enabled]
