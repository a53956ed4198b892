"""Plays a written case through the machine and the outbox: what would these rules have said, and when?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tenantwatch_collector.alerts import machine, outbox
from tenantwatch_collector.alerts.alert import AlertState, GroupState, Outcome
from tenantwatch_collector.alerts.outbox import Delivery
from tenantwatch_collector.alerts.rule import Evaluation, Policy, Rule, Severity
from tenantwatch_collector.alerts.suppression import Inhibition, Silence, Suppression, suppression_at

_LEASE_SECONDS = 30
_PHASES = {"eval": 0, "ack": 1, "resolve": 2}


def simulate_file(cases: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """One answer per case, as each is ready."""
    for case in cases:
        yield {"id": case["id"], **simulate(case["input"])}


def simulate(case_input: Mapping[str, Any]) -> dict[str, Any]:
    """The deliveries and the alerts of one case; all its times are whole seconds."""
    return _Simulation(case_input).run()


class _Simulation:
    """Jumps from one instant at which something can happen to the next."""

    def __init__(self, case: Mapping[str, Any]) -> None:
        self._end: int = case["end"]
        self._policy = Policy(ack_timeout_seconds=case.get("ack_timeout_s"))
        self._rules = {name: _rule(name, raw) for name, raw in case["rules"].items()}
        self._silences = [
            Silence(s["from"], s["to"], s.get("tenant"), s.get("alert_type"))
            for s in case.get("silences", ())
        ]
        self._inhibitions = [
            Inhibition(i["source_type"], frozenset(i["target_types"]), i.get("linger_s", 60))
            for i in case.get("inhibit", ())
        ]
        self._down: list[tuple[int, int]] = [(a, b) for a, b in case.get("engine_down", ())]
        self._channel_down = case.get("channel_down", ())
        self._crashes = list(case.get("crash", ()))
        # The sort is stable: of two evaluations of one rule and second, the first in the list comes first.
        self._events = sorted(case["events"], key=lambda e: (e["t"], _PHASES[e["type"]]))
        self._groups: dict[tuple[str, str], GroupState] = {}
        self._alerts: dict[str, AlertState] = {}
        self._rows: dict[str, list[Delivery]] = {}
        self._said: list[dict[str, Any]] = []

    def run(self) -> dict[str, Any]:
        now: int | None = min((e["t"] for e in self._events), default=None)
        position = 0
        while now is not None and now <= self._end:
            position = self._instant(now, position)
            now = self._next(now, position)
        alerts = [_alert_answer(i + 1, alert) for i, alert in enumerate(self._alerts.values())]
        return {"notifications": self._said, "alerts": alerts}

    def _instant(self, now: int, position: int) -> int:
        running = not any(start <= now < end for start, end in self._down)
        while position < len(self._events) and self._events[position]["t"] <= now:
            event = self._events[position]
            position += 1
            # What happened while the engine was down reached nobody.
            if running and event["t"] == now:
                self._event(event, now)
        if running:
            self._timers(now)
            self._deliver(now)
        return position

    def _event(self, event: Mapping[str, Any], now: int) -> None:
        if event["type"] == "eval":
            rule = self._rules[event["rule"]]
            key = (rule.tenant, rule.alert_type)
            group = self._groups.setdefault(key, GroupState(*key))
            severity = Severity(event["severity"]) if event.get("severity") else None
            evaluation = Evaluation(rule.rule_id, *key, now, event["value"], severity)
            self._keep(machine.evaluate(group, rule, evaluation, self._policy), now)
            return
        alert = dict(enumerate(self._alerts.values(), 1)).get(event["alert"])
        if alert is not None:
            act = machine.acknowledge if event["type"] == "ack" else machine.resolve
            group = self._groups[alert.tenant, alert.alert_type]
            self._keep(act(group, alert.alert_id, now, self._policy), now)

    def _timers(self, now: int) -> None:
        numbers = {alert_id: i for i, alert_id in enumerate(self._alerts)}
        with_alert = [(numbers[g.alert.alert_id], g) for g in self._groups.values() if g.alert is not None]
        for _, group in sorted(with_alert, key=lambda pair: pair[0]):
            self._keep(machine.tick(group, now, self._policy, self._suppression(group, now)), now)

    def _suppression(self, group: GroupState, now: int) -> Suppression:
        return suppression_at(
            now, group.tenant, group.alert_type, self._silences, self._inhibitions, self._alerts.values()
        )

    def _keep(self, outcome: Outcome, now: int) -> None:
        alert = outcome.group.alert
        if alert is not None:
            self._alerts.setdefault(alert.alert_id, alert)
        for notification in outcome.notifications:
            rows = self._rows.get(notification.alert_id, [])
            self._rows[notification.alert_id] = outbox.enqueue(rows, notification, now)

    def _deliver(self, now: int) -> None:
        for number, alert_id in enumerate(self._alerts, 1):
            for row in outbox.due(self._rows.get(alert_id, ()), now):
                if not self._attempt(number, row, now):
                    return

    def _attempt(self, number: int, row: Delivery, now: int) -> bool:
        """Try one row; False when the engine died of it."""
        claimed = outbox.claim(row, now, _LEASE_SECONDS)
        if any(d["channel"] == row.channel and d["from"] <= now < d["to"] for d in self._channel_down):
            self._store(row, outbox.failed(claimed, now, self._policy))
            return True
        self._said.append(_notification_answer(number, row, now))
        crash = next((c for c in self._crashes if c["t"] == now and c["channel"] == row.channel), None)
        if crash is None:
            self._store(row, outbox.delivered(claimed, now))
            return True
        self._crashes.remove(crash)
        self._down.append((now, crash["until"]))
        self._store(row, outbox.recovered(claimed, crash["until"]))
        return False

    def _store(self, old: Delivery, new: Delivery) -> None:
        self._rows[old.alert_id] = [new if row is old else row for row in self._rows[old.alert_id]]

    def _next(self, now: int, position: int) -> int | None:
        """The next instant after now at which anything can change."""
        instants = [end for _, end in self._down]
        instants += [i for s in self._silences for i in (s.start, s.end)]
        instants += [e["t"] for e in self._events[position : position + 1]]
        for group in self._groups.values():
            instants += [i for i in [machine.next_due(group, self._suppression(group, now))] if i is not None]
        instants += [i for rows in self._rows.values() for i in [outbox.next_attempt(rows)] if i is not None]
        return min((i for i in instants if i > now), default=None)


def _rule(rule_id: str, raw: Mapping[str, Any]) -> Rule:
    return Rule(
        rule_id,
        raw["tenant"],
        raw["alert_type"],
        Severity(raw["severity"]),
        raw.get("failure_threshold", 1),
        raw.get("success_threshold", 1),
        raw.get("for_s", 0),
        raw.get("keep_firing_s", 0),
        raw.get("flap_detection", False),
    )


def _notification_answer(number: int, row: Delivery, now: int) -> dict[str, Any]:
    return {
        "t": now,
        "alert": number,
        "kind": row.kind,
        "level": row.level,
        "severity": row.severity.value,
        "channel": row.channel,
        "dedup_key": row.dedup_key.replace(row.alert_id, f"a{number}", 1),
    }


def _alert_answer(number: int, alert: AlertState) -> dict[str, Any]:
    return {
        "alert": number,
        "tenant": alert.tenant,
        "alert_type": alert.alert_type,
        "severity": alert.severity.value,
        "opened": alert.opened,
        "resolved": alert.resolved,
        "state": alert.status.value,
        "level": alert.level,
        "occurrences": alert.occurrences,
    }
