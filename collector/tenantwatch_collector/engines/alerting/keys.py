"""Every key's machine, driven: what rules and callers say goes in, what comes of it is owed to be written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from tenantwatch_collector.alerts.machine import (
    acknowledge,
    drop_member,
    evaluate,
    is_moved,
    is_quiet,
    resolve,
    tick,
)
from tenantwatch_collector.alerts.routing import Routing
from tenantwatch_collector.alerts.rule import Evaluation, Policy, Rule, Severity
from tenantwatch_collector.alerts.suppression import Inhibition
from tenantwatch_collector.engines.alerting.agents import Agents
from tenantwatch_collector.engines.alerting.facts import context, is_reported, reported
from tenantwatch_collector.engines.alerting.groups import HeldGroups
from tenantwatch_collector.engines.alerting.held import Held, Key, Origin
from tenantwatch_collector.engines.alerting.owed import Owed
from tenantwatch_collector.engines.alerting.traits import traits_of
from tenantwatch_collector.engines.rebuild import WatchedCheck
from tenantwatch_collector.store.base import PLATFORM, PLATFORM_KEY, AlertCommand, Tenant


class AlertKeys:
    """All of them, with whom their alerts are about and who is told."""

    def __init__(
        self, channels: Sequence[str], routing: Routing, dashboard_url: str, inhibitions: Sequence[Inhibition]
    ) -> None:
        self.routing = routing
        self.tenants: Mapping[int, Tenant] = {}
        self.agents = Agents()
        self.held = HeldGroups(inhibitions)
        self.owed = Owed(self.held, channels, dashboard_url)
        self.restless: set[int] = set()
        """The checks whose next results, however healthy, must not be passed over any more."""

    def is_quiet(self, tenant_key: int, rule: Rule, value: bool | None) -> bool:
        """Whether the rule's saying so would change nothing."""
        held = self.held.get((tenant_key, rule.alert_type))
        return is_quiet(None if held is None else held.group, rule, value)

    def evaluate(
        self,
        tenant_key: int,
        rule: Rule,
        time_us: int,
        value: bool | None,
        seen: dict[str, str],
        now_us: int,
        severity: Severity | None = None,
    ) -> None:
        """What the rule says of that instant; ``seen`` is what an occurrence looks like, for people."""
        key = tenant_key, rule.alert_type
        held = self.held.of(key, rule.tenant)
        was_moved = is_moved(held.group)
        evaluation = Evaluation(rule.rule_id, rule.tenant, rule.alert_type, time_us, value, severity)
        outcome = evaluate(held.group, rule, evaluation, self._policy(key, now_us))
        if value:
            held.context = seen
        if rule.flap_detection and is_moved(held.group) and not was_moved:
            # From now on every result counts, of each check that shares the alert.
            self.restless.update(self.agents.of_kind(*key))
        self.owed.note(key, held, outcome, now_us)

    def evaluate_check(
        self,
        watched: WatchedCheck,
        rule: Rule,
        time_us: int,
        value: bool | None,
        text: str,
        now_us: int,
        severity: Severity | None = None,
        name: str = "",
    ) -> None:
        """The same of a check, unless it would change nothing."""
        tenant_key = watched.check.tenant_key
        if self.is_quiet(tenant_key, rule, value):
            return
        if value:
            self.speak_of(tenant_key, rule, [watched.check.definition.check_id], traits_of(watched.check))
        self.evaluate(tenant_key, rule, time_us, value, context(watched, text, name), now_us, severity)

    def speak_of(self, tenant_key: int, rule: Rule, check_ids: Iterable[str], traits: Iterable[str]) -> Held:
        """What fires by the rule is about these checks, and has that in common with what else fires."""
        key = tenant_key, rule.alert_type
        held = self.held.of(key, rule.tenant)
        held.origins[rule.rule_id] = Origin(tuple(check_ids), tuple(sorted(traits)))
        self.owed.change(key, held)
        return held

    def drop(self, is_gone: Callable[[Key, str], bool], now_us: int) -> None:
        """These members hold nothing open any more."""
        for key, held in self.held.items():
            for member in [member for member in held.group.members if is_gone(key, member)]:
                outcome = drop_member(held.group, member, now_us, self._policy(key, now_us))
                self.owed.note(key, held, outcome, now_us)

    def leave(self, now_us: int) -> None:
        """Nobody is told of a tenant that was deleted: what is open of it is over."""
        gone = {key for key, tenant in self.tenants.items() if tenant.deleted_at_us is not None}
        for key, held in self.held.items() if gone else ():
            alert = held.group.open_alert
            if key[0] in gone and alert is not None:
                outcome = resolve(held.group, alert.alert_id, now_us, self._policy(key, now_us))
                held.group.members.clear()
                self.owed.note(key, held, outcome, now_us)

    def obey(self, command: AlertCommand, now_us: int) -> None:
        """Acknowledge, resolve or create; a command for an alert that is over meanwhile changes nothing."""
        self.owed.obeyed.append(command.command_id)
        if command.action == "create":
            self._report(command, now_us)
            return
        for key, held in self.held.items():
            alert = held.group.open_alert
            if key[0] == command.tenant_key and alert is not None and alert.alert_id == command.alert_id:
                act = acknowledge if command.action == "acknowledge" else resolve
                outcome = act(held.group, alert.alert_id, now_us, self._policy(key, now_us))
                self.owed.note(key, held, outcome, now_us, command)
                if command.action == "resolve" and is_reported(alert.alert_type):
                    # Nothing measures it: whoever reports it again means it.
                    held.group.members.clear()

    def _report(self, command: AlertCommand, now_us: int) -> None:
        """Open the alert that somebody reports, or count it once more while it is open."""
        known = self.tenants.get(command.tenant_key)
        if known is None and command.tenant_key != PLATFORM_KEY:
            return
        alert_type, severity, seen = reported(command)
        rule = Rule("reported", PLATFORM if known is None else known.tenant_id, alert_type, severity)
        self.evaluate(command.tenant_key, rule, command.created_at_us, True, seen, now_us, severity)

    def tick(self, now_us: int) -> None:
        """Say what is due by the clock, or why it is not said."""
        for key, held, suppression in self.held.take_due(now_us):
            if suppression.active:
                self.owed.withhold(key, held, suppression.reason, now_us)
                continue
            held.withheld = ""
            outcome = tick(held.group, now_us, self._policy(key, now_us), suppression)
            self.owed.note(key, held, outcome, now_us)

    def _policy(self, key: Key, now_us: int) -> Policy:
        tenant_key, alert_type = key
        if tenant_key == PLATFORM_KEY:
            return self.routing.policy_for(PLATFORM, "", alert_type, now_us)
        tenant = self.tenants[tenant_key]
        return self.routing.policy_for(tenant.tenant_id, tenant.tier, alert_type, now_us)
