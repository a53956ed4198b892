"""`store verify` on every store there is: what holds is said to hold, what was tampered with is named."""

from __future__ import annotations

from collections.abc import Sequence

from tenantwatch_collector.engines.rollups import RollupEngine
from tenantwatch_collector.engines.verify import Verifier, told_of
from tenantwatch_collector.store.base import (
    CheckChange,
    CheckState,
    Delivery,
    Gap,
    Judgement,
    RefusedBatch,
    Store,
    StoredCheck,
)
from tenantwatch_wire.records import Status

from tests.collector.store.conftest import Place
from tests.collector.store.given import SECOND, T0, batch, position, tenant_with_check

DAY = 86_400 * SECOND
LATER = T0 + 3 * DAY


def later() -> int:
    return LATER


async def fill(store: Store) -> StoredCheck:
    """Commits with results, a gap and a refused batch; a confirmed change; rollups of all of it."""
    tenant, check = await tenant_with_check(store)
    await store.commit([batch(check, 1, 900)])
    await store.commit(
        [batch(check, 901, 100), Delivery(1001, position(check, 1003), gap=Gap(T0, T0, "full"))]
    )
    await store.commit([Delivery(1004, position(check, 1004), refused=RefusedBatch("garbled", b"x"))])
    await store.commit([batch(check, 1500, 2)])
    ids = tenant.tenant_key, check.check_key
    changes = [CheckChange(*ids, T0 + SECOND, Status.HEALTHY, T0 + 2 * SECOND)]
    states = [CheckState(*ids, Status.HEALTHY, T0 + SECOND, 4, T0 + 1501 * SECOND, "{}")]
    await store.write_judgement(Judgement(4, changes=changes, checks=states))
    # Twice, as a running engine does: the quarter that is still open at first is over then.
    engine = RollupEngine(store, lambda: now_us)
    for now_us in (LATER - DAY, LATER):  # noqa: B007
        await engine.catch_up()
    return check


async def said(store: Store, whole: bool = True) -> Sequence[str]:
    return [line async for verdict in Verifier(store, whole, now_us=later).run() for line in told_of(verdict)]


async def test_what_holds_is_said_to_hold(store: Store) -> None:
    check = await fill(store)
    found = await said(store, whole=False)
    assert [line for line in found if not line.startswith("holds: ")] == []
    assert "holds: log: 4 commits 1 to 4, none missing, each later than the last" in found
    assert [line for line in found if "rollups: 5 spans are what a recount gives; 0 are" in line], found
    await store.commit([batch(check, 2000, 1, "late")])
    assert "holds: rollups: 3 spans are what a recount gives; 3 are still to be made" in await said(store)
    await store.keep_raw_since(T0 + 600 * SECOND)
    assert [line for line in await said(store) if not line.startswith("holds: ")] == []


async def test_an_empty_store_holds(store: Store) -> None:
    assert [line for line in await said(store) if not line.startswith("holds: ")] == []


async def test_what_was_tampered_with_is_named(store: Store, place: Place) -> None:
    await fill(store)
    for sql in (
        f"DELETE FROM result WHERE time_us = {T0 + 5 * SECOND}",
        "UPDATE commit_log SET touched = substr(touched, 1, 16) WHERE commit_id = 2",
        f"UPDATE rollup SET degraded_ms = 7 WHERE width_s = 3600 AND start_us <= {T0}",
        "DELETE FROM rollup WHERE width_s = 900 AND start_us = (SELECT max(start_us) FROM rollup)",
        "UPDATE check_state SET level = 2",
        "UPDATE engine_cursor SET commit_id = 99 WHERE engine = 'health'",
        "UPDATE commit_log SET received_at_us = 1 WHERE commit_id = 3",
    ):
        await place.change(sql)
    wrong = [line.removeprefix("DIFFERS: ") for line in await said(store) if line.startswith("DIFFERS: ")]
    begins = (
        "log: commit 3 was received no later than the one before it",
        "cursors: judging has come to commit 99 of 4",
        "books: acme, agent a1: 1501 acknowledged, but 1001 results, 498 lost, 1 refused",
        "commits: commit 1: 900 results in the log, 899 kept",
        "commits: commit 2: the log names other quarters of an hour than its results touch",
        "rollups: tenant ",
        "states: check ",
    )
    assert [begin for begin in begins if not any(line.startswith(begin) for line in wrong)] == [], wrong
    assert any("degraded_ms=7" in line for line in wrong)


async def test_a_sum_that_is_none_is_named(store: Store, place: Place) -> None:
    await fill(store)
    await place.change("UPDATE rollup_sum SET total = total + 1 WHERE width_s = 3600")
    wrong = [line for line in await said(store) if line.startswith("DIFFERS: ")]
    assert [line.endswith("the sum over its checks") for line in wrong] == [True] * len(wrong)
    assert wrong


async def test_a_hole_in_the_log_is_named(store: Store, place: Place) -> None:
    await fill(store)
    await place.change("DELETE FROM commit_log WHERE commit_id = 2")
    wrong = [line for line in await said(store) if line.startswith("DIFFERS: ")]
    assert "DIFFERS: log: commit 1 is followed by 3" in wrong
    assert "DIFFERS: results: 100 results name a commit that the log does not have" in wrong
