"""`sla explain TENANT PERIOD`, `sla what-if TENANT --tier`: on the store itself, collector running or not."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tenantwatch_collector.config import load_config
from tenantwatch_collector.errors import NotFound
from tenantwatch_collector.reports.issuing import Asked
from tenantwatch_collector.reports.naming import read_label
from tenantwatch_collector.reports.service import Reports
from tenantwatch_collector.reports.signing import load_signer
from tenantwatch_collector.sla.explain import explain
from tenantwatch_collector.sla.report import report
from tenantwatch_collector.store.base import Tenant
from tenantwatch_collector.store.opening import open_store

Work = Callable[[Reports, Tenant, Asked], Awaitable[None]]
_SHOWN = (
    ("availability %", "availability_pct"),
    ("down minutes", "downtime_minutes"),
    ("incidents", "incident_count"),
    ("violations", "violations"),
    ("compliant", "compliant"),
    ("health score", "health_score"),
)


def explain_stored(options: argparse.Namespace) -> None:
    """Print the arithmetic of a tenant's period."""

    async def work(reports: Reports, tenant: Tenant, asked: Asked) -> None:
        named, subject, _ = await reports.subject(tenant, asked)
        lines = explain(subject.judged.whole)
        print("\n".join([f"{tenant.tenant_id}, {named.label} ({named.zone})", *lines]))

    _run(options, work)


def what_if(options: argparse.Namespace) -> None:
    """Print a tenant's period as agreed and on another tier."""

    async def work(reports: Reports, tenant: Tenant, asked: Asked) -> None:
        named, agreed, _ = await reports.subject(tenant, asked)
        _, other, _ = await reports.subject(tenant, asked, options.tier)
        told = [report(subject.judged.whole) for subject in (agreed, other)]
        print(f"{tenant.tenant_id}, {named.label} ({named.zone})")
        print(f"{'':16}{'as agreed':>20}{'on ' + options.tier:>24}")
        for label, name in _SHOWN:
            print(f"{label:16}{_word(told[0][name]):>20}{_word(told[1][name]):>24}")

    _run(options, work)


def _word(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return (
        {None: "-", True: "yes", False: "no"}.get(value, str(value)) if not isinstance(value, str) else value
    )


def _run(options: argparse.Namespace, work: Work) -> None:
    asyncio.run(_with_reports(options, work))


async def _with_reports(options: argparse.Namespace, work: Work) -> None:
    config = load_config(options.config)
    store = await open_store(config.store_path, config.store.postgres_url)
    try:
        tenant = await store.tenant(options.tenant)
        if tenant is None:
            raise NotFound(f"there is no tenant {options.tenant!r}; see `tenantwatch-collector tenant list`")
        period_type, day = read_label(options.period)
        asked = Asked(period_type, day, 1, time.time_ns() // 1000, True)
        await work(Reports(store, load_signer(config.folder / "report-key.pem")), tenant, asked)
    finally:
        await store.close()


def add_what_if(family: Any, config_help: str) -> None:
    """Register `sla what-if` with argparse."""
    text = "judge a tenant's period on another tier, without changing anything"
    parser = family.add_parser("what-if", help=text, description=text)
    parser.add_argument("tenant", metavar="TENANT")
    parser.add_argument("period", metavar="PERIOD", help="2026-03-15, 2026-W11, 2026-03, 2026-Q1 or 2026")
    parser.add_argument("--tier", choices=("basic", "professional", "enterprise"), required=True)
    parser.add_argument("--config", type=Path, help=config_help)
    parser.set_defaults(command=what_if)
