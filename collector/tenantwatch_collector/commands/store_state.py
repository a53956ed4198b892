"""`store migrate|status|verify`: what the store is, and whether what must hold of it does."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tenantwatch_collector.commands.progress import Progress
from tenantwatch_collector.config import CollectorConfig, load_config
from tenantwatch_collector.engines.verify import Verifier, told_of
from tenantwatch_collector.store.base import Inventory, Lost, Store
from tenantwatch_collector.store.opening import open_store, schema_of
from tenantwatch_collector.transfer.record import moment

FLAVOURS = {
    "sqlite": "SQLite",
    "plain": "PostgreSQL, a partition a day",
    "timescale": "TimescaleDB, a hypertable",
    "columnstore": "TimescaleDB, a hypertable with columnstore",
}


async def migrate(options: argparse.Namespace) -> None:
    """See the command's help."""
    config = load_config(options.config)
    path, url = config.store_path, config.store.postgres_url
    before = await schema_of(path, url)
    store = await open_store(path, url)
    await store.close()
    after = await schema_of(path, url)
    kind = FLAVOURS[after.flavour]
    if before.version == after.version:
        print(f"schema version {after.version} ({kind}): nothing to do")
    elif before.version == 0:
        print(f"a new store of schema version {after.version} ({kind})")
    else:
        print(f"schema version {before.version} -> {after.version} ({kind})")


async def status(store: Store, config: CollectorConfig, options: argparse.Namespace) -> None:
    """See the command's help."""
    found = await store.inventory()
    rows = [*_what(found), *_holds(found), *_progress(found)]
    rows += [
        (f"size of {name}" if name != "file" else "size", _size(size)) for name, size in found.sizes.items()
    ]
    rows += _lost("gaps", found.gaps) + _lost("refused", found.dead_letters)
    for name, value in rows:
        print(f"{name:28} {value}")


def _what(found: Inventory) -> list[tuple[str, str]]:
    return [
        ("database", found.database),
        ("schema", f"version {found.schema_version} ({FLAVOURS[found.flavour]})"),
    ]


def _holds(found: Inventory) -> list[tuple[str, str]]:
    about = "about " if found.results_estimated else ""
    return [
        ("tenants", f"{found.tenants:,}"),
        ("agents", f"{found.agents:,}"),
        ("checks", f"{found.checks:,}"),
        ("results", f"{about}{found.results:,}"),
        ("oldest result", "none" if found.oldest_us is None else moment(found.oldest_us)),
        ("newest result", "none" if found.newest_us is None else moment(found.newest_us)),
        ("raw results kept since", moment(found.raw_since_us) if found.raw_since_us else "ever"),
    ]


def _progress(found: Inventory) -> list[tuple[str, str]]:
    newest = found.newest_commit
    rolled_up = f"through commit {found.rolled_up_through:,}, {newest - found.rolled_up_through:,} behind"
    if found.spans_due:
        rolled_up += f"; {found.spans_due:,} hours and days wait for their end"
    return [
        ("commits in the log", f"{found.commits:,}, the newest is {newest:,}"),
        ("judged", f"through commit {found.judged_through:,}, {newest - found.judged_through:,} behind"),
        ("rolled up", rolled_up),
        ("rollups", f"{found.rollups:,}"),
    ]


def _lost(name: str, reasons: Sequence[Lost]) -> list[tuple[str, str]]:
    if not reasons:
        return [(name, "none")]
    return [
        (name if place == 0 else "", f"{each.sequences:,} results in {each.rows:,} rows: {each.reason}")
        for place, each in enumerate(reasons[:20])
    ]


def _size(size: int) -> str:
    value, units = float(size), ["bytes", "KiB", "MiB", "GiB", "TiB"]
    while value >= 1024 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{value:,.0f} {units[0]}" if units[0] == "bytes" else f"{value:,.1f} {units[0]}"


async def verify(store: Store, config: CollectorConfig, options: argparse.Namespace) -> int:
    """See the command's help."""
    progress, differs = Progress("things looked at"), False
    async for verdict in Verifier(store, options.all, progress.step).run():
        progress.end()
        print("\n".join(told_of(verdict)), flush=True)
        differs |= bool(verdict.differences)
    progress.end()
    return int(differs)
