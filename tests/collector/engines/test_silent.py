"""Checks and agents that say nothing: when that is an alert, of whom, and when it is nobody's."""

from __future__ import annotations

import json

from tenantwatch_wire.records import Status

from tests.collector.engines.desk import (
    SECOND,
    STALE,
    T0,
    Desk,
    check,
    said,
)


def test_a_silent_agent_is_one_alert_and_not_one_a_check() -> None:
    desk, checks = Desk(), [check(key) for key in (1, 2, 3)]
    desk.know(*checks)
    for one in checks:
        desk.see(one, 0, Status.HEALTHY)
    for at, one in enumerate(checks, STALE + 1):
        assert desk.expire(one, at) == []
    (message,) = [m for m in desk.tick(STALE + 61) if m.channel == "slack"]
    alert = json.loads(message.payload)["alert"]
    assert (message.kind, alert["severity"], alert["alert_name"]) == ("firing", "warning", "agent silent")
    assert alert["occurrence_count"] == 1
    assert alert["alert_description"] == "nothing was heard of a1 since 2023-11-14 22:13:20 UTC"
    assert said(desk.see(checks[2], STALE + 70, Status.HEALTHY)) == [("resolved", "warning", "agent_silent")]


def test_a_check_that_stays_silent_when_its_agent_is_back_is_missed_by_itself() -> None:
    desk, web, other = Desk(), check(1), check(2)
    desk.know(web, other)
    desk.see(web, 0, Status.HEALTHY)
    desk.expire(web, STALE + 1)
    desk.tick(STALE + 61)
    back = STALE + 70
    assert said(desk.see(other, back, Status.HEALTHY)) == [("resolved", "warning", "agent_silent")]
    desk.heard_us[2] = T0 + (back + STALE) * SECOND
    assert desk.tick(back + STALE) == []
    assert said(desk.tick(back + STALE + 60)) == [("firing", "warning", "no_data")]


def test_a_check_is_silent_by_itself_while_its_agent_is_heard() -> None:
    desk, web, other = Desk(), check(1), check(2)
    desk.know(web, other)
    desk.see(web, 0, Status.HEALTHY)
    desk.see(other, STALE - 5, Status.HEALTHY)
    desk.expire(web, STALE + 1)
    assert said(desk.tick(STALE + 61)) == [("firing", "warning", "no_data")]
    assert said(desk.see(web, STALE + 70, Status.HEALTHY)) == [("resolved", "warning", "no_data")]


def test_two_silent_agents_of_a_tenant_are_named_in_one_alert() -> None:
    desk, one, other = Desk(), check(1), check(2, "a2")
    desk.know(one, other)
    desk.see(one, 0, Status.HEALTHY)
    desk.see(other, 0, Status.HEALTHY)
    desk.expire(one, STALE + 1)
    desk.expire(other, STALE + 2)
    (record,) = desk.written.alerts
    assert (record.alert_name, record.occurrence_count) == ("2 agents silent", 2)
    assert "nothing is heard of a1, a2; of a2 since" in record.alert_description
    desk.see(one, STALE + 10, Status.HEALTHY)
    assert not desk.book.is_idle(other)
    desk.see(other, STALE + 11, Status.HEALTHY)
    assert [alert.status for alert in desk.written.alerts] == ["resolved"]


def test_a_silence_shorter_than_its_delay_is_never_told() -> None:
    desk, web = Desk(), check(1)
    desk.see(web, 0, Status.HEALTHY)
    desk.expire(web, STALE + 1)
    assert desk.see(web, STALE + 30, Status.HEALTHY) == []
    assert desk.tick(STALE + 100) == []


def test_our_own_outage_is_nobody_elses_silence() -> None:
    desk, web = Desk(), check(1)
    desk.see(web, 0, Status.HEALTHY)
    desk.restart(3600, web)
    assert desk.expire(web, 3600) == []
    assert desk.tick(3600 + STALE - 1) == []
    assert desk.see(web, 3600 + STALE, Status.HEALTHY) == []
    assert desk.tick(3600 + STALE + 100) == []


def test_who_stays_away_after_our_outage_is_missed_all_the_same() -> None:
    desk, web = Desk(), check(1)
    desk.see(web, 0, Status.HEALTHY)
    desk.expire(web, 3600)
    desk.restart(3600, web)
    assert said(desk.tick(3600 + STALE)) == []
    assert said(desk.tick(3600 + STALE + 60)) == [("firing", "warning", "agent_silent")]


def test_an_open_silence_outlives_a_restart_and_ends_with_the_next_result() -> None:
    desk, web = Desk(), check(1)
    desk.see(web, 0, Status.HEALTHY)
    desk.expire(web, STALE + 1)
    assert said(desk.tick(STALE + 61)) == [("firing", "warning", "agent_silent")]
    desk.restart(STALE + 70, web)
    assert not desk.book.is_idle(web)
    assert said(desk.see(web, STALE + 80, Status.HEALTHY)) == [("resolved", "warning", "agent_silent")]


def test_a_check_that_never_spoke_or_is_watched_no_more_is_not_missed() -> None:
    desk, web = Desk(), check(1)
    desk.restart(0, web)
    assert desk.tick(10_000) == []
    desk.see(web, 10_000, Status.HEALTHY)
    desk.expire(web, 10_000 + STALE + 1)
    desk.tick(10_000 + STALE + 61)
    desk.book.drop(web, T0 + 20_000 * SECOND)
    assert ("resolved", "warning", "agent_silent") in said(desk.tick(20_000))
    assert said(desk.tick(30_000)) == []


def test_who_stays_away_when_it_is_watched_again_is_missed_again() -> None:
    desk, web = Desk(), check(1)
    desk.see(web, 0, Status.HEALTHY)
    desk.expire(web, STALE + 1)
    desk.tick(STALE + 61)
    desk.book.drop(web, T0 + 20_000 * SECOND)
    desk.tick(20_000)
    desk.book.take_back(web, T0 + 21_000 * SECOND)
    assert said(desk.tick(21_000 + STALE)) == []
    assert said(desk.tick(21_000 + STALE + 60)) == [("firing", "warning", "agent_silent")]
