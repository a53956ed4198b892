"""Custom rules on commits: every value that matters is judged, whatever is passed over."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tenantwatch_collector.alerts.condition import Condition, CustomRule
from tenantwatch_collector.alerts.rule import Severity
from tenantwatch_collector.engines.alerting.rules import RuleBook
from tenantwatch_collector.engines.rebuild import WatchedCheck
from tenantwatch_collector.store.base import ResultColumns, Tenant
from tenantwatch_wire.columns import MetricColumns

from tests.collector.engines.desk import SECOND, T0, Desk, check, said

TENANTS = {key: Tenant(key, f"t{key}", f"T{key}", "basic", 0) for key in (1, 2)}


def rule(rule_id: str = "cpu-high", **more: object) -> CustomRule:
    given = {"metric": "cpu", "condition": Condition.GREATER_THAN, "threshold": 90.0, **more}
    return CustomRule(rule_id, severity=Severity.WARNING, **given)  # type: ignore[arg-type]


def columns(*results: tuple[int, int, float, dict[str, float]]) -> ResultColumns:
    """(tenant_key, check_key, seconds after T0, metrics) of each result."""
    names = tuple(sorted({name for _, _, _, metrics in results for name in metrics}))
    triples = [
        (row, names.index(name), value)
        for row, (_, _, _, metrics) in enumerate(results)
        for name, value in metrics.items()
    ]
    return ResultColumns(
        np.array([r[0] for r in results], np.int64),
        np.array([r[1] for r in results], np.int64),
        np.array([T0 + int(r[2] * SECOND) for r in results], np.int64),
        np.zeros(len(results), np.uint8),
        np.full(len(results), -1, np.int64),
        metrics=MetricColumns(
            np.array([t[0] for t in triples], np.uint32),
            np.array([t[1] for t in triples], np.uint32),
            np.array([t[2] for t in triples], np.float64),
            names,
        ),
    )


def measure(desk: Desk, watched: WatchedCheck, at: float, cpu: float) -> list[tuple[str, str, str]]:
    found = columns((1, watched.check.check_key, at, {"cpu": cpu, "memory": 99.0}))
    desk.book.know_checks({watched.check.check_key: watched}, lambda _: 0)
    desk.book.measure(found, T0 + int(at * SECOND))
    return said(desk.tick(int(at)))


def test_a_metric_beyond_its_threshold_is_an_alert_of_its_own() -> None:
    desk, host = Desk(), check(1)
    desk.book.put_rules([rule(tenant="acme")], T0)
    assert measure(desk, host, 0, 50) == []
    assert measure(desk, host, 10, 95) == []
    assert said(desk.tick(70)) == [("firing", "warning", "cpu")]
    (record,) = desk.written.alerts
    assert (record.alert_name, record.alert_description) == ("cpu greater than 90", "web on a1: cpu is 95")
    assert measure(desk, host, 80, 90) == [("resolved", "warning", "cpu")]


def test_a_new_tenant_is_measured_before_the_rules_are_read_again() -> None:
    desk, host = Desk(), check(1)
    desk.book.name_tenants({2: TENANTS[2]})
    desk.book.put_rules([rule()], T0)
    desk.book.name_tenants(TENANTS)
    measure(desk, host, 0, 95)
    (record,) = desk.written.alerts
    assert record.alert_type == "cpu"


def test_it_may_have_to_last_and_to_happen_in_a_row() -> None:
    desk, host = Desk(), check(1)
    desk.book.put_rules([rule(for_seconds=30, failure_threshold=3, success_threshold=2)], T0)
    for at, cpu in ((0, 95), (10, 95), (20, 95)):
        measure(desk, host, at, cpu)
    assert desk.written.alerts == []
    measure(desk, host, 30, 95)
    assert [a.alert_type for a in desk.written.alerts] == ["cpu"]
    measure(desk, host, 40, 5)
    assert desk.written.alerts == []
    measure(desk, host, 50, 5)
    assert [a.status for a in desk.written.alerts] == ["resolved"]


def test_a_rule_that_is_removed_or_changed_holds_nothing_open() -> None:
    desk, host = Desk(), check(1)
    desk.book.put_rules([rule()], T0)
    measure(desk, host, 0, 95)
    desk.tick(60)
    desk.book.put_rules([rule(threshold=99.0)], T0 + 70 * SECOND)
    assert said(desk.tick(70)) == [("resolved", "warning", "cpu")]
    assert measure(desk, host, 80, 95) == []
    assert desk.written.alerts == []


def test_a_check_that_is_watched_no_more_holds_nothing_open_either() -> None:
    desk, host = Desk(), check(1)
    desk.book.put_rules([rule()], T0)
    measure(desk, host, 0, 95)
    desk.tick(60)
    desk.book.drop(host, T0 + 70 * SECOND)
    assert said(desk.tick(70)) == [("resolved", "warning", "cpu")]


RESULTS = st.lists(
    st.lists(
        st.tuples(st.integers(1, 2), st.integers(0, 2), st.integers(0, 9), st.booleans()),
        min_size=1,
        max_size=6,
    ),
    max_size=6,
)


@given(RESULTS)
def test_what_is_passed_over_would_have_changed_nothing(
    commits: list[list[tuple[int, int, int, bool]]],
) -> None:
    """Against looking at every value: the ones in between matter only after one that holds."""
    book, shown = RuleBook(), []
    book.put([rule(tenant="t1", threshold=5.0)], TENANTS)
    every: list[tuple[int, int, bool]] = []
    for number, commit in enumerate(commits):
        results = [
            (
                tenant,
                10 * tenant + which,
                100.0 * number + place,
                {"cpu": float(value)} if has else {"other": 1.0},
            )
            for place, (tenant, which, value, has) in enumerate(commit)
        ]
        every += [
            (key, T0 + int(at * SECOND), metrics["cpu"] > 5)
            for tenant, key, at, metrics in results
            if tenant == 1 and "cpu" in metrics
        ]
        for measured in book.measure(columns(*results)):
            shown.append((measured.check_key, measured.time_us, measured.holds))
            book.note(measured, is_calm=not measured.holds)
    assert [one for one in shown if one[2]] == [one for one in every if one[2]]
    missed = [one for one in every if one not in shown]
    # Whatever was passed over followed a value in order of the same check.
    for key, time_us, holds in missed:
        before = [one for one in every if one[0] == key and one[1] < time_us]
        assert not holds
        assert before
        assert not before[-1][2]
