"""An alert book by itself, with a clock, fed as the judge feeds it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tenantwatch_collector.alerts.routing import Routing
from tenantwatch_collector.alerts.rule import Policy
from tenantwatch_collector.alerts.suppression import Inhibition
from tenantwatch_collector.engines.alerting.book import AlertBook
from tenantwatch_collector.engines.alerting.measures import TICKS_PER_SECOND
from tenantwatch_collector.engines.checks import Judged
from tenantwatch_collector.engines.rebuild import WatchedCheck
from tenantwatch_collector.health.timeline import CheckTimeline
from tenantwatch_collector.store.base import (
    JudgedState,
    Judgement,
    OutboxMessage,
    StoredCheck,
    Tenant,
    TenantState,
)
from tenantwatch_wire.records import CheckDefinition, Status

SECOND = 1_000_000
T0 = 1_700_000_000 * SECOND
TENANT = Tenant(1, "acme", "Acme", "professional", 0)
DEFINITION = CheckDefinition("web", "http_endpoint", 10_000, 5_000)
STALE = DEFINITION.stale_after_ms // 1000
CHANNELS = ("slack", "email", "sms", "pagerduty")


def check(key: int, agent: str = "a1", check_id: str = "web", kind: str = "http_endpoint") -> WatchedCheck:
    timeline = CheckTimeline(confirm_failures=3, confirm_successes=2, stale_after=STALE * SECOND)
    definition = replace(DEFINITION, check_id=check_id, kind=kind)
    return WatchedCheck(StoredCheck(key, 1, agent, definition, True), timeline)


@dataclass(slots=True)
class Desk:
    """An alert book with a clock, fed as the judge feeds it. Times are seconds after T0."""

    book: AlertBook = field(default_factory=lambda: new_book())
    written: Judgement = field(default_factory=lambda: Judgement(0))
    alert_id: str = ""
    heard_us: dict[int, int] = field(default_factory=dict)
    kept: JudgedState = field(default_factory=lambda: JudgedState(0, 0, [], [], []))

    def know(self, *checks: WatchedCheck) -> None:
        known = {one.check.check_key: one for one in checks}
        self.book.know_checks(known, lambda key: self.heard_us.get(key, 0))

    def tenant_is(self, state: str, at: int) -> list[OutboxMessage]:
        groups = json.dumps([{"group": DEFINITION.group, "role": "critical", "state": state}])
        self.book.tenant_is(TenantState(1, state, T0 + at * SECOND, groups), T0 + at * SECOND)
        return self.tick(at)

    def see(self, watched: WatchedCheck, at: int, status: Status) -> list[OutboxMessage]:
        time_us = T0 + at * SECOND
        self.heard_us[watched.check.check_key] = time_us
        changes = watched.timeline.apply(time_us, status)
        self.book.judge(Judged(watched, time_us, status, changes, "answered 503"), time_us)
        return self.tick(at)

    def expire(self, watched: WatchedCheck, at: int) -> list[OutboxMessage]:
        changes = watched.timeline.expire(T0 + at * SECOND)
        if changes:
            self.book.judge(Judged(watched, T0 + at * SECOND, None, changes), T0 + at * SECOND)
        return self.tick(at)

    def tick(self, at: int) -> list[OutboxMessage]:
        self.book.tick(T0 + at * SECOND)
        judgement = Judgement(0)
        self.book.collect(judgement)
        self.written = judgement
        if judgement.alerts:
            self.alert_id = judgement.alerts[-1].alert_id
        keys = {key.alert_type: key for key in [*self.kept.alert_keys, *judgement.alert_keys]}
        self.kept = JudgedState(0, 0, [], [], list(keys.values()))
        return judgement.messages

    def restart(self, at: int, *checks: WatchedCheck, off: Sequence[str] = ()) -> None:
        self.book = new_book(off)
        self.know(*checks)
        self.book.load(self.kept)
        self.book.take_up(checks, T0 + at * SECOND)


def new_book(off: Sequence[str] = ()) -> AlertBook:
    book = AlertBook(
        CHANNELS,
        Routing(Policy(TICKS_PER_SECOND)),
        "https://m.example.org/",
        (Inhibition("database_connectivity", frozenset({"http_endpoint"}), 60 * SECOND),),
        off=off,
    )
    book.name_tenants({1: TENANT})
    return book


def said(messages: list[OutboxMessage]) -> list[tuple[str, str, str]]:
    """(kind, severity, type) of the messages to slack, which hears of everything."""
    alerts = [(m.kind, json.loads(m.payload)["alert"]) for m in messages if m.channel == "slack"]
    return [(kind, alert["severity"], alert["metric_name"]) for kind, alert in alerts]
