"""`alerts replay`: when a rule would have fired, on what the store has."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import Any

from tenantwatch_collector.alerts.builtin import (
    AGENT_SILENT,
    ANOMALY,
    BUILT_IN,
    BURN_RATE,
    NAMES,
    ON_METRICS,
    SLA_VIOLATION,
)
from tenantwatch_collector.alerts.condition import CustomRule
from tenantwatch_collector.alerts.routing import Routing
from tenantwatch_collector.alerts.rule import Policy
from tenantwatch_collector.api.models import instant
from tenantwatch_collector.commands.on_store import add
from tenantwatch_collector.commands.progress import Progress
from tenantwatch_collector.engines.alerting.book import AlertBook
from tenantwatch_collector.engines.alerting.measures import TICKS_PER_SECOND
from tenantwatch_collector.engines.rehearsal import Rehearsal
from tenantwatch_collector.errors import NotFound
from tenantwatch_collector.store.base import AlertRecord, Store, Tenant

_DAY_US = 86_400_000_000
_COUNTED = {SLA_VIOLATION: "hours", BURN_RATE: "hours", ANOMALY: "quarters of an hour"}


async def _replay(store: Store, options: argparse.Namespace) -> None:
    rules, on = await _chosen(store, options.rule)
    tenants = await _tenants(store, options.tenant, rules)
    to_us = time.time_ns() // 1000 + 1
    from_us = to_us - options.days * _DAY_US
    found: dict[str, tuple[AlertRecord, str]] = {}
    progress, read = Progress(_COUNTED.get(on, "results")), 0
    for number, tenant in enumerate(tenants):
        # A check of a silent agent is not missed by itself: that rule must have its say in any case.
        off = set(NAMES) - {on, AGENT_SILENT}
        book = AlertBook((), Routing(Policy(TICKS_PER_SECOND)), "", off=off)
        book.name_tenants({tenant.tenant_key: tenant})
        book.put_rules(rules, from_us)
        play = Rehearsal(store, book, tenant)
        runs = {SLA_VIOLATION: play.run_levels, BURN_RATE: play.run_levels, ANOMALY: play.run_anomalies}
        run = runs.get(on, play.run)
        async for alert in run(from_us, to_us):
            if alert.alert_type != AGENT_SILENT or on == AGENT_SILENT:
                found[alert.alert_id] = alert, tenant.tenant_id
            done = number + max(0, play.until_us - from_us) / (to_us - from_us)
            progress.step(done / len(tenants), read + play.read)
        read += play.read
        progress.step((number + 1) / len(tenants), read)
    progress.end()
    _print(options, list(found.values()), to_us)


async def _chosen(store: Store, name: str) -> tuple[list[CustomRule], str]:
    """The rules on metrics that the name means, or the one built-in rule that stays on."""
    for kept in await store.alert_rules():
        if kept.rule_id == name:
            return [CustomRule.defined(name, kept.tenant_id, kept.tier, kept.definition)], ""
    if name in ON_METRICS:
        return [ON_METRICS[name]], ""
    for each in BUILT_IN:
        if each.name == name:
            return list(each.rules), name
    raise NotFound(f"there is no rule {name!r}; see `alerts rule list`, or write one of {', '.join(NAMES)}")


async def _tenants(store: Store, tenant_id: str | None, rules: Sequence[CustomRule]) -> list[Tenant]:
    tenants = [one for one in await store.tenants() if tenant_id in (None, one.tenant_id)]
    if not tenants:
        raise NotFound(f"there is no tenant {tenant_id!r}" if tenant_id else "there are no tenants yet")
    return [
        one for one in tenants if not rules or any(rule.is_for(one.tenant_id, one.tier) for rule in rules)
    ]


def _print(options: argparse.Namespace, found: list[tuple[AlertRecord, str]], now_us: int) -> None:
    for alert, tenant_id in sorted(found, key=lambda one: one[0].first_occurred_us):
        print(_line(alert, tenant_id, now_us))
    at = len({tenant_id for _, tenant_id in found})
    print(f"{options.rule}: {len(found)} alerts at {at} tenants in {options.days} days")


def _line(alert: AlertRecord, tenant_id: str, now_us: int) -> str:
    end_us = now_us if alert.resolved_at_us is None else alert.resolved_at_us
    minutes = (end_us - alert.first_occurred_us) / 60_000_000
    how = "still open" if alert.resolved_at_us is None else f"for {minutes:.1f} min"
    opened = instant(alert.first_occurred_us).strftime("%Y-%m-%dT%H:%M:%SZ")
    what = f"{alert.alert_name}; {alert.alert_description}"
    return f"{opened} {tenant_id} {alert.severity} {how}, {alert.occurrence_count} times: {what}"


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= 366:
        raise argparse.ArgumentTypeError("write 1 to 366")
    return days


def add_commands(family: Any, config_help: str) -> None:
    """Register the command with argparse."""
    one = add(family, "replay", "show when a rule would have fired on what is stored", _replay, config_help)
    one.add_argument("rule", help=f"the id of a rule, or one that is built in: {', '.join(NAMES)}")
    one.add_argument("--days", type=_days, default=30, help="how far back (default 30)")
    one.add_argument("--tenant", help="of this tenant alone")
