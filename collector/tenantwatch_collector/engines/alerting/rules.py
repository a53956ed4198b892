"""Rules on the metrics of a commit: which values deserve a look, without a loop over the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tenantwatch_collector.alerts.condition import LATENCY, Condition, CustomRule
from tenantwatch_collector.alerts.window import Aggregation, Window
from tenantwatch_collector.store.base import ResultColumns, Tenant

_SECOND_US = 1_000_000
_BEFORE_SECONDS = 3_600
"""As far back the value before the newest one is looked for."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a rule makes of one value: what it compares, and whether its condition holds."""

    rule: CustomRule
    check_key: int
    time_us: int
    value: float
    holds: bool | None
    """None while there is nothing to compare it with."""

    @property
    def text(self) -> str:
        """For people."""
        what = self.rule.metric
        if self.rule.condition is Condition.CHANGES_BY_PERCENT:
            return f"{what} changed by {self.value:+.4g} %"
        if self.rule.is_windowed:
            how = (self.rule.aggregation or Aggregation.AVG).value
            return f"{how} of {what} over {self.rule.window_seconds} s is {self.value:g}"
        return f"{what} is {self.value:g}"


@dataclass(frozen=True, slots=True)
class Values:
    """One metric of a commit, the values of one rule's tenants alone."""

    check_key: npt.NDArray[np.int64]
    time_us: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]

    def in_order(self) -> Values:
        """The same in order of time."""
        order = np.argsort(self.time_us, kind="stable")
        return Values(self.check_key[order], self.time_us[order], self.value[order])


