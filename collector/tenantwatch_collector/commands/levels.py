"""`sla explain|what-if|export TENANT PERIOD`, `sla keys`: on the store itself, collector running or not."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from tenantwatch_collector.api.agreements import microseconds
from tenantwatch_collector.commands.on_store import opened
from tenantwatch_collector.config import load_config
from tenantwatch_collector.errors import ConfigurationError, NotFound
from tenantwatch_collector.reports.issuing import Asked
from tenantwatch_collector.reports.keyring import Keyring
from tenantwatch_collector.reports.naming import read_label
from tenantwatch_collector.reports.service import Reports
from tenantwatch_collector.sla.explain_judged import explain_judged
from tenantwatch_collector.sla.judged import Judged
from tenantwatch_collector.sla.report import report
from tenantwatch_collector.sla.written import written_targets
from tenantwatch_collector.store.base import Tenant

Work = Callable[[Reports, Tenant, Asked], Awaitable[None]]
PERIOD_HELP = "2026-03-15, 2026-W11, 2026-03, 2026-Q1 or 2026, in the tenant's time zone"
_SHOWN = (
    ("verdict", "verdict"),
    ("target %", "availability_percentage"),
    ("target ms", "response_time_ms"),
    ("target errors %", "error_rate_percentage"),
    ("target minutes", "recovery_time_minutes"),
    ("availability %", "availability_pct"),
    ("down minutes", "downtime_minutes"),
    ("incidents", "incident_count"),
    ("violations", "violations"),
    ("compliant", "compliant"),
    ("health score", "health_score"),
    ("credit", "credit"),
)


def explain_stored(options: argparse.Namespace) -> None:
    """Print the arithmetic of a tenant's period."""

    async def work(reports: Reports, tenant: Tenant, asked: Asked) -> None:
        named, subject, _ = await reports.subject(tenant, asked)
        lines = explain_judged(subject.judged)
        print("\n".join([f"{tenant.tenant_id}, {named.label} ({named.zone})", *lines]))

    _run(options, work)


def what_if(options: argparse.Namespace) -> None:
    """Print a tenant's period as agreed and on another tier."""

    async def work(reports: Reports, tenant: Tenant, asked: Asked) -> None:
        named, agreed, _ = await reports.subject(tenant, asked)
        _, other, _ = await reports.subject(tenant, asked, options.tier)
        told = [_told(subject.judged) for subject in (agreed, other)]
        print(f"{tenant.tenant_id}, {named.label} ({named.zone})")
        rows = [("", "as agreed", f"on {options.tier}")]
        rows += [(label, _word(told[0][name]), _word(told[1][name])) for label, name in _SHOWN]
        wide = [max(len(row[column]) for row in rows) for column in (1, 2)]
        for label, here, there in rows:
            print(f"{label:16}{here:>{wide[0]}}    {there:>{wide[1]}}")

    _run(options, work)


def export(options: argparse.Namespace) -> None:
    """Print every fact that a report of the period rests on."""

    async def work(reports: Reports, tenant: Tenant, asked: Asked) -> None:
        async for line in reports.export(tenant, asked):
            sys.stdout.write(line)

    _run(options, work)


def keys(options: argparse.Namespace) -> None:
    """Print the public keys that have signed reports, after a rotation if one was asked for."""
    ring = Keyring(load_config(options.config).folder)
    if options.rotate:
        ring.rotate()
        print("a new key was made; restart the collector so that it signs with it", file=sys.stderr)
    print(ring.published_json())


def _told(judged: Judged) -> dict[str, Any]:
    """The targets are those at the period's end."""
    told = report(judged.whole)
    credit = told["credit"]
    return {
        **told,
        **written_targets(judged.parts[-1].terms.targets),
        "verdict": judged.truth.overall.value,
        "credit": None if credit is None else f"{credit['amount']} ({credit['pct']} %)",
    }


def _word(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)


def _as_of(text: str | None) -> tuple[int, bool]:
    """Microseconds, and whether it is the present."""
    now_us = time.time_ns() // 1000
    if text is None:
        return now_us, True
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError
        as_of_us = microseconds(moment)
    except (ValueError, OverflowError):
        raise ConfigurationError(
            f"--as-of {text}: write an instant with its zone: 2026-04-01T00:00:00Z"
        ) from None
    if as_of_us > now_us:
        raise ConfigurationError(f"--as-of {text}: lies in the future; leave it out for the present")
    return as_of_us, False


def _run(options: argparse.Namespace, work: Work) -> None:
    asyncio.run(_with_reports(options, work))


async def _with_reports(options: argparse.Namespace, work: Work) -> None:
    period_type, day = read_label(options.period)
    as_of_us, now = _as_of(options.as_of)
    config = load_config(options.config)
    async with opened(config) as store:
        tenant = await store.tenant(options.tenant)
        if tenant is None:
            raise NotFound(f"there is no tenant {options.tenant!r}; see `tenantwatch-collector tenant list`")
        asked = Asked(period_type, day, 1, as_of_us, now)
        await work(Reports(store, Keyring(config.folder).signer), tenant, asked)


def add_period(parser: argparse.ArgumentParser, config_help: str) -> None:
    """What every command about a tenant's period is told."""
    parser.add_argument(
        "--as-of", metavar="INSTANT", help="what was known then, such as 2026-04-01T00:00:00Z"
    )
    parser.add_argument("--config", type=Path, help=config_help)


def add_commands(family: Any, config_help: str) -> None:
    """Register `sla what-if|export|keys` with argparse."""
    text = "judge a tenant's period on another tier, without changing anything"
    other = family.add_parser("what-if", help=text, description=text)
    text = "write every fact that a report rests on, for `sla verify`: terms, windows, changes, results, all"
    facts = family.add_parser("export", help=text, description=text)
    for parser, work in ((other, what_if), (facts, export)):
        parser.add_argument("tenant", metavar="TENANT", help="as in `tenant list`")
        parser.add_argument("period", metavar="PERIOD", help=PERIOD_HELP)
        parser.set_defaults(command=work)
        add_period(parser, config_help)
    other.add_argument("--tier", choices=("basic", "professional", "enterprise"), required=True)
    text = "print the public keys that reports are signed with, to be published; --rotate makes a new one"
    ring = family.add_parser("keys", help=text, description=text)
    ring.add_argument("--rotate", action="store_true", help="retire the key in use; old reports still verify")
    ring.add_argument("--config", type=Path, help=config_help)
    ring.set_defaults(command=keys)
