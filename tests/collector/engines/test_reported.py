"""Alerts that callers report: told like all others, and theirs to end."""

from __future__ import annotations

import json

from tenantwatch_collector.store.base import AlertCommand, OutboxMessage

from tests.collector.engines.desk import SECOND, T0, Desk


def report(desk: Desk, at: int, command_id: int, severity: str = "error") -> list[OutboxMessage]:
    """Somebody reports that the queue is stuck."""
    told = {
        "alert_name": "Queue",
        "alert_type": "custom:Queue",
        "severity": severity,
        "description": "queue is stuck",
        "source_service": "billing",
        "alert_data": {"name": "not this one", "queue": "mail"},
    }
    time_us = T0 + at * SECOND
    desk.book.obey(AlertCommand(command_id, 1, "", "create", "ada", "", time_us, json.dumps(told)), time_us)
    return desk.tick(at)


def test_a_reported_alert_is_told_counted_and_lasts_over_a_restart() -> None:
    desk = Desk()
    (first, *_) = report(desk, 0, 1)
    alert = json.loads(first.payload)["alert"]
    assert (alert["alert_name"], alert["alert_description"]) == ("Queue", "queue is stuck")
    assert (alert["source_service"], alert["alert_data"]["queue"]) == ("billing", "mail")
    desk.restart(10)
    assert report(desk, 20, 2) == []
    (record,) = desk.written.alerts
    assert (record.alert_id, record.occurrence_count) == (alert["alert_id"], 2)
    assert desk.written.obeyed == [2]


def test_a_reported_alert_opens_anew_as_soon_as_it_is_reported_after_its_end() -> None:
    desk = Desk()
    report(desk, 0, 1)
    before = desk.alert_id
    by_hand = AlertCommand(2, 1, before, "resolve", "ada", "", T0 + SECOND)
    desk.book.obey(by_hand, T0 + SECOND)
    desk.tick(1)
    assert desk.written.alerts[0].status == "resolved"
    desk.restart(2)
    assert report(desk, 3, 3)
    assert desk.alert_id != before
