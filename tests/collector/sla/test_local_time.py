"""Local days over a change of the zone: each instant is in one of them, and what is past stays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tenantwatch_collector.sla.local_time import LocalTime
from tenantwatch_collector.sla.periods import PeriodType, calendar_period

UTC_ZONE, BERLIN, HONOLULU, KIRITIMATI = (
    ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "Pacific/Honolulu", "Pacific/Kiritimati")
)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def span(local: LocalTime, kind: PeriodType, day: str) -> tuple[str, str]:
    found = local.period(kind, date.fromisoformat(day))
    start, end = (datetime.fromtimestamp(t, UTC).strftime("%m-%dT%H:%M") for t in (found.start, found.end))
    return start, end


def test_a_zone_to_the_west_lengthens_the_month_that_runs() -> None:
    """Its start stays, and so does all that is past; it ends where the next one begins."""
    local = LocalTime([(0, UTC_ZONE), (at("2026-11-24T12:00:00"), HONOLULU)])
    assert span(local, "monthly", "2026-10-15") == ("10-01T00:00", "11-01T00:00")
    assert span(local, "monthly", "2026-11-15") == ("11-01T00:00", "12-01T10:00")
    assert span(local, "monthly", "2026-12-15") == ("12-01T10:00", "01-01T10:00")
    # The day of the change goes on until the next one begins in the new zone.
    assert span(local, "daily", "2026-11-24") == ("11-24T00:00", "11-25T10:00")


def test_a_zone_to_the_east_shortens_it() -> None:
    local = LocalTime([(0, UTC_ZONE), (at("2026-11-24T12:00:00"), KIRITIMATI)])
    assert span(local, "monthly", "2026-11-15") == ("11-01T00:00", "11-30T10:00")
    # In the new zone it is two at night of the next day already.
    assert span(local, "daily", "2026-11-24") == ("11-24T00:00", "11-24T12:00")
    assert span(local, "daily", "2026-11-25") == ("11-24T12:00", "11-25T10:00")


@pytest.mark.parametrize(
    ("zone", "change", "expected"),
    [
        # Begun in the old zone, it does not begin again in the new one.
        (HONOLULU, "2026-12-01T05:00:00", ("12-01T00:00", "01-01T10:00")),
        # It has begun in the new zone, not in the old one: the change begins it.
        (KIRITIMATI, "2026-11-30T20:00:00", ("11-30T20:00", "12-31T10:00")),
    ],
)
def test_a_change_beside_the_border(zone: ZoneInfo, change: str, expected: tuple[str, str]) -> None:
    local = LocalTime([(0, UTC_ZONE), (at(change), zone)])
    assert span(local, "monthly", "2026-12-15") == expected
    assert span(local, "monthly", "2026-11-15")[1] == expected[0]


def test_today_is_the_day_that_goes_on_where_a_zone_sets_the_date_back() -> None:
    change = at("2026-11-24T05:00:00")
    local = LocalTime([(0, UTC_ZONE), (change, HONOLULU)])
    assert local.date_at(change) == date(2026, 11, 24)
    assert local.date_at(at("2026-11-25T09:59:59")) == date(2026, 11, 24)
    assert local.date_at(at("2026-11-25T10:00:00")) == date(2026, 11, 25)
    assert (local.zone_at(change - 1), local.zone_at(change)) == (UTC_ZONE, HONOLULU)


def test_one_zone_is_its_calendar() -> None:
    local, day = LocalTime([(10**9, BERLIN)]), date(2026, 3, 29)
    for kind in ("daily", "weekly", "monthly", "quarterly", "yearly"):
        assert local.period(kind, day) == calendar_period(kind, day, BERLIN)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(at("2026-10-20T00:00:00"), at("2026-11-10T00:00:00")),
            st.sampled_from([UTC_ZONE, BERLIN, HONOLULU, KIRITIMATI]),
        ),
        max_size=4,
        unique_by=lambda each: each[0],
    ),
    st.integers(at("2026-10-20T00:00:00"), at("2026-11-10T00:00:00")),
)
def test_every_instant_is_in_one_day_and_later_zones_move_nothing(
    changes: list[tuple[int, ZoneInfo]], now: int
) -> None:
    zones = [(0, BERLIN), *sorted(changes, key=lambda each: each[0])]
    local = LocalTime(zones)
    days = [date(2026, 10, 15) + timedelta(days=n) for n in range(32)]
    for one, other in pairwise(local.period("daily", day) for day in days):
        assert one.start <= one.end == other.start
    today = local.period("daily", local.date_at(now))
    assert today.start <= now < today.end
    known = LocalTime([zone for zone in zones if zone[0] <= now])
    assert [known.day_start(d) for d in days if local.day_start(d) <= now] == [
        local.day_start(d) for d in days if local.day_start(d) <= now
    ]
