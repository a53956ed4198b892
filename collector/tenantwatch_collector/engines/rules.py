"""Custom rules on the metrics of a commit: which values deserve a look, without a loop over the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tenantwatch_collector.alerts.condition import CustomRule
from tenantwatch_collector.store.base import ResultColumns, Tenant


@dataclass(frozen=True, slots=True)
class Measured:
    """One value of a metric that a rule is about, and whether the rule's condition holds for it."""

    rule: CustomRule
    check_key: int
    time_us: int
    value: float
    holds: bool


@dataclass(slots=True)
class RuleBook:
    """The rules in force. A check whose last value was in order is passed over while it stays so."""

    _rules: dict[str, CustomRule] = field(default_factory=dict)
    _tenant_keys: dict[str, npt.NDArray[np.int64]] = field(default_factory=dict)
    _calm: dict[str, set[int]] = field(default_factory=dict)

    def put(self, rules: Iterable[CustomRule], tenants: Mapping[int, Tenant]) -> list[CustomRule]:
        """These and no others; returns those that are changed or gone."""
        new = {rule.rule_id: rule for rule in rules}
        gone = [rule for rule_id, rule in self._rules.items() if new.get(rule_id) != rule]
        for rule in gone:
            self._calm.pop(rule.rule_id, None)
        self._rules = new
        self._tenant_keys = {rule.rule_id: _keys_of(rule, tenants) for rule in new.values()}
        return gone

    @property
    def rules(self) -> list[CustomRule]:
        return list(self._rules.values())

    def measure(self, columns: ResultColumns) -> Iterator[Measured]:
        """What the rules make of a commit, each rule's values in order of time."""
        places = {name: place for place, name in enumerate(columns.metrics.names)}
        for rule in self._rules.values():
            if rule.metric in places:
                yield from self._of_rule(rule, columns, places[rule.metric])

    def note(self, measured: Measured, is_calm: bool) -> None:
        """Whether the rule waits for nothing more of this check."""
        calm = self._calm.setdefault(measured.rule.rule_id, set())
        (calm.add if is_calm else calm.discard)(measured.check_key)

    def _of_rule(self, rule: CustomRule, columns: ResultColumns, place: int) -> Sequence[Measured]:
        metrics = columns.metrics
        chosen = metrics.name == place
        rows, values = metrics.row[chosen].astype(np.int64), metrics.value[chosen]
        mine = np.isin(columns.tenant_key[rows], self._tenant_keys[rule.rule_id])
        rows, values = rows[mine], values[mine]
        holds, keys = rule.holds(values), columns.check_key[rows]
        calm = self._calm.get(rule.rule_id)
        loud = np.ones(len(rows), bool) if not calm else holds | ~np.isin(keys, list(calm))
        # Whatever a check says in this commit counts if anything of it does: rows must be in a row.
        loud = np.isin(keys, keys[loud])
        order = np.flatnonzero(loud)
        order = order[np.argsort(columns.time_us[rows[order]], kind="stable")]
        return [
            Measured(rule, int(keys[i]), int(columns.time_us[rows[i]]), float(values[i]), bool(holds[i]))
            for i in order.tolist()
        ]


def _keys_of(rule: CustomRule, tenants: Mapping[int, Tenant]) -> npt.NDArray[np.int64]:
    mine = [key for key, tenant in tenants.items() if rule.is_for(tenant.tenant_id, tenant.tier)]
    return np.array(mine, np.int64)
