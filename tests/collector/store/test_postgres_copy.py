"""Binary COPY built from columns: what PostgreSQL reads back is what went in, whatever it is."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tenantwatch_collector.store.base import Delivery, ResultColumns, Store
from tenantwatch_wire import limits
from tenantwatch_wire.columns import MetricColumns

from tests.collector.store.given import T0, position, tenant_with_check

pytestmark = pytest.mark.parametrize("place", ["plain", "timescale"], indirect=True)
_TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=60)
_NAMES = ("tls_ms", "dns_ms", 'quote"\\', "größe")
_ROW = st.tuples(
    st.none() | st.integers(0, limits.MAX_LATENCY_US),
    st.integers(0, 3),
    st.none() | _TEXT.filter(bool),
    st.dictionaries(st.integers(0, 3), st.floats(allow_nan=False, allow_infinity=False), max_size=4),
    st.booleans(),
)
_GENERATIONS = count()
AHEAD_US = 9_000_000_000_000_000 // 2


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(_ROW, min_size=1, max_size=30))
async def test_what_postgres_reads_back_is_what_went_in(
    store: Store, rows: list[tuple[int | None, int, str | None, dict[int, float], bool]]
) -> None:
    generation = next(_GENERATIONS)
    tenant, check = await tenant_with_check(store, f"tenant-{generation}")
    triples = [(n, name, value) for n, row in enumerate(rows) for name, value in row[3].items()]
    metrics = MetricColumns(
        np.array([t[0] for t in triples], np.uint32),
        np.array([t[1] for t in triples], np.uint32),
        np.array([t[2] for t in triples], np.float64),
        _NAMES,
    )
    columns = ResultColumns(
        np.full(len(rows), tenant.tenant_key),
        np.full(len(rows), check.check_key),
        np.array([AHEAD_US if row[4] else T0 + n for n, row in enumerate(rows)]),
        np.array([row[1] for row in rows], np.uint8),
        np.array([-1 if row[0] is None else row[0] for row in rows]),
        {n: row[2] for n, row in enumerate(rows) if row[2] is not None},
        metrics,
    )
    await store.commit([Delivery(1, position(check, len(rows)), results=columns)])
    found = await store.results(tenant.tenant_key, 0, 2**62, 100, "", None)
    kept = sorted((_us(r.latency_us), int(r.status), r.text, sorted(r.metrics.items())) for r in found)
    sent = sorted(
        (_us(latency_us), status, text or "", sorted((_NAMES[n], value) for n, value in named.items()))
        for latency_us, status, text, named, _ in rows
    )
    assert kept == sent


def _us(latency_us: int | None) -> int:
    return -1 if latency_us is None else latency_us
