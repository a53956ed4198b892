"""Metrics that are measured no more, and from when on that counts.

Who was never heard of is not missed. After a start every metric gets its full time again, so that our own
outage is nobody's absence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tenantwatch_collector.alerts.condition import CustomRule

_SECOND_US = 1_000_000
Missed = tuple[CustomRule, str]
"""(rule, member)."""


@dataclass(slots=True)
class Absences:
    """When each member of each rule of ``absent`` is missed, if nothing comes meanwhile."""

    _rules: dict[str, CustomRule] = field(default_factory=dict)
    _due_us: dict[tuple[str, str], int] = field(default_factory=dict)
    _first_us: int | None = None
    """No later than the first of them; found out anew once it has passed."""

    def heard(self, rule: CustomRule, member: str, now_us: int) -> bool:
        """The metric was measured; whether the member was not waited for before."""
        key = rule.rule_id, member
        is_new = key not in self._due_us
        self._rules[rule.rule_id] = rule
        self._due_us[key] = due_us = now_us + rule.window_seconds * _SECOND_US
        if self._first_us is None or due_us < self._first_us:
            self._first_us = due_us
        return is_new

    def wait_for(self, rule: CustomRule, member: str, now_us: int) -> None:
        """It was measured once, as far as is known; who is waited for already goes on being so."""
        if (rule.rule_id, member) not in self._due_us:
            self.heard(rule, member, now_us)

    def take_due(self, now_us: int) -> list[Missed]:
        """Those that are missed from now on, each once."""
        if self._first_us is None or self._first_us > now_us:
            return []
        due = [key for key, due_us in self._due_us.items() if due_us <= now_us]
        for key in due:
            del self._due_us[key]
        self._first_us = min(self._due_us.values(), default=None)
        return [(self._rules[rule_id], member) for rule_id, member in sorted(due)]

    def forget_rules(self, rule_ids: Iterable[str]) -> None:
        gone = set(rule_ids)
        self._due_us = {key: due for key, due in self._due_us.items() if key[0] not in gone}

    def forget_check(self, check_key: int) -> None:
        """The check is watched no more."""
        mine = str(check_key)
        self._due_us = {key: due for key, due in self._due_us.items() if key[1] != mine}

    def next_due_us(self) -> int | None:
        return self._first_us
