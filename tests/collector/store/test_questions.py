"""Questions: what was kept comes back as it was, page by page, and a tenant's alone."""

from __future__ import annotations

from tenantwatch_collector.store.base import (
    Place,
    Store,
)
from tenantwatch_wire.records import CheckDefinition, Status

from tests.collector.store.given import SECOND, T0, batch, tenant_with_check


async def test_results_come_back_as_they_were_sent(store: Store) -> None:
    tenant, check = await tenant_with_check(store)
    await store.commit([batch(check, 1, 3)])
    found = await store.results(tenant.tenant_key, T0, T0 + 60 * SECOND, 10, "", None)
    assert [(r.check_id, r.status, r.latency_us) for r in found] == [("web", Status.HEALTHY, 1500)] * 3
    assert [r.text for r in found] == ["", "", "text of the first"]
    assert [r.metrics for r in found] == [{"tls_ms": 1.5}, {}, {}]


async def test_pages_of_history_neither_repeat_nor_skip(store: Store) -> None:
    tenant, check = await tenant_with_check(store)
    await store.commit([batch(check, 1, 25)])
    seen: list[int] = []
    before: Place | None = None
    while page := await store.results(tenant.tenant_key, T0, T0 + 99 * SECOND, 10, "web", before):
        seen += [(r.time_us - T0) // SECOND for r in page]
        before = page[-1].place
    assert seen == list(range(25, 0, -1))


async def test_a_tenants_questions_never_answer_anothers(store: Store) -> None:
    mine, my_check = await tenant_with_check(store, "mine")
    _, other_check = await tenant_with_check(store, "other")
    await store.commit([batch(my_check, 1, 1), batch(other_check, 1, 4)])
    found = await store.results(mine.tenant_key, T0, T0 + 99 * SECOND, 100, "", None)
    recent = await store.recent_results(mine.tenant_key, 100)
    assert {r.tenant_id for r in [*found, *recent]} == {"mine"}
    assert [h.tenant.tenant_id for h in await store.tenant_health(mine.tenant_key)] == ["mine"]
    assert {h.check.check_key for h in await store.check_health(mine.tenant_key)} == {my_check.check_key}


async def test_a_check_its_agent_names_no_more_is_retired(store: Store) -> None:
    tenant, check = await tenant_with_check(store)
    other = CheckDefinition("db", "database_connectivity", 60_000, 10_000)
    await store.register_checks(tenant.tenant_key, "a1", [(other, True)], complete=True)
    active = {c.definition.check_id: c.active for c in await store.checks()}
    assert active == {"web": False, "db": True}
    assert check.check_key in {c.check_key for c in await store.checks()}
