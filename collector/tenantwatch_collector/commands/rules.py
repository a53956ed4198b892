"""`alerts rule put|list|remove`: rules on metrics, in the store itself."""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict
from typing import Any

from tenantwatch_collector.alerts.builtin import BUILT_IN, ON_METRICS
from tenantwatch_collector.alerts.condition import Condition, CustomRule
from tenantwatch_collector.alerts.rule import Severity
from tenantwatch_collector.alerts.window import Aggregation
from tenantwatch_collector.api.recording import recorded
from tenantwatch_collector.api.rules import checked, demand_metric
from tenantwatch_collector.commands.access import TIERS, local_caller
from tenantwatch_collector.commands.on_store import add
from tenantwatch_collector.config import load_config
from tenantwatch_collector.errors import ConfigurationError, NotFound
from tenantwatch_collector.store.base import Store, StoredRule


async def put(store: Store, options: argparse.Namespace) -> None:
    """Check the rule against what is measured, and keep it."""
    tenant = None if options.tenant is None else await store.tenant(options.tenant)
    if options.tenant is not None and tenant is None:
        raise NotFound(f"there is no tenant {options.tenant!r}")
    told = {
        "metric": options.metric,
        "severity": Severity(options.severity),
        "tier": options.tier,
        "for_seconds": options.for_seconds,
        "keep_firing_seconds": options.keep_firing_seconds,
        "failure_threshold": options.failure_threshold,
        "success_threshold": options.success_threshold,
        "window_seconds": options.window_seconds,
        "aggregation": Aggregation(options.aggregation) if options.aggregation else None,
        "enabled": not options.off,
    }
    try:
        condition = Condition(options.condition)
        rule = checked(options.rule_id, options.tenant, options.threshold, condition, told)
    except ValueError as error:
        raise ConfigurationError(f"rule {options.rule_id!r}: {error}") from None
    await demand_metric(store, rule)
    now_us = time.time_ns() // 1000
    kept = StoredRule(rule.rule_id, rule.tenant, rule.tier, rule.definition(), now_us, options.by)
    async with recorded(store, local_caller(), "rule.put", rule.rule_id, tenant) as record:
        record.after = asdict(kept)
        await record.store.put_alert_rule(kept)
    print(f"{rule.rule_id}: {rule.name}")


async def show(store: Store, options: argparse.Namespace) -> None:
    """Those kept, then the built-in ones that none of them stands in place of."""
    kept = [
        CustomRule.defined(one.rule_id, one.tenant_id, one.tier, one.definition)
        for one in await store.alert_rules()
    ]
    shipped = ON_METRICS.keys() - {rule.rule_id for rule in kept}
    off = load_config(options.config).rules.off
    for rule in kept:
        print(_line(rule, rule.enabled))
    for each in BUILT_IN:
        for rule in each.rules:
            if rule.rule_id in shipped:
                print(_line(rule, each.name not in off))


def _line(rule: CustomRule, enabled: bool) -> str:
    whose = rule.tenant or (f"tier {rule.tier}" if rule.tier else "everybody")
    off = "" if enabled else " (off)"
    return f"{rule.rule_id:24} {whose:24} {rule.severity.value:9} {rule.name}{off}"


async def remove(store: Store, options: argparse.Namespace) -> None:
    async with recorded(store, local_caller(), "rule.remove", options.rule_id) as record:
        if not await record.store.remove_alert_rule(options.rule_id):
            if options.rule_id in ON_METRICS:
                raise NotFound(f"{options.rule_id} is built in: put it with --off")
            raise NotFound(f"there is no rule {options.rule_id!r}; see `alerts rule list`")
    print(f"{options.rule_id} is removed")


def add_put_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rule_id", help="such as cpu-high; an existing one is replaced")
    parser.add_argument("--metric", required=True, help="as checks report it, such as cpu_percent")
    parser.add_argument("--condition", required=True, choices=[each.value for each in Condition])
    parser.add_argument("--threshold", type=float, help="required, but for absent")
    parser.add_argument("--severity", required=True, choices=[each.value for each in Severity])
    parser.add_argument("--tenant", help="for this tenant; without it or --tier for everybody")
    parser.add_argument("--tier", choices=TIERS, help="for all tenants of a tier")
    parser.add_argument("--for-seconds", type=int, default=0, metavar="N", help="as long it must hold")
    parser.add_argument("--keep-firing-seconds", type=int, default=0, metavar="N", help="before it is over")
    parser.add_argument("--failure-threshold", type=int, default=1, metavar="N", help="times in a row")
    parser.add_argument(
        "--success-threshold", type=int, default=1, metavar="N", help="times in a row, to end"
    )
    parser.add_argument(
        "--window-seconds", type=int, default=0, metavar="N",
        help="aggregate over so long; for absent how long without any value",
    )  # fmt: skip
    parser.add_argument("--aggregation", choices=[each.value for each in Aggregation], help="default avg")
    parser.add_argument("--off", action="store_true", help="keep it, but let it do nothing")
    parser.add_argument("--by", default="", help="who makes it, for the record")


def add_commands(family: Any, config_help: str) -> None:
    """Register the commands with argparse."""
    rule = family.add_parser("rule", help="custom rules on metrics").add_subparsers(required=True)
    text = "make or replace a rule; it is in force within two seconds"
    add_put_arguments(add(rule, "put", text, put, config_help))
    add(rule, "list", "list the rules", show, config_help)
    add(rule, "remove", "remove a rule; its alerts end", remove, config_help).add_argument("rule_id")
