"""The built-in rules, driven: results and silence into the alert machine, messages out of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache

from tenantwatch_wire.records import CHECK_KINDS, Status

from tenantwatch_collector.alerts.builtin import AGENT_SILENT, CHECK, FLAPPING, NO_DATA, TENANT_DOWN
from tenantwatch_collector.alerts.condition import CustomRule
from tenantwatch_collector.alerts.machine import (
    acknowledge,
    drop_member,
    evaluate,
    is_moved,
    is_quiet,
    resolve,
    tick,
)
from tenantwatch_collector.alerts.member import Phase
from tenantwatch_collector.alerts.routing import Routing
from tenantwatch_collector.alerts.rule import (
    Evaluation,
    Policy,
    Rule,
    Severity,
    check_unhealthy_rule,
    no_data_rule,
    tenant_down_rule,
)
from tenantwatch_collector.alerts.suppression import Inhibition, Silence
from tenantwatch_collector.engines.agents import Agents, agent_member, silent_context
from tenantwatch_collector.engines.alert_facts import (
    context,
    finding_context,
    is_reported,
    reported,
)
from tenantwatch_collector.engines.checks import Judged
from tenantwatch_collector.engines.findings import Finding
from tenantwatch_collector.engines.groups import HeldGroups
from tenantwatch_collector.engines.held import Key, Origin
from tenantwatch_collector.engines.measures import MetricRules
from tenantwatch_collector.engines.owed import Owed
from tenantwatch_collector.engines.rebuild import WatchedCheck
from tenantwatch_collector.engines.silence import Silences, is_silent, last_heard
from tenantwatch_collector.engines.surge import Surges, Verdict, surge_context
from tenantwatch_collector.engines.tenants import down_context, failing_checks, is_down
from tenantwatch_collector.engines.traits import agent_traits, shared_traits, traits_of
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
        self._routing = routing
        self._dashboard_url = dashboard_url
        self._inhibitions = tuple(inhibitions)
        self._tenants: Mapping[int, Tenant] = {}
        self._held = HeldGroups(inhibitions)
        self._owed = Owed(self._held, channels, dashboard_url)
        self._silences = Silences(0)
        self._agents = Agents()
        self._surges = Surges()
        self.metrics = MetricRules(self._held, self._evaluate_metric)
        self._checks: Mapping[int, WatchedCheck] = {}
        self._quiet: Sequence[Silence] = ()
        self.restless: set[int] = set()
        """The checks whose next results, however healthy, must not be passed over any more."""

    def fresh(self) -> AlertBook:
        """An empty book with the same settings."""
        book = AlertBook(self._channels, self._routing, self._dashboard_url, self._inhibitions, self.off)
        book.name_tenants(self._tenants)
        book.put_rules(self.metrics.rules, 0)
        book.keep_quiet(self._quiet)
        return book

    def load(self, judged: JudgedState) -> None:
        for kept in judged.alert_keys:
            self._held.load(kept)

    def name_tenants(self, tenants: Mapping[int, Tenant]) -> None:
        self._tenants = tenants
        self.metrics.name_tenants(tenants)
        self._surges.tenant_count = len(tenants)

    def know_checks(self, checks: Mapping[int, WatchedCheck], heard_us: Callable[[int], int]) -> None:
        """All checks there are, by key: what they have in common explains what fails together.

        ``heard_us`` says when the last result of a check was."""
        self._checks = checks
        self._agents.know(checks.values(), heard_us)
        self._surges.know(checks.values())

    def judge(self, judged: Judged, now_us: int) -> None:
        """Evaluate the rules on one result. A late one never makes or ends an alert of what it saw, and
        neither does one of a check that nobody runs any more, such as an imported one."""
        if not judged.watched.check.active:
            return
        if judged.status is None and judged.watched.silent_us is not None:
            return  # It was not heard of by that, and its silence counts by the clock.
        self._listen(judged.watched, now_us)
        if judged.status is None or CHECK in self.off:
            return
        value = None if judged.status is Status.UNKNOWN else judged.status >= Status.DEGRADED
        confirmed = judged.watched.timeline.level
        severity = Severity.ERROR if confirmed is Status.UNHEALTHY else Severity.WARNING
        rule = self._rule(judged.watched)
        self._evaluate(judged.watched, rule, judged.time_us, value, severity, judged.text, now_us)

    def put_rules(self, rules: Iterable[CustomRule], now_us: int) -> None:
        """These rules on metrics and no others. What is changed or gone holds nothing open any more."""
        for rule in self.metrics.put(rules, self._tenants, now_us):
            for key, held in self._held.items():
                for member in [m for m in held.group.members if m.startswith(f"{rule.rule_id}:")]:
                    outcome = drop_member(held.group, member, now_us, self._policy(key, now_us))
                    self._owed.note(key, held, outcome, now_us)

    def route(self, routing: Routing) -> None:
        """From now on these are told."""
        self._routing = routing

    def keep_quiet(self, silences: Sequence[Silence]) -> None:
        """In these times nobody is told, but for ends."""
        self._quiet = silences
        self._held.keep_quiet(silences)

    def measure(self, columns: ResultColumns, now_us: int) -> None:
        """Evaluate the rules on a commit's metrics."""
        self.metrics.measure(columns, self._checks, now_us)

    def minds(self, findings: Sequence[Finding]) -> bool:
        """Whether any of them could change something, though none holds."""
        return any((finding.tenant_key, finding.alert_type) in self._held for finding in findings)

    def find(self, finding: Finding, now_us: int) -> None:
        """Evaluate a condition that another engine judged: of a service level."""
        key = finding.tenant_key, finding.alert_type
        held = self._held.get(key)
        if finding.tenant_key not in self._tenants or finding.alert_type in self.off:
            return
        rule = Rule(
            finding.rule_id,
            self._tenants[finding.tenant_key].tenant_id,
            finding.alert_type,
            finding.severity,
        )
        if is_quiet(None if held is None else held.group, rule, finding.holds):
            return
        evaluation = Evaluation(
            rule.rule_id, rule.tenant, rule.alert_type, now_us, finding.holds, finding.severity
        )
        seen = finding_context(finding)
        self._apply(key, rule, evaluation, seen, now_us)

    def take_up(self, watched: Iterable[WatchedCheck], now_us: int) -> None:
        """After a start: the silence of these may have begun before it."""
        self._silences.started_us = now_us
        for one in watched:
            if is_silent(one):
                self._silences.begin(one, now_us)
        self.metrics.take_up(now_us)
        self._end_what_is_off(now_us)

    def _end_what_is_off(self, now_us: int) -> None:
        """What a rule opened that is switched off meanwhile is over."""
        for key, held in self._held.items():
            kind_is_off = CHECK in self.off and key[1] in CHECK_KINDS
            gone = [m for m in held.group.members if key[1] in self.off or (kind_is_off and m.isdigit())]
            for member in gone:
                self._owed.note(
                    key, held, drop_member(held.group, member, now_us, self._policy(key, now_us)), now_us
                )

    def tenant_is(self, state: TenantState, now_us: int) -> None:
        """Evaluate the rule "tenant down". Unknown neither opens nor ends it."""
        tenant = self._tenants.get(state.tenant_key)
        if tenant is None or TENANT_DOWN in self.off:
            return
        key, rule = (state.tenant_key, TENANT_DOWN), tenant_down_rule(tenant.tenant_id)
        held, checks = self._held.get(key), self._agents.of_tenant(state.tenant_key)
        value = is_down(state) if checks else False
        if is_quiet(None if held is None else held.group, rule, value):
            return
        failing = failing_checks(checks, state)
        if value:
            named = tuple(sorted({one.check.definition.check_id for one in failing}))
            origin = Origin(named, shared_traits(failing))
            self._held.of(key, rule.tenant).origins[rule.rule_id] = origin
        if value and held is not None and held.group.is_firing:
            self._owed.change(key, held)
            return
        evaluation = Evaluation(rule.rule_id, rule.tenant, rule.alert_type, now_us, value)
        self._apply(key, rule, evaluation, down_context(state, failing), now_us)

    def drop(self, watched: WatchedCheck, now_us: int) -> None:
        """The check is watched no more: it holds nothing open, nor does its agent if it was the last one."""
        self._silences.end(watched)
        self.metrics.forget(watched.check.check_key)
        mine = str(watched.check.check_key)
        agent = "" if self._agents.others(watched) else agent_member(watched)
        for key, held in self._held.items():
            if key[0] == watched.check.tenant_key:
                for member in [m for m in held.group.members if m.rpartition(":")[2] == mine or m == agent]:
                    outcome = drop_member(held.group, member, now_us, self._policy(key, now_us))
                    self._owed.note(key, held, outcome, now_us)

    def take_back(self, watched: WatchedCheck, now_us: int) -> None:
        """The check is watched again, or otherwise than before: a silent one gets its full time anew."""
        if is_silent(watched):
            self._silences.begin_anew(watched, now_us)

    def leave(self, now_us: int) -> None:
        """Nobody is told of a tenant that was deleted: what is open of it is over."""
        gone = {key for key, tenant in self._tenants.items() if tenant.deleted_at_us is not None}
        for key, held in self._held.items() if gone else ():
            alert = held.group.open_alert
            if key[0] in gone and alert is not None:
                outcome = resolve(held.group, alert.alert_id, now_us, self._policy(key, now_us))
                held.group.members.clear()
                self._owed.note(key, held, outcome, now_us)

    def obey(self, command: AlertCommand, now_us: int) -> None:
        """Acknowledge, resolve or create; a command for an alert that is over meanwhile changes nothing."""
        self._owed.obeyed.append(command.command_id)
        if command.action == "create":
            self._report(command, now_us)
            return
        for key, held in self._held.items():
            alert = held.group.open_alert
            if key[0] == command.tenant_key and alert is not None and alert.alert_id == command.alert_id:
                act = acknowledge if command.action == "acknowledge" else resolve
                outcome = act(held.group, alert.alert_id, now_us, self._policy(key, now_us))
                self._owed.note(key, held, outcome, now_us, command)
                if command.action == "resolve" and is_reported(alert.alert_type):
                    # Nothing measures it: whoever reports it again means it.
                    held.group.members.clear()

    def _report(self, command: AlertCommand, now_us: int) -> None:
        """Open the alert that somebody reports, or count it once more while it is open."""
        known = self._tenants.get(command.tenant_key)
        if known is None and command.tenant_key != PLATFORM_KEY:
            return
        alert_type, severity, seen = reported(command)
        tenant_id = PLATFORM if known is None else known.tenant_id
        rule = Rule("reported", tenant_id, alert_type, severity)
        evaluation = Evaluation("reported", tenant_id, alert_type, command.created_at_us, True, severity)
        self._apply((command.tenant_key, alert_type), rule, evaluation, seen, now_us)

    def tick(self, now_us: int) -> None:
        """Say what is due by the clock."""
        for watched in self._silences.take_due(now_us):
            self._miss(watched, now_us)
        self.metrics.miss(self._checks, now_us)
        for verdict in self._surges.judge(self._held, now_us):
            self._obey_verdict(verdict, now_us)
        for key, held, suppression in self._held.take_due(now_us):
            if suppression.active:
                self._owed.withhold(key, held, suppression.reason, now_us)
                continue
            held.withheld = ""
            outcome = tick(held.group, now_us, self._policy(key, now_us), suppression)
            self._owed.note(key, held, outcome, now_us)

    def is_idle(self, watched: WatchedCheck) -> bool:
        """Whether a healthy result of this check can be passed over."""
        return all(
            is_quiet(None if held is None else held.group, rule, False)
            for rule in (self._rule(watched), self._silence_rule(watched), self._agent_rule(watched))
            for held in [self._held.get((watched.check.tenant_key, rule.alert_type))]
        )

    def next_due_us(self) -> int | None:
        """When the clock alone brings something about."""
        dues = (self._held.next_due_us(), self._silences.next_due_us(), self.metrics.next_due_us())
        return min((due for due in dues if due is not None), default=None)

    def collect(self, judgement: Judgement) -> None:
        """Hand over what was found, to be written."""
        self._owed.collect(judgement)

    def _listen(self, watched: WatchedCheck, now_us: int) -> None:
        """Whatever brought this about, the check is now heard of or it is not."""
        if is_silent(watched):
            self._silences.begin(watched, now_us)
            return
        self._silences.end(watched)
        self._evaluate(watched, self._silence_rule(watched), now_us, False, None, "", now_us)
        if self._is_agent_missed(watched):
            self._evaluate(watched, self._agent_rule(watched), now_us, False, None, "", now_us)
            for other in self._agents.others(watched):
                if is_silent(other):
                    self._silences.begin_anew(other, now_us)

    def _miss(self, watched: WatchedCheck, now_us: int) -> None:
        """A check is silent: of its own, or because nothing at all is heard of its agent."""
        if self._is_agent_missed(watched):
            return
        if self._agents.is_heard_without(watched) or AGENT_SILENT in self.off:
            if NO_DATA not in self.off:
                text = f"nothing was measured since {last_heard(watched, now_us)}"
                self._evaluate(watched, self._silence_rule(watched), now_us, True, None, text, now_us)
            return
        rule, key = self._agent_rule(watched), (watched.check.tenant_key, AGENT_SILENT)
        held = self._held.of(key, rule.tenant)
        held.origins[rule.rule_id] = Origin((), agent_traits(watched.check))
        silent = sorted({*(name.removesuffix("/") for name in held.firing()), watched.check.agent_id})
        seen = silent_context(silent, watched.check.agent_id, last_heard(watched, now_us))
        evaluation = Evaluation(rule.rule_id, rule.tenant, rule.alert_type, now_us, True)
        self._apply(key, rule, evaluation, seen, now_us)
        self.restless.update(other.check.check_key for other in self._agents.others(watched))

    def _is_agent_missed(self, watched: WatchedCheck) -> bool:
        held = self._held.get((watched.check.tenant_key, AGENT_SILENT))
        member = None if held is None else held.group.members.get(agent_member(watched))
        return member is not None and member.phase is Phase.FIRING

    def _evaluate(
        self,
        watched: WatchedCheck,
        rule: Rule,
        time_us: int,
        value: bool | None,
        severity: Severity | None,
        text: str,
        now_us: int,
        name: str = "",
    ) -> None:
        key = watched.check.tenant_key, rule.alert_type
        held = self._held.get(key)
        if is_quiet(None if held is None else held.group, rule, value):
            return
        if value:
            origin = Origin((watched.check.definition.check_id,), tuple(sorted(traits_of(watched.check))))
            self._held.of(key, rule.tenant).origins[rule.rule_id] = origin
        evaluation = Evaluation(rule.rule_id, rule.tenant, rule.alert_type, time_us, value, severity)
        self._apply(key, rule, evaluation, context(watched, text, name), now_us)

    def _evaluate_metric(
        self,
        watched: WatchedCheck,
        rule: Rule,
        time_us: int,
        value: bool | None,
        text: str,
        now_us: int,
        name: str,
        kept: bool = False,
    ) -> None:
        if kept:
            evaluation = Evaluation(rule.rule_id, rule.tenant, rule.alert_type, time_us, value)
            self._apply((watched.check.tenant_key, rule.alert_type), rule, evaluation, {}, now_us)
        else:
            self._evaluate(watched, rule, time_us, value, None, text, now_us, name)

    def _apply(self, key: Key, rule: Rule, evaluation: Evaluation, seen: dict[str, str], now_us: int) -> None:
        held = self._held.of(key, rule.tenant)
        was_moved = is_moved(held.group)
        outcome = evaluate(held.group, rule, evaluation, self._policy(key, now_us))
        if evaluation.value:
            held.context = seen
        if rule.flap_detection and is_moved(held.group) and not was_moved:
            # From now on every result counts, of each check that shares the alert.
            self.restless.update(self._agents.of_kind(*key))
        self._owed.note(key, held, outcome, now_us)

    def _obey_verdict(self, verdict: Verdict, now_us: int) -> None:
        """Open, widen or end an incident of the platform."""
        key = PLATFORM_KEY, verdict.alert_type
        held = self._held.of(key, PLATFORM)
        if not held.group.is_firing:
            held.opened_at_us = now_us
        held.causes = verdict.causes
        if not verdict.goes_on:
            held.ended_at_us = now_us
        tenants = (self._tenants.get(tenant_key) for tenant_key in verdict.tenant_keys)
        tenant_ids = [tenant.tenant_id for tenant in tenants if tenant is not None]
        seen = surge_context(verdict.causes, tenant_ids)
        rule = Rule(PLATFORM, PLATFORM, verdict.alert_type, Severity.CRITICAL)
        evaluation = Evaluation(PLATFORM, PLATFORM, verdict.alert_type, now_us, verdict.goes_on)
        self._apply(key, rule, evaluation, seen, now_us)
        self._held.heed_incident(verdict.alert_type, held)

    def _silence_rule(self, watched: WatchedCheck) -> Rule:
        check = watched.check
        return _no_data_rule(self._tenants[check.tenant_key].tenant_id, check.check_key)

    def _agent_rule(self, watched: WatchedCheck) -> Rule:
        tenant_id = self._tenants[watched.check.tenant_key].tenant_id
        return Rule(agent_member(watched), tenant_id, AGENT_SILENT, Severity.WARNING)

    def _policy(self, key: Key, now_us: int) -> Policy:
        tenant_key, alert_type = key
        if tenant_key == PLATFORM_KEY:
            return self._routing.policy_for(PLATFORM, "", alert_type, now_us)
        tenant = self._tenants[tenant_key]
        return self._routing.policy_for(tenant.tenant_id, tenant.tier, alert_type, now_us)

    def _rule(self, watched: WatchedCheck) -> Rule:
        check = watched.check
        return _check_rule(
            self._tenants[check.tenant_key].tenant_id,
            check.check_key,
            check.definition.kind,
            check.definition.confirm_failures,
            check.definition.confirm_successes,
            FLAPPING not in self.off,
        )


@lru_cache(maxsize=100_000)
def _check_rule(
    tenant: str, check_key: int, kind: str, failures: int, successes: int, flap_detection: bool
) -> Rule:
    return check_unhealthy_rule(tenant, str(check_key), kind, failures, successes, flap_detection)


@lru_cache(maxsize=100_000)
def _no_data_rule(tenant: str, check_key: int) -> Rule:
    return no_data_rule(tenant, str(check_key))
