"""All that is judged goes into the alert machine here, rule by rule: results, silence, tenants, findings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from tenantwatch_wire.records import CHECK_KINDS

from tenantwatch_collector.alerts.builtin import CHECK, TENANT_DOWN
from tenantwatch_collector.alerts.condition import CustomRule
from tenantwatch_collector.alerts.routing import Routing
from tenantwatch_collector.alerts.rule import Rule, Severity, tenant_down_rule
from tenantwatch_collector.alerts.suppression import Inhibition, Silence
from tenantwatch_collector.engines.alerting.agents import agent_member
from tenantwatch_collector.engines.alerting.check_rules import CheckRules
from tenantwatch_collector.engines.alerting.facts import finding_context
from tenantwatch_collector.engines.alerting.keys import AlertKeys
from tenantwatch_collector.engines.alerting.measures import MetricRules
from tenantwatch_collector.engines.alerting.surge import Surges, Verdict, surge_context
from tenantwatch_collector.engines.alerting.traits import shared_traits
from tenantwatch_collector.engines.checks import Judged
from tenantwatch_collector.engines.findings import Finding
from tenantwatch_collector.engines.rebuild import WatchedCheck
from tenantwatch_collector.engines.tenants import down_context, failing_checks, is_down
from tenantwatch_collector.store.base import (
    PLATFORM,
    PLATFORM_KEY,
    AlertCommand,
    JudgedState,
    Judgement,
    ResultColumns,
    Tenant,
    TenantState,
)


class AlertBook:
    """All keys, and what was found since the last ``collect``."""

    def __init__(
        self,
        channels: Sequence[str],
        routing: Routing,
        dashboard_url: str,
        inhibitions: Sequence[Inhibition] = (),
        off: Collection[str] = (),
    ) -> None:
        self.off = frozenset(off)
        """The built-in rules that are switched off."""
        self._channels = tuple(channels)
        self._dashboard_url = dashboard_url
        self._inhibitions = tuple(inhibitions)
        self._keys = AlertKeys(channels, routing, dashboard_url, inhibitions)
        self._of_checks = CheckRules(self._keys, self.off)
        self._surges = Surges()
        self.metrics = MetricRules(self._keys)
        self._checks: Mapping[int, WatchedCheck] = {}
        self._quiet: Sequence[Silence] = ()

    def fresh(self) -> AlertBook:
        """An empty book with the same settings."""
        book = AlertBook(self._channels, self._keys.routing, self._dashboard_url, self._inhibitions, self.off)
        book.name_tenants(self._keys.tenants)
        book.put_rules(self.metrics.rules, 0)
        book.keep_quiet(self._quiet)
        return book

    @property
    def restless(self) -> set[int]:
        """The checks whose next results, however healthy, must not be passed over any more."""
        return self._keys.restless

    def load(self, judged: JudgedState) -> None:
        for kept in judged.alert_keys:
            self._keys.held.load(kept)

    def name_tenants(self, tenants: Mapping[int, Tenant]) -> None:
        self._keys.tenants = tenants
        self._surges.tenant_count = len(tenants)

    def know_checks(self, checks: Mapping[int, WatchedCheck], heard_us: Callable[[int], int]) -> None:
        """All checks there are, by key: what they have in common explains what fails together.

        ``heard_us`` says when the last result of a check was."""
        self._checks = checks
        self._keys.agents.know(checks.values(), heard_us)
        self._surges.know(checks.values())

    def judge(self, judged: Judged, now_us: int) -> None:
        """Evaluate the rules on checks on one result."""
        self._of_checks.judge(judged, now_us)

    def put_rules(self, rules: Iterable[CustomRule], now_us: int) -> None:
        """These rules on metrics and no others. What is changed or gone holds nothing open any more."""
        gone = tuple(f"{rule.rule_id}:" for rule in self.metrics.put(rules, now_us))
        self._keys.drop(lambda _, member: member.startswith(gone), now_us)

    def route(self, routing: Routing) -> None:
        """From now on these are told."""
        self._keys.routing = routing

    def keep_quiet(self, silences: Sequence[Silence]) -> None:
        """In these times nobody is told, but for ends."""
        self._quiet = silences
        self._keys.held.keep_quiet(silences)

    def measure(self, columns: ResultColumns, now_us: int) -> None:
        """Evaluate the rules on a commit's metrics."""
        self.metrics.measure(columns, self._checks, now_us)

    def minds(self, findings: Sequence[Finding]) -> bool:
        """Whether any of them could change something, though none holds."""
        return any((finding.tenant_key, finding.alert_type) in self._keys.held for finding in findings)

    def find(self, finding: Finding, now_us: int) -> None:
        """Evaluate a condition that another engine judged: of a service level."""
        tenant = self._keys.tenants.get(finding.tenant_key)
        if tenant is None or finding.alert_type in self.off:
            return
        rule = Rule(finding.rule_id, tenant.tenant_id, finding.alert_type, finding.severity)
        if not self._keys.is_quiet(finding.tenant_key, rule, finding.holds):
            seen = finding_context(finding)
            self._keys.evaluate(
                finding.tenant_key, rule, now_us, finding.holds, seen, now_us, finding.severity
            )

    def take_up(self, watched: Iterable[WatchedCheck], now_us: int) -> None:
        """After a start: the silence of these may have begun before it; what is switched off is over."""
        self._of_checks.take_up(watched, now_us)
        self.metrics.take_up(now_us)
        checks_are_off = CHECK in self.off
        self._keys.drop(
            lambda key, member: (
                key[1] in self.off or (checks_are_off and key[1] in CHECK_KINDS and member.isdigit())
            ),
            now_us,
        )

    def tenant_is(self, state: TenantState, now_us: int) -> None:
        """Evaluate the rule "tenant down". Unknown neither opens nor ends it."""
        tenant_key, tenant = state.tenant_key, self._keys.tenants.get(state.tenant_key)
        if tenant is None or TENANT_DOWN in self.off:
            return
        rule, checks = tenant_down_rule(tenant.tenant_id), self._keys.agents.of_tenant(tenant_key)
        value = is_down(state) if checks else False
        if self._keys.is_quiet(tenant_key, rule, value):
            return
        failing = failing_checks(checks, state)
        if value:
            named = sorted({one.check.definition.check_id for one in failing})
            if self._keys.speak_of(tenant_key, rule, named, shared_traits(failing)).group.is_firing:
                return  # Nothing is new but which checks it is about.
        self._keys.evaluate(tenant_key, rule, now_us, value, down_context(state, failing), now_us)

    def drop(self, watched: WatchedCheck, now_us: int) -> None:
        """The check is watched no more: it holds nothing open, nor does its agent if it was the last one."""
        self._of_checks.forget(watched)
        self.metrics.forget(watched.check.check_key)
        tenant_key, mine = watched.check.tenant_key, str(watched.check.check_key)
        agent = "" if self._keys.agents.others(watched) else agent_member(watched)
        self._keys.drop(
            lambda key, member: (
                key[0] == tenant_key and (member.rpartition(":")[2] == mine or member == agent)
            ),
            now_us,
        )

    def take_back(self, watched: WatchedCheck, now_us: int) -> None:
        """The check is watched again, or otherwise than before: a silent one gets its full time anew."""
        self._of_checks.take_back(watched, now_us)

    def leave(self, now_us: int) -> None:
        """Nobody is told of a tenant that was deleted: what is open of it is over."""
        self._keys.leave(now_us)

    def obey(self, command: AlertCommand, now_us: int) -> None:
        """Acknowledge, resolve or create; a command for an alert that is over meanwhile changes nothing."""
        self._keys.obey(command, now_us)

    def tick(self, now_us: int) -> None:
        """Say what is due by the clock."""
        self._of_checks.tick(now_us)
        self.metrics.miss(self._checks, now_us)
        for verdict in self._surges.judge(self._keys.held, now_us):
            self._obey_verdict(verdict, now_us)
        self._keys.tick(now_us)

    def is_idle(self, watched: WatchedCheck) -> bool:
        """Whether a healthy result of this check can be passed over."""
        return self._of_checks.is_idle(watched)

    def next_due_us(self) -> int | None:
        """When the clock alone brings something about."""
        dues = (self._keys.held.next_due_us(), self._of_checks.next_due_us(), self.metrics.next_due_us())
        return min((due for due in dues if due is not None), default=None)

    def collect(self, judgement: Judgement) -> None:
        """Hand over what was found, to be written."""
        self._keys.owed.collect(judgement)

    def _obey_verdict(self, verdict: Verdict, now_us: int) -> None:
        """Open, widen or end an incident of the platform."""
        rule = Rule(PLATFORM, PLATFORM, verdict.alert_type, Severity.CRITICAL)
        held = self._keys.held.of((PLATFORM_KEY, verdict.alert_type), PLATFORM)
        if not held.group.is_firing:
            held.opened_at_us = now_us
        held.causes = verdict.causes
        if not verdict.goes_on:
            held.ended_at_us = now_us
        tenants = (self._keys.tenants.get(tenant_key) for tenant_key in verdict.tenant_keys)
        tenant_ids = [tenant.tenant_id for tenant in tenants if tenant is not None]
        seen = surge_context(verdict.causes, tenant_ids)
        self._keys.evaluate(PLATFORM_KEY, rule, now_us, verdict.goes_on, seen, now_us)
        self._keys.held.heed_incident(verdict.alert_type, held)
