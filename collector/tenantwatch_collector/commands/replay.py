"""`alerts replay`: when a custom rule would have fired, on what the store has."""

from __future__ import annotations

import argparse
import time
from typing import Any

from tenantwatch_collector.alerts.condition import CustomRule
from tenantwatch_collector.alerts.replay import Firing, Value, replay
from tenantwatch_collector.alerts.rule import Policy
from tenantwatch_collector.api.models import instant
from tenantwatch_collector.errors import NotFound
from tenantwatch_collector.store.base import Store, Tenant

TICKS_PER_SECOND = 1_000_000
_DAY_US = 86_400_000_000
_PAGE = 1000
MAX_RESULTS = 1_000_000
"""Of one tenant; the newest ones."""


async def _replay(store: Store, options: argparse.Namespace) -> None:
    kept = next((one for one in await store.alert_rules() if one.rule_id == options.rule_id), None)
    if kept is None:
        raise NotFound(f"there is no rule {options.rule_id!r}; see `alerts rule list`")
    rule = CustomRule.defined(kept.rule_id, kept.tenant_id, kept.tier, kept.definition)
    to_us = time.time_ns() // 1000 + 1
    found: list[Firing] = []
    for tenant in await store.tenants():
        if rule.is_for(tenant.tenant_id, tenant.tier):
            values = await _values(store, tenant, rule.metric, to_us - options.days * _DAY_US, to_us)
            found += replay(rule, tenant.tenant_id, values, Policy(TICKS_PER_SECOND))
    for firing in sorted(found, key=lambda one: one.opened):
        print(_line(firing, to_us))
    print(
        f"{rule.name}: {len(found)} alerts at {len({f.tenant for f in found})} tenants in {options.days} days"
    )


async def _values(store: Store, tenant: Tenant, metric: str, from_us: int, to_us: int) -> list[Value]:
    values: list[Value] = []
    place, read = None, 0
    while read < MAX_RESULTS:
        page = await store.results(tenant.tenant_key, from_us, to_us, _PAGE, "", place)
        values += [
            Value(f"{one.agent_id}/{one.check_id}", one.time_us, one.metrics[metric])
            for one in page
            if metric in one.metrics
        ]
        read += len(page)
        if len(page) < _PAGE:
            break
        place = page[-1].place
    return values[::-1]


def _line(firing: Firing, now_us: int) -> str:
    end_us = now_us if firing.resolved is None else firing.resolved
    minutes = (end_us - firing.opened) / 60_000_000
    how = "still open" if firing.resolved is None else f"for {minutes:.1f} min"
    opened = instant(firing.opened).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{opened} {firing.tenant} {how}, {firing.occurrences} values"


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= 366:
        raise argparse.ArgumentTypeError("write 1 to 366")
    return days


def add_commands(family: Any, add: Any, config_help: str) -> None:
    """Register the command with argparse; ``add`` makes one that works on the store."""
    one = add(family, "replay", "show when a custom rule would have fired", _replay, config_help)
    one.add_argument("rule_id")
    one.add_argument("--days", type=_days, default=30, help="how far back (default 30)")
