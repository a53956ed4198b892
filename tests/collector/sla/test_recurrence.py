"""Recurring windows: local time, the traps of clock changes, and bounds against hostile rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st
from tenantwatch_collector.sla.recurrence import _starts_of, expand, instant_of, recurrence
from tenantwatch_collector.sla.recurrence_rule import MAX_OCCURRENCES, RuleError

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 1, 5, 2, 30)


def unix(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp())  # type: ignore[misc,arg-type]


def local_starts(rule: str, low: int, high: int, first: datetime = MONDAY) -> list[str]:
    windows = expand(recurrence(rule, first, 3600, "Europe/Berlin"), (low, high))
    assert all(window.end - window.start == 3600 for window in windows)
    return [f"{datetime.fromtimestamp(window.start, BERLIN):%m-%d %H:%M%z}" for window in windows]


def test_a_window_stays_at_its_local_hour_and_moves_out_of_the_gap() -> None:
    assert local_starts("FREQ=WEEKLY;BYDAY=SU", unix(2026, 3, 20), unix(2026, 4, 6)) == [
        "03-22 02:30+0100",
        "03-29 03:30+0200",
        "04-05 02:30+0200",
    ]


def test_of_an_hour_that_comes_twice_the_first_counts() -> None:
    assert local_starts("FREQ=WEEKLY;BYDAY=SU", unix(2026, 10, 24), unix(2026, 10, 26)) == [
        "10-25 02:30+0200"
    ]
    assert instant_of(datetime(2026, 10, 25, 2, 30), BERLIN) == unix(2026, 10, 25, 0, 30)


def test_the_usual_rules() -> None:
    year = unix(2026, 1, 1), unix(2027, 1, 1)
    assert local_starts("RRULE:FREQ=MONTHLY;BYDAY=1SU;COUNT=3", *year) == [
        "02-01 02:30+0100",
        "03-01 02:30+0100",
        "04-05 02:30+0200",
    ]
    assert local_starts("freq=daily;interval=2;until=20260109", *year)[-1] == "01-09 02:30+0100"
    assert local_starts("FREQ=WEEKLY;UNTIL=20260112T023000", *year) == [
        "01-05 02:30+0100",
        "01-12 02:30+0100",
    ]
    assert len(local_starts("FREQ=WEEKLY;BYDAY=MO,TH;BYHOUR=2,14", *year)) == 52 * 4 - 1 + 2 - 1
    assert local_starts("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", unix(2027, 1, 1), unix(2033, 1, 1)) == [
        "02-29 02:30+0100",
        "02-29 02:30+0100",
    ]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=3",
        "FREQ=DAILY;COUNT=2000",
        "FREQ=DAILY;BYHOUR=1,13;BYMONTH=6",
        "FREQ=WEEKLY",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SA",
        "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=DAILY;UNTIL=20310615",
    ],
)
def test_a_rule_is_the_same_long_after_its_first_time(rule: str) -> None:
    """What is left out of the way there is nothing that the library would not have passed over as well."""
    found = local_starts(rule, unix(2031, 6, 1), unix(2031, 7, 1))
    whole = local_starts(rule, unix(2026, 1, 1), unix(2031, 7, 1))
    assert found == whole[len(whole) - len(found) :]
    before = local_starts(rule, unix(2026, 1, 1), unix(2031, 5, 31))
    assert len(before) + len(found) in (len(whole), len(whole) - 1, len(whole) - 2)


INTERVALS = st.sampled_from(["", ";INTERVAL=2", ";INTERVAL=5", ";INTERVAL=18"])
HOURS = st.sampled_from(["", ";BYHOUR=3,15"])
BY_DAY = st.sampled_from(["", ";BYDAY=TU,SA", ";BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ";BYMONTH=2,6,12"])
BY_MONTHDAY = st.sampled_from(["", ";BYMONTHDAY=29", ";BYMONTHDAY=-1", ";BYDAY=-1FR", ";BYDAY=2SU,4SU"])
RULES = st.one_of(
    st.builds("FREQ={}{}{}{}".format, st.sampled_from(["DAILY", "WEEKLY"]), INTERVALS, BY_DAY, HOURS),
    st.builds("FREQ={}{}{}{}".format, st.sampled_from(["MONTHLY", "YEARLY"]), INTERVALS, BY_MONTHDAY, HOURS),
)


@settings(max_examples=100, deadline=None)
@given(
    RULES, st.datetimes(datetime(2016, 1, 1), datetime(2020, 12, 31)), st.integers(0, 15), st.integers(1, 60)
)
def test_whatever_is_asked_for_is_what_the_rule_gives_from_its_first_time_on(
    rule: str, first: datetime, years: int, days: int
) -> None:
    first = first.replace(microsecond=0)
    try:
        recurring = recurrence(rule, first, 60, "UTC")
    except RuleError:
        return  # such as a day in a month that an interval never meets
    low = first + timedelta(days=365 * years + 11)
    high = low + timedelta(days=days)
    expected = rrulestr(rule, dtstart=first).between(low, high, inc=True)
    bounds = int(low.replace(tzinfo=UTC).timestamp()), int(high.replace(tzinfo=UTC).timestamp())
    found = [
        datetime.fromtimestamp(each.start, UTC).replace(tzinfo=None) for each in expand(recurring, bounds)
    ]
    assert [each for each in found if each >= low] == [each for each in expected if each < high]


def test_what_was_written_out_once_is_kept() -> None:
    """A rule that takes the library a while is not gone through for every report."""
    recurring = recurrence("FREQ=DAILY;COUNT=20000", datetime(2020, 1, 1), 60, "UTC", announced_at=1)
    march = unix(2026, 3, 1), unix(2026, 4, 1)
    found = expand(recurring, march)
    before = _starts_of.cache_info()
    assert expand(recurring, march) == found
    # Also when it was cancelled meanwhile: what was said of a series leaves its times as they are.
    assert len(expand(replace(recurring, cancelled_at=5), march)) == len(found) == 31
    after = _starts_of.cache_info()
    assert (after.hits - before.hits, after.misses) == (2, before.misses)


def test_until_is_local_or_utc() -> None:
    """RFC 5545 has UTC there; 02:30 in Berlin is 01:30 in winter and 00:30 in summer."""
    year = unix(2026, 1, 1), unix(2027, 1, 1)
    assert len(local_starts("FREQ=WEEKLY;UNTIL=20260112T013000Z", *year)) == 2
    assert len(local_starts("FREQ=WEEKLY;UNTIL=20260112T012959Z", *year)) == 1
    assert local_starts("FREQ=WEEKLY;UNTIL=20260706T003000Z", *year)[-1] == "07-06 02:30+0200"


def test_excluded_starts_do_not_happen() -> None:
    out = datetime(2026, 1, 7, 2, 30), datetime(2026, 1, 9)
    daily = recurrence("FREQ=DAILY;COUNT=6", MONDAY, 60, "Europe/Berlin", excluded=out)
    found = [
        datetime.fromtimestamp(w.start, BERLIN).day
        for w in expand(daily, (unix(2026, 1, 1), unix(2026, 2, 1)))
    ]
    assert found == [5, 6, 8, 10]
    for wrong, words in ((datetime(2026, 1, 7, 2), "is no start"), (datetime(2026, 2, 1), "is no start")):
        with pytest.raises(RuleError, match=words):
            recurrence("FREQ=DAILY;COUNT=6", MONDAY, 60, "Europe/Berlin", excluded=[wrong])


def test_a_window_that_reaches_in_is_there() -> None:
    start = unix(2026, 1, 5, 1, 30)
    recurring = recurrence("FREQ=DAILY", MONDAY, 3600, "Europe/Berlin")
    assert [w.start for w in expand(recurring, (start + 3599, start + 3600))] == [start]
    assert expand(recurring, (start + 3600, start + 7200)) == []
    assert expand(recurring, (start - 10, start)) == []


def test_announcement_and_checks_go_with_every_window() -> None:
    recurring = recurrence("FREQ=DAILY", MONDAY, 60, "UTC", frozenset({"a"}), announced_at=7)
    found = expand(recurring, (unix(2026, 1, 6), unix(2026, 1, 8)))
    assert [(w.checks, w.announced_at) for w in found] == [(frozenset({"a"}), 7)] * 2


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=MONTHLY;BYDAY=+9MO", "BYDAY takes numbers"),
        ("FREQ=YEARLY;BYDAY=60MO", "BYDAY takes numbers"),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY takes numbers"),
        ("FREQ=SECONDLY", "FREQ must be one of DAILY"),
        ("FREQ=MINUTELY;INTERVAL=5", "FREQ must be one of DAILY"),
        ("FREQ=HOURLY", "BYHOUR=2,14"),
        ("", "FREQ must be one of"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "never happens"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=TU", "never happens"),
        ("FREQ=WEEKLY;UNTIL=20200101", "never happens"),
        ("FREQ=DAILY;BYSECOND=1", "'BYSECOND=1' is not taken"),
        ("FREQ=DAILY;BYEASTER=0", "not taken"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL must be"),
        ("FREQ=DAILY;INTERVAL=99999999999999999999", "INTERVAL must be"),
        ("FREQ=DAILY;COUNT=100000", "COUNT must be"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "exclude"),
        ("FREQ=DAILY;UNTIL=20279999", "cannot be followed"),
        ("FREQ=DAILY;BYHOUR=25", "BYHOUR takes 0 to 23, not '25'"),
        ("FREQ=DAILY;BYHOUR=-1", "BYHOUR takes 0 to 23"),
        ("FREQ=DAILY;BYMINUTE=60", "BYMINUTE takes 0 to 59"),
        ("FREQ=DAILY;BYMONTH=13", "BYMONTH takes 1 to 12"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY takes 1 to 31, or from the end -1 to -31"),
        ("FREQ=MONTHLY;BYMONTHDAY=-32", "BYMONTHDAY takes 1 to 31"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,,2", "BYMONTHDAY takes 1 to 31"),
        ("FREQ=YEARLY;BYYEARDAY=367", "BYYEARDAY takes 1 to 366"),
        ("FREQ=YEARLY;BYWEEKNO=54", "BYWEEKNO takes 1 to 53"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0", "BYSETPOS takes 1 to 366"),
        ("FREQ=DAILY;BYDAY=XX", "BYDAY takes MO, TU"),
        ("FREQ=DAILY;BYDAY=MO,", "BYDAY takes MO, TU"),
        ("FREQ=WEEKLY;WKST=1MO", "WKST is one of MO"),
        ("FREQ=WEEKLY;WKST=XX", "WKST is one of MO"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY goes with FREQ=DAILY or MONTHLY or YEARLY, not with WEEKLY"),
        ("FREQ=DAILY;BYYEARDAY=1", "BYYEARDAY goes with FREQ=YEARLY"),
        ("FREQ=MONTHLY;BYYEARDAY=1", "BYYEARDAY goes with FREQ=YEARLY"),
        ("FREQ=MONTHLY;BYWEEKNO=20", "BYWEEKNO goes with FREQ=YEARLY"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO", "where there is no BYWEEKNO"),
        ("FREQ=DAILY;BYSETPOS=1", "BYSETPOS picks from what another BY"),
        ("FREQ=DAILY;FREQ=WEEKLY", "FREQ stands there twice"),
        ("FREQ=DAILY;BYHOUR=1;BYHOUR=2", "BYHOUR stands there twice; a part that takes several"),
        ("FREQ=DAILY;;BYHOUR=1", "'' is not taken"),
        ("FREQ=DAILY;INTERVAL=２", "written in ASCII"),
        ("FREQ=DAILY;UNTIL=２０２７1231", "written in ASCII"),
        ("FREQ=DAILY;COUNT=٣", "written in ASCII"),
        ("FREQ=DAILY;INTERVAL=+2", "INTERVAL must be"),
        ("FREQ=DAILY;BYHOUR=" + ",".join(["1"] * 63), "more than 62"),
        ("FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=0,10,20,30,40", "more than 24 windows a day"),
        ("FREQ=DAILY;" + "X" * 600, "at most 500"),
    ],
)
def test_what_is_not_taken(rule: str, words: str) -> None:
    with pytest.raises(RuleError, match=words):
        recurrence(rule, MONDAY, 3600, "UTC")


def test_times_and_durations_are_bounded() -> None:
    for first, seconds in (
        (datetime(1999, 1, 1), 60),
        (datetime(2200, 1, 1), 60),
        (MONDAY, 0),
        (MONDAY, 10**9),
    ):
        with pytest.raises(RuleError):
            recurrence("FREQ=DAILY", first, seconds, "UTC")
    with pytest.raises(RuleError, match="without an offset"):
        recurrence("FREQ=DAILY", MONDAY.replace(tzinfo=UTC), 60, "UTC")
    rule = "FREQ=DAILY;BYHOUR=" + ",".join(str(hour) for hour in range(24))
    hourly, thirty_years = recurrence(rule, MONDAY, 60, "UTC"), (unix(2026, 1, 1), unix(2056, 1, 1))
    with pytest.raises(RuleError, match=str(MAX_OCCURRENCES)):
        expand(hourly, thirty_years)


@settings(max_examples=60, deadline=None)
@given(
    st.text("FREQ=DAILYWKMONTHBX,;-0123456789SU", max_size=40)
    | st.lists(
        st.sampled_from(
            [
                "FREQ=DAILY",
                "FREQ=WEEKLY",
                "FREQ=YEARLY",
                "BYMONTH=2",
                "BYDAY=-1FR",
                "BYSETPOS=9",
                "BYYEARDAY=366",
            ]
        ),
        max_size=4,
    ).map(";".join)
)
def test_any_text_is_taken_or_refused(rule: str) -> None:
    try:
        recurring = recurrence(rule, MONDAY, 60, "UTC")
    except RuleError:
        return
    low, high = unix(2026, 1, 1), unix(2027, 1, 1)
    assert all(each.start < high and each.end > low for each in expand(recurring, (low, high)))
