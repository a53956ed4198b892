"""What rules over windows must know of the time before they were made, or before the collector started."""

from __future__ import annotations

from tenantwatch_collector.alerts.condition import LATENCY
from tenantwatch_collector.engines.alerting.measures import MetricRules
from tenantwatch_collector.store.base import Commit, Place, Store

_PAGE = 1_000
MAX_RESULTS = 50_000
"""Of one tenant; the newest ones."""


async def recall(store: Store, rules: MetricRules, commit: Commit) -> None:
    """Fill the windows that the commit's values will be the newest of, from what is stored."""
    if not len(commit.columns):
        return
    before_us = int(commit.columns.time_us.min())
    for tenant_key, back_us in rules.to_recall(commit.columns).items():
        place: Place | None = None
        for _ in range(MAX_RESULTS // _PAGE):
            page = await store.results(tenant_key, before_us - back_us, before_us, _PAGE, "", place)
            for one in page:
                latency = {} if one.latency_us is None else {LATENCY: one.latency_us / 1000}
                rules.recall(one.check_key, tenant_key, one.time_us, {**one.metrics, **latency})
            if len(page) < _PAGE:
                break
            place = page[-1].place
