"""The built-in rules on checks, driven: a check that fails, one that is silent, and an agent that is."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache

from tenantwatch_wire.records import Status

from tenantwatch_collector.alerts.builtin import AGENT_SILENT, CHECK, FLAPPING, NO_DATA
from tenantwatch_collector.alerts.member import Phase
from tenantwatch_collector.alerts.rule import Rule, Severity, check_unhealthy_rule, no_data_rule
from tenantwatch_collector.engines.alerting.agents import agent_member, silent_context
from tenantwatch_collector.engines.alerting.keys import AlertKeys
from tenantwatch_collector.engines.alerting.silence import Silences, is_silent, last_heard
from tenantwatch_collector.engines.alerting.traits import agent_traits
from tenantwatch_collector.engines.checks import Judged
from tenantwatch_collector.engines.rebuild import WatchedCheck


class CheckRules:
    """``off`` are the built-in rules that are switched off."""

    def __init__(self, keys: AlertKeys, off: Collection[str]) -> None:
        self._keys = keys
        self._off = off
        self._silences = Silences(0)

    def judge(self, judged: Judged, now_us: int) -> None:
        """Evaluate the rules on one result. A late one never makes or ends an alert of what it saw, and
        neither does one of a check that nobody runs any more, such as an imported one."""
        if not judged.watched.check.active:
            return
        if judged.status is None and judged.watched.silent_us is not None:
            return  # It was not heard of by that, and its silence counts by the clock.
        self._listen(judged.watched, now_us)
        if judged.status is None or CHECK in self._off:
            return
        value = None if judged.status is Status.UNKNOWN else judged.status >= Status.DEGRADED
        confirmed = judged.watched.timeline.level
        severity = Severity.ERROR if confirmed is Status.UNHEALTHY else Severity.WARNING
        rule = self._failing(judged.watched)
        self._keys.evaluate_check(judged.watched, rule, judged.time_us, value, judged.text, now_us, severity)

    def take_up(self, watched: Iterable[WatchedCheck], now_us: int) -> None:
        """After a start: the silence of these may have begun before it."""
        self._silences.started_us = now_us
        for one in watched:
            if is_silent(one):
                self._silences.begin(one, now_us)

    def take_back(self, watched: WatchedCheck, now_us: int) -> None:
        """The check is watched again, or otherwise than before: a silent one gets its full time anew."""
        if is_silent(watched):
            self._silences.begin_anew(watched, now_us)

    def forget(self, watched: WatchedCheck) -> None:
        """The check is watched no more."""
        self._silences.end(watched)

    def tick(self, now_us: int) -> None:
        """Miss what was silent for its full time."""
        for watched in self._silences.take_due(now_us):
            self._miss(watched, now_us)

    def next_due_us(self) -> int | None:
        return self._silences.next_due_us()

    def is_idle(self, watched: WatchedCheck) -> bool:
        """Whether a healthy result of this check can be passed over."""
        rules = self._failing(watched), self._silent(watched), self._agent_silent(watched)
        return all(self._keys.is_quiet(watched.check.tenant_key, rule, False) for rule in rules)

    def _listen(self, watched: WatchedCheck, now_us: int) -> None:
        """Whatever brought this about, the check is now heard of or it is not."""
        if is_silent(watched):
            self._silences.begin(watched, now_us)
            return
        self._silences.end(watched)
        self._keys.evaluate_check(watched, self._silent(watched), now_us, False, "", now_us)
        if self._is_agent_missed(watched):
            self._keys.evaluate_check(watched, self._agent_silent(watched), now_us, False, "", now_us)
            for other in self._keys.agents.others(watched):
                if is_silent(other):
                    self._silences.begin_anew(other, now_us)

    def _miss(self, watched: WatchedCheck, now_us: int) -> None:
        """A check is silent: of its own, or because nothing at all is heard of its agent."""
        if self._is_agent_missed(watched):
            return
        if self._keys.agents.is_heard_without(watched) or AGENT_SILENT in self._off:
            if NO_DATA not in self._off:
                text = f"nothing was measured since {last_heard(watched, now_us)}"
                self._keys.evaluate_check(watched, self._silent(watched), now_us, True, text, now_us)
            return
        self._miss_agent(watched, now_us)

    def _miss_agent(self, watched: WatchedCheck, now_us: int) -> None:
        rule, tenant_key = self._agent_silent(watched), watched.check.tenant_key
        held = self._keys.speak_of(tenant_key, rule, (), agent_traits(watched.check))
        silent = sorted({*(name.removesuffix("/") for name in held.firing()), watched.check.agent_id})
        seen = silent_context(silent, watched.check.agent_id, last_heard(watched, now_us))
        self._keys.evaluate(tenant_key, rule, now_us, True, seen, now_us)
        self._keys.restless.update(other.check.check_key for other in self._keys.agents.others(watched))

    def _is_agent_missed(self, watched: WatchedCheck) -> bool:
        held = self._keys.held.get((watched.check.tenant_key, AGENT_SILENT))
        member = None if held is None else held.group.members.get(agent_member(watched))
        return member is not None and member.phase is Phase.FIRING

    def _failing(self, watched: WatchedCheck) -> Rule:
        check = watched.check
        return _failing(
            self._tenant_id(watched),
            check.check_key,
            check.definition.kind,
            check.definition.confirm_failures,
            check.definition.confirm_successes,
            FLAPPING not in self._off,
        )

    def _silent(self, watched: WatchedCheck) -> Rule:
        return _silent(self._tenant_id(watched), watched.check.check_key)

    def _agent_silent(self, watched: WatchedCheck) -> Rule:
        return Rule(agent_member(watched), self._tenant_id(watched), AGENT_SILENT, Severity.WARNING)

    def _tenant_id(self, watched: WatchedCheck) -> str:
        return self._keys.tenants[watched.check.tenant_key].tenant_id


@lru_cache(maxsize=100_000)
def _failing(
    tenant: str, check_key: int, kind: str, failures: int, successes: int, flap_detection: bool
) -> Rule:
    return check_unhealthy_rule(tenant, str(check_key), kind, failures, successes, flap_detection)


@lru_cache(maxsize=100_000)
def _silent(tenant: str, check_key: int) -> Rule:
    return no_data_rule(tenant, str(check_key))
