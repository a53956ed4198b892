"""Calendar periods where clocks jump, and service hours that move with them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tenantwatch_collector.sla.masks import ServiceHours, scope_spans
from tenantwatch_collector.sla.periods import (
    Period,
    PeriodType,
    calendar_period,
    day_start,
    report_stage,
    rolling_period,
)

HOUR = 3600
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "America/Havana",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
]


@pytest.mark.parametrize(
    ("zone", "day", "seconds"),
    [
        ("Europe/Berlin", "2025-03-30", 23 * HOUR),
        ("Europe/Berlin", "2025-10-26", 25 * HOUR),
        ("Australia/Lord_Howe", "2025-04-06", 24 * HOUR + 1800),
        ("Australia/Lord_Howe", "2025-10-05", 23 * HOUR + 1800),
        ("Africa/Cairo", "2025-04-25", 23 * HOUR),
        ("Asia/Beirut", "2025-03-30", 23 * HOUR),
        ("America/Santiago", "2025-09-07", 23 * HOUR),
        ("Pacific/Apia", "2011-12-30", 0),
        ("Pacific/Apia", "2011-12-29", 24 * HOUR),
        ("America/Toronto", "1919-03-31", 23 * HOUR + 1800),
    ],
)
def test_days_of_every_length(zone: str, day: str, seconds: int) -> None:
    period = calendar_period("daily", date.fromisoformat(day), ZoneInfo(zone))
    assert period.end - period.start == seconds


def test_a_missing_midnight_starts_the_day_at_the_transition() -> None:
    cairo = ZoneInfo("Africa/Cairo")
    start = datetime.fromtimestamp(day_start(date(2025, 4, 25), cairo), cairo)
    assert (start.date(), start.hour) == (date(2025, 4, 25), 1)


@pytest.mark.parametrize(
    ("kind", "first", "after"),
    [
        ("daily", "2025-02-16", "2025-02-17"),
        ("weekly", "2025-02-10", "2025-02-17"),
        ("monthly", "2025-02-01", "2025-03-01"),
        ("quarterly", "2025-01-01", "2025-04-01"),
        ("yearly", "2025-01-01", "2026-01-01"),
    ],
)
def test_the_period_that_holds_a_date(kind: PeriodType, first: str, after: str) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    expected = (day_start(date.fromisoformat(each), berlin) for each in (first, after))
    assert calendar_period(kind, date(2025, 2, 16), berlin) == Period(*expected)


def test_an_unknown_period_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown period type"):
        calendar_period("hourly", date(2025, 1, 1), ZoneInfo("UTC"))  # type: ignore[arg-type]


@settings(max_examples=150, deadline=None)
@given(st.dates(date(1975, 1, 1), date(2037, 12, 1)), st.sampled_from(ZONES))
def test_a_day_starts_at_the_first_instant_of_its_date_or_later(day: date, name: str) -> None:
    zone = ZoneInfo(name)
    start = day_start(day, zone)

    def has_begun(instant: int) -> bool:
        return datetime.fromtimestamp(instant, zone).date() >= day

    assert has_begun(start)
    assert not any(has_begun(start - before) for before in (1, 2, 60, *range(300, 24 * HOUR, 300)))


@settings(max_examples=50, deadline=None)
@given(st.dates(date(1975, 1, 1), date(2037, 12, 1)), st.sampled_from(ZONES))
def test_days_make_up_a_week_without_a_gap(day: date, name: str) -> None:
    zone = ZoneInfo(name)
    week = calendar_period("weekly", day, zone)
    monday = day - timedelta(days=day.weekday())
    days = [calendar_period("daily", monday + timedelta(days=i), zone) for i in range(7)]
    assert [d.end for d in days[:-1]] == [d.start for d in days[1:]]
    assert (days[0].start, days[-1].end) == (week.start, week.end)


def test_rolling_periods_units_and_stages() -> None:
    assert rolling_period(1000, 5000) == Period(4000, 5000)
    assert Period(1, 3).in_units(1_000_000) == Period(1_000_000, 3_000_000)
    assert report_stage(1000, 1000 + 72 * HOUR - 1) == "provisional"
    assert report_stage(1000, 1000 + 72 * HOUR) == "final"


HOURS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 24), st.integers(0, 24)).map(
        lambda h: ServiceHours(h[0], min(h[1:]) * 60, max(h[1:]) * 60)
    ),
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(HOURS, st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.sampled_from(ZONES))
def test_service_hours_are_read_from_the_clock_on_the_wall(
    hours: list[ServiceHours], day: date, name: str
) -> None:
    zone = ZoneInfo(name)
    period = calendar_period("weekly", day, zone)
    spans = scope_spans(hours, None, zone, (period.start, period.end), 1)
    for instant in range(period.start, period.end, 900):
        wall = datetime.fromtimestamp(instant, zone)
        minute = wall.hour * 60 + wall.minute
        expected = any(h.weekday == wall.weekday() and h.from_minute <= minute < h.to_minute for h in hours)
        assert expected == any(start <= instant < end for start, end in spans)


def test_the_contract_begins_in_any_unit() -> None:
    monday = ServiceHours(0, 0, 1440)
    assert scope_spans([monday], 345_600_500, ZoneInfo("UTC"), (0, 700_000_001), 1000) == [
        (345_600_500, 432_000_000)
    ]
    assert scope_spans(None, 50, ZoneInfo("UTC"), (0, 100), 1) == [(50, 100)]
    assert scope_spans(None, 100, ZoneInfo("UTC"), (0, 100), 1) == []


@pytest.mark.parametrize("hours", [(7, 0, 60), (0, 60, 0), (0, 0, 1441)])
def test_hours_outside_a_week_are_refused(hours: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="no part of a week"):
        ServiceHours(*hours)
