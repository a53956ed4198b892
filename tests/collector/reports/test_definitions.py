"""What a check was at the time is what its results count as, whatever it became later."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tenantwatch_collector.health import Change, Group
from tenantwatch_collector.reports.agreements import UNITS
from tenantwatch_collector.reports.export import read_export
from tenantwatch_collector.reports.members import Members
from tenantwatch_collector.reports.service import Reports
from tenantwatch_collector.reports.signing import Signer, load_signer
from tenantwatch_collector.reports.verify import Note, verify
from tenantwatch_collector.sla import report
from tenantwatch_collector.sla.explain import explain
from tenantwatch_collector.store.base import TenantCheck
from tenantwatch_wire.records import CheckDefinition, Status

from tests.collector.reports.test_kept import backdate, exported, now
from tests.collector.reports.test_loading import (
    DAY_US,
    HTTP,
    START_US,
    Life,
    days,
    life,
    roll_up,
    same,
)

__all__ = ["life"]
OTHERWISE = replace(HTTP, kind="host_resources", group="machines", confirm_failures=9)
NOON_US = START_US + DAY_US // 2 + 437 * UNITS
"""Within a quarter of an hour."""


async def redefine(life: Life, definition: CheckDefinition, since_us: int | None = None) -> None:
    await life.store.register_checks(
        life.tenant.tenant_key, "a", [(definition, True)], complete=True, since_us=since_us
    )


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return load_signer(tmp_path / "key.pem")


@pytest.mark.parametrize("rolled_up", [False, True])
async def test_what_a_check_becomes_now_changes_no_figure_of_the_past(
    life: Life, signer: Signer, rolled_up: bool
) -> None:
    received = await life.arrive(days())
    if rolled_up:
        await roll_up(life.store)
    before, _, _ = await life.judged(received)
    final = await Reports(life.store, signer).tenant_report(life.tenant, now())
    for definition in (OTHERWISE, replace(HTTP, group="elsewhere"), HTTP):
        await redefine(life, definition)
    await life.store.register_checks(life.tenant.tenant_key, "a", [], complete=True)
    await redefine(life, OTHERWISE)
    assert (await life.judged(received))[0] == before
    found, expected, _ = await life.judged(now().as_of_us)
    same(found, expected)
    # Burn rates are of the instant asked for.
    assert report(found) | {"burn": None} == report(before) | {"burn": None}
    assert await Reports(life.store, signer).tenant_report(life.tenant, now()) == final
    said = list(verify(final, read_export(await exported(life, signer))))
    assert "acme: the exported terms are those in force" in said
    assert "acme: the exported changes are those that the exported results give" in said
    assert not [line for line in said if isinstance(line, Note) and "are told" in line]


async def test_a_change_within_a_period_is_one_from_that_instant_on(life: Life, signer: Signer) -> None:
    """From noon of the first day on it is of the host: neither its failures nor its latencies count."""
    await backdate(life, "check_version", in_force_from_us=START_US - DAY_US)
    await redefine(life, OTHERWISE, NOON_US)
    received = await life.arrive(days())
    raw, expected, _ = await life.judged(received)
    same(raw, expected)
    await roll_up(life.store)
    found, expected, loaded = await life.judged(now().as_of_us)
    same(found, expected)
    assert report(found) | {"burn": None} == report(raw) | {"burn": None}
    counted = sum(at < NOON_US for at, _, _ in days())
    assert (found.traffic.total, found.traffic.latency.count) == (counted, counted)
    assert found.basis.results < 6, "but for those around noon by rollups"
    assert [each.group for each in loaded.versions[-1].terms.checks] == ["http_endpoint", "machines"]
    assert sum(line.startswith("   a/http:") for line in explain(found)) == 2
    document = await Reports(life.store, signer).tenant_report(life.tenant, now())
    said = list(verify(json.loads(json.dumps(document)), read_export(await exported(life, signer))))
    assert said[-2] == "acme: the exported changes are those that the exported results give"


async def test_a_quarter_in_which_it_changed_is_named_where_its_results_are_gone(life: Life) -> None:
    await backdate(life, "check_version", in_force_from_us=START_US - DAY_US)
    await redefine(life, OTHERWISE, NOON_US)
    await life.arrive(days())
    await roll_up(life.store)
    await life.store.keep_raw_since(START_US + DAY_US)
    found, _, _ = await life.judged(now().as_of_us)
    quarter = 900 * UNITS
    assert (NOON_US // quarter * quarter, NOON_US) in found.basis.left_out


async def test_a_check_that_comes_back_keeps_its_earlier_time(life: Life) -> None:
    key, store = life.tenant.tenant_key, life.store
    await life.arrive(days())
    (first,) = await store.tenant_checks(key)
    await store.register_checks(key, "a", [], complete=True)
    await redefine(life, HTTP)
    _, _, loaded = await life.judged(now().as_of_us)
    before, after = loaded.versions[-1].terms.checks
    assert (before.active_from, after.active_to) == (START_US + 17 * UNITS, None)
    assert (first.active_since_us or 0) < (before.active_to or 0) < (after.active_from or 0)


def check(key: int, kind: str, since: int | None, until: int | None = None, group: str = "g") -> TenantCheck:
    return TenantCheck(key, "a", f"c{key}", kind, group, 1000, 1000, 3, 2, 33_000, since, until)


def spans(members: Members) -> Sequence[tuple[str, str, int | None, int | None]]:
    return [(c.check_id, c.group, c.active_from, c.active_to) for c in members.checks]


def test_a_group_has_the_role_of_those_who_are_in_it() -> None:
    """The web check leaves at 50 and comes back at 80; a host's resources alone inform, and no more."""
    checks = [
        check(1, "http_endpoint", 10, 50),
        check(1, "http_endpoint", 80),
        check(2, "host_resources", 20),
    ]
    members = Members.of(checks, {})
    assert members.groups == [Group("g", "critical"), Group("g (informational)", "informational")]
    assert spans(members) == [
        ("a/c1", "g", 10, 50),
        ("a/c1", "g", 80, None),
        ("a/c2", "g", 20, 50),
        ("a/c2", "g (informational)", 50, 80),
        ("a/c2", "g", 80, None),
    ]
    places = members.places()
    assert places.borders == [50, 80]
    assert [places.at(time) for time in (0, 49, 50, 80)] == [
        {1: "t", 2: "c"},
        {1: "t", 2: "c"},
        {1: "t", 2: "n"},
        {1: "t", 2: "c"},
    ]


def test_where_all_are_of_one_role_it_has_one() -> None:
    checks = [check(1, "http_endpoint", 10, 50), check(2, "redis_connectivity", None)]
    members = Members.of(checks, {})
    assert members.groups == [Group("g", "critical")]
    assert spans(members) == [("a/c1", "g", 10, 50), ("a/c2", "g", None, None)]
    assert members.places().borders == []


def test_a_member_since_its_first_result_if_that_was_kept_from_before() -> None:
    checks = [check(1, "http_endpoint", 100, 200), check(1, "http_endpoint", 300)]
    known = [Change(40, Status.HEALTHY), Change(210, Status.UNKNOWN), Change(280, Status.UNHEALTHY)]
    assert spans(Members.of(checks, {"a/c1": known})) == [("a/c1", "g", 40, 200), ("a/c1", "g", 280, None)]
    moved = [replace(checks[0], group="h"), replace(checks[1], active_since_us=200)]
    assert spans(Members.of(moved, {"a/c1": known})) == [("a/c1", "h", 40, 200), ("a/c1", "g", 200, None)]
