"""Periods and their names."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tenantwatch_collector.errors import RefusedForEver
from tenantwatch_collector.reports.naming import named_period, read_label
from tenantwatch_collector.sla.local_time import LocalTime

UTC = LocalTime([(0, ZoneInfo("UTC"))])
LATER = 1_800_000_000


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        ("daily", "2026-03-15"),
        ("weekly", "2026-W11"),
        ("monthly", "2026-03"),
        ("quarterly", "2026-Q1"),
        ("yearly", "2026"),
    ],
)
def test_a_label_names_its_period(kind: Any, label: str) -> None:
    named = named_period(kind, date(2026, 3, 15), 30, UTC, LATER)
    assert named.label == label
    found, day = read_label(label)
    assert (found, named_period(found, day, 30, UTC, LATER)) == (kind, named)


@pytest.mark.parametrize(
    "label", ["", "2026-13", "2026-W60", "2026-Q5", "26", "2026-03-15T00:00", "2026-02-30"]
)
def test_what_names_no_period_is_refused(label: str) -> None:
    with pytest.raises(RefusedForEver, match="names no period"):
        read_label(label)


def test_today_is_local_and_rolling_ends_at_the_instant() -> None:
    late = 1_772_406_000  # 2026-03-01 23:00 UTC
    assert (
        named_period("daily", None, 1, LocalTime([(0, ZoneInfo("Europe/Berlin"))]), late).label
        == "2026-03-02"
    )
    rolling = named_period("rolling", None, 7, UTC, late)
    assert (rolling.label, rolling.period.end - rolling.period.start) == ("7d", 7 * 86_400)


@pytest.mark.parametrize(
    ("kind", "day", "days"), [("daily", date(1999, 1, 1), 1), ("rolling", None, 0), ("hourly", None, 1)]
)
def test_what_lies_outside_is_refused(kind: Any, day: date | None, days: int) -> None:
    with pytest.raises(RefusedForEver):
        named_period(kind, day, days, UTC, 0)


def test_what_has_not_begun_has_no_report() -> None:
    march = 1_772_323_200
    assert named_period("monthly", date(2026, 3, 31), 1, UTC, march).label == "2026-03"
    with pytest.raises(RefusedForEver, match="2026-03 has not begun yet"):
        named_period("monthly", date(2026, 3, 31), 1, UTC, march - 1)
