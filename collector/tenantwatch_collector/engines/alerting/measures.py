"""The rules on metrics, driven: a commit's values and the lack of values into the alert machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tenantwatch_collector.alerts.condition import Condition, CustomRule
from tenantwatch_collector.alerts.member import Phase
from tenantwatch_collector.alerts.rule import Rule
from tenantwatch_collector.engines.alerting.absence import Absences
from tenantwatch_collector.engines.alerting.keys import AlertKeys
from tenantwatch_collector.engines.alerting.rules import Measured, RuleBook
from tenantwatch_collector.engines.rebuild import WatchedCheck
from tenantwatch_collector.store.base import ResultColumns

TICKS_PER_SECOND = 1_000_000


class MetricRules:
    """The rules in force, with what they remember of each check."""

    def __init__(self, keys: AlertKeys) -> None:
        self._keys = keys
        self._rules = RuleBook()
        self._absences = Absences()

    @property
    def rules(self) -> list[CustomRule]:
        return self._rules.rules

    def put(self, rules: Iterable[CustomRule], now_us: int) -> list[CustomRule]:
        """These and no others; returns those that are changed or gone, which hold nothing open any more."""
        gone = self._rules.put(rules, self._keys.tenants)
        self._absences.forget_rules(rule.rule_id for rule in gone)
        self.take_up(now_us)
        return gone

    def take_up(self, now_us: int) -> None:
        """What an earlier engine waited for is waited for again, its full time."""
        for rule in self._rules.rules:
            if rule.condition is not Condition.ABSENT:
                continue
            prefix = f"{rule.rule_id}:"
            for (_, alert_type), held in self._keys.held.items():
                if alert_type == rule.alert_type:
                    for name, member in held.group.members.items():
                        if name.startswith(prefix) and member.phase is Phase.INACTIVE:
                            self._absences.wait_for(rule, name.removeprefix(prefix), now_us)

    def to_recall(self, columns: ResultColumns) -> dict[int, int]:
        """How far back, in µs, the results of which tenants are needed before this commit is measured."""
        return self._rules.to_recall(columns)

    def recall(self, check_key: int, tenant_key: int, time_us: int, metrics: Mapping[str, float]) -> None:
        """A result of before anybody listened."""
        self._rules.recall(check_key, tenant_key, time_us, metrics)

    def measure(self, columns: ResultColumns, watched: Mapping[int, WatchedCheck], now_us: int) -> None:
        """Evaluate the rules on a commit."""
        for measured in self._rules.measure(columns):
            one = watched[measured.check_key]
            if not one.check.active:
                continue
            if measured.rule.condition is Condition.ABSENT:
                self._heard(measured, one, now_us)
                continue
            rule = self._of(measured.rule, one, str(measured.check_key))
            self._keys.evaluate_check(
                one, rule, measured.time_us, measured.holds, measured.text, now_us, name=measured.rule.name
            )
            self._rules.note(measured, self._keys.is_quiet(one.check.tenant_key, rule, False))

    def miss(self, watched: Mapping[int, WatchedCheck], now_us: int) -> None:
        """What has not been measured for too long."""
        for custom, member in self._absences.take_due(now_us):
            one = watched.get(int(member))
            if one is not None and one.check.active:
                text = f"{custom.metric} was not measured for {custom.window_seconds} s"
                rule = self._of(custom, one, member)
                self._keys.evaluate_check(one, rule, now_us, True, text, now_us, name=custom.name)

    def forget(self, check_key: int) -> None:
        """The check is watched no more."""
        self._absences.forget_check(check_key)

    def next_due_us(self) -> int | None:
        return self._absences.next_due_us()

    def _heard(self, measured: Measured, watched: WatchedCheck, now_us: int) -> None:
        """Kept the first time although nothing holds: so that it is missed after a restart too."""
        if self._absences.heard(measured.rule, str(measured.check_key), now_us):
            rule = self._of(measured.rule, watched, str(measured.check_key))
            self._keys.evaluate(watched.check.tenant_key, rule, now_us, False, {}, now_us)

    def _of(self, rule: CustomRule, watched: WatchedCheck, member: str) -> Rule:
        return rule.of(self._keys.tenants[watched.check.tenant_key].tenant_id, member, TICKS_PER_SECOND)