@dataclass(slots=True)
class RuleBook:
    """The rules in force. A check whose last value was in order is passed over while it stays so."""

    _rules: dict[str, CustomRule] = field(default_factory=dict)
    _tenant_keys: dict[str, npt.NDArray[np.int64]] = field(default_factory=dict)
    _calm: dict[str, npt.NDArray[np.bool_]] = field(default_factory=dict)
    _windows: dict[str, dict[int, Window]] = field(default_factory=dict)
    _recalled: set[tuple[str, int]] = field(default_factory=set)

    def put(self, rules: Iterable[CustomRule], tenants: Mapping[int, Tenant]) -> list[CustomRule]:
        """These and no others; returns those that are changed or gone."""
        new = {rule.rule_id: rule for rule in rules}
        gone = [rule for rule_id, rule in self._rules.items() if new.get(rule_id) != rule]
        names = {rule.rule_id for rule in gone}
        self._calm = {name: calm for name, calm in self._calm.items() if name not in names}
        self._windows = {name: each for name, each in self._windows.items() if name not in names}
        self._recalled = {(name, tenant) for name, tenant in self._recalled if name not in names}
        self._rules = new
        self._tenant_keys = {rule.rule_id: _keys_of(rule, tenants) for rule in new.values()}
        return gone

    @property
    def rules(self) -> list[CustomRule]:
        return list(self._rules.values())

    def measure(self, columns: ResultColumns) -> Iterator[Measured]:
        """What the rules make of a commit, each metric's values in order of time."""
        for rule in self._rules.values():
            for values in self._of(rule, columns):
                if rule.condition is Condition.ABSENT:
                    yield from _newest(rule, values)
                elif rule.is_windowed:
                    yield from self._in_window(rule, values)
                else:
                    yield from self._loud(rule, values)

    def note(self, measured: Measured, is_calm: bool) -> None:
        """Whether the rule waits for nothing more of this check."""
        calm = self._calm.get(measured.rule.rule_id, np.zeros(0, bool))
        if measured.check_key >= len(calm):
            calm = np.concatenate([calm, np.zeros(measured.check_key + 64, bool)])
        calm[measured.check_key] = is_calm
        self._calm[measured.rule.rule_id] = calm

    def to_recall(self, columns: ResultColumns) -> dict[int, int]:
        """How far back (in µs) the results of which tenants are needed, before the commit is measured: a
        window that is empty because nobody listened would say what was never so. Asked once of each."""
        back: dict[int, int] = {}
        for rule in self._rules.values():
            if rule.is_windowed and any(True for _ in self._of(rule, columns)):
                mine = np.intersect1d(columns.tenant_key, self._tenant_keys[rule.rule_id])
                for tenant_key in mine.tolist():
                    if (rule.rule_id, tenant_key) not in self._recalled:
                        self._recalled.add((rule.rule_id, tenant_key))
                        seconds = rule.window_seconds or _BEFORE_SECONDS
                        back[tenant_key] = max(back.get(tenant_key, 0), seconds * _SECOND_US)
        return back

    def recall(self, check_key: int, tenant_key: int, time_us: int, metrics: Mapping[str, float]) -> None:
        """What was measured before anybody listened."""
        for rule in self._rules.values():
            value = metrics.get(rule.metric)
            if value is not None and rule.is_windowed and tenant_key in self._tenant_keys[rule.rule_id]:
                self._window(rule, check_key).add(time_us, value)

    def _of(self, rule: CustomRule, columns: ResultColumns) -> Iterator[Values]:
        """The values in a commit that the rule is about."""
        if rule.metric == LATENCY:
            rows = np.flatnonzero(columns.latency_us >= 0)
            yield from self._chosen(rule, columns, rows, columns.latency_us[rows] / 1000)
            return
        metrics = columns.metrics
        if rule.metric in metrics.names:
            chosen = metrics.name == metrics.names.index(rule.metric)
            rows = metrics.row[chosen].astype(np.int64)
            yield from self._chosen(rule, columns, rows, metrics.value[chosen])

    def _chosen(
        self,
        rule: CustomRule,
        columns: ResultColumns,
        rows: npt.NDArray[np.int64],
        values: npt.NDArray[np.float64],
    ) -> Iterator[Values]:
        if rule.tenant is not None or rule.tier is not None:
            mine = np.isin(columns.tenant_key[rows], self._tenant_keys[rule.rule_id])
            rows, values = rows[mine], values[mine]
        if len(rows):
            yield Values(columns.check_key[rows], columns.time_us[rows], values)

    def _loud(self, rule: CustomRule, values: Values) -> Sequence[Measured]:
        calm = self._calm.get(rule.rule_id)
        loud = rule.holds(values.value)
        if calm is None or values.check_key.max() >= len(calm):
            loud[:] = True
        else:
            loud |= ~calm[values.check_key]
        if not loud.any():
            return ()
        # Whatever a check says in this commit counts if anything of it does: values must be in a row.
        keys = values.check_key
        chosen = np.isin(keys, keys[loud])
        values = Values(keys[chosen], values.time_us[chosen], values.value[chosen]).in_order()
        holds = rule.holds(values.value)
        return [
            Measured(rule, key, time_us, value, is_bad)
            for key, time_us, value, is_bad in zip(
                values.check_key.tolist(),
                values.time_us.tolist(),
                values.value.tolist(),
                holds.tolist(),
                strict=True,
            )
        ]

    def _in_window(self, rule: CustomRule, values: Values) -> Iterator[Measured]:
        values = values.in_order()
        each = zip(values.check_key.tolist(), values.time_us.tolist(), values.value.tolist(), strict=True)
        for check_key, time_us, value in each:
            window = self._window(rule, check_key)
            window.add(time_us, value)
            yield judged_in_window(rule, window, check_key, time_us)

    def _window(self, rule: CustomRule, check_key: int) -> Window:
        windows = self._windows.setdefault(rule.rule_id, {})
        if check_key not in windows:
            windows[check_key] = Window(rule.window_seconds * _SECOND_US)
        return windows[check_key]


def judged_in_window(rule: CustomRule, window: Window, check_key: int, time_us: int) -> Measured:
    """What the rule makes of the window as it is at a moment."""
    if rule.condition is Condition.CHANGES_BY_PERCENT:
        value = window.change_percent(rule.aggregation, time_us)
    else:
        value = window.aggregate(rule.aggregation or Aggregation.AVG, time_us)
    holds = None if value != value else bool(rule.holds(np.array([value]))[0])
    return Measured(rule, check_key, time_us, value, holds)


def _newest(rule: CustomRule, values: Values) -> Iterator[Measured]:
    """For ``absent`` it only counts that there was a value, and when."""
    values = values.in_order()
    newest = dict(zip(values.check_key.tolist(), values.time_us.tolist(), strict=True))
    for check_key, time_us in newest.items():
        yield Measured(rule, check_key, time_us, 0.0, False)


def _keys_of(rule: CustomRule, tenants: Mapping[int, Tenant]) -> npt.NDArray[np.int64]:
    mine = [key for key, tenant in tenants.items() if rule.is_for(tenant.tenant_id, tenant.tier)]
    return np.array(mine, np.int64)
