"""The period that a report's type and label name, in the local time of its terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from tenantwatch_collector.errors import RefusedForEver
from tenantwatch_collector.reports.difference import Difference, first_difference
from tenantwatch_collector.reports.naming import NamedPeriod, named_period, read_label
from tenantwatch_collector.reports.subject import utc
from tenantwatch_collector.sla.local_time import LocalTime
from tenantwatch_collector.sla.parts import Version

UTC_DAYS = LocalTime([(0, ZoneInfo("UTC"))])
"""Those of a platform's report."""


def local_time_of(versions: Sequence[Version]) -> LocalTime:
    """To the second from which on a zone is in force; versions are in order of beginning."""
    zones = [(-(-v.in_force_from // v.terms.units_per_second), ZoneInfo(str(v.terms.zone))) for v in versions]
    return LocalTime(zones)


def same_period(document: Mapping[str, Any], local: LocalTime, as_of: int) -> NamedPeriod:
    """The period (``as_of`` in seconds). Raises Difference where the report tells another one."""
    told = document["report_period"]
    try:
        named = _named(told["type"], told["label"], local, as_of)
    except RefusedForEver as error:
        raise Difference(f"report_period.label: {error}") from error
    found = {
        "type": named.period_type,
        "label": named.label,
        "timezone": str(named.zone),
        "start": utc(named.period.start),
        "end": utc(named.period.end),
    }
    difference = first_difference(told, found, "report_period")
    if difference:
        raise Difference(difference)
    return named


def _named(period_type: Any, label: str, local: LocalTime, as_of: int) -> NamedPeriod:
    if period_type == "rolling":
        days = label.removesuffix("d")
        return named_period("rolling", None, int(days) if days.isdecimal() else 0, local, as_of)
    kind, day = read_label(label)
    return named_period(kind, day, 0, local, as_of)
