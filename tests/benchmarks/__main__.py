"""``python -m tests.benchmarks [NAME ...]``: measure, print a table, write build/bench.json."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.benchmarks import (
    agent_footprint,
    agents_10k,
    anomaly_point,
    dashboard,
    failure_to_webhook,
    http_checks_per_core,
    ingest_postgres,
    ingest_sqlite,
    kept_results,
    message_cost,
    service_levels,
    thousand_checks,
)
from tests.benchmarks.report import Figure, table, write

BENCHMARKS: dict[str, Callable[[Path], Awaitable[list[Figure]]]] = {
    "ingest_sqlite": ingest_sqlite.measure,
    "ingest_postgres": ingest_postgres.measure,
    "kept_results": kept_results.measure,
    "message_cost": message_cost.measure,
    "agents_10k": agents_10k.measure,
    "agent_footprint": agent_footprint.measure,
    "thousand_checks": thousand_checks.measure,
    "failure_to_webhook": failure_to_webhook.measure,
    "anomaly_point": anomaly_point.measure,
    "dashboard": dashboard.measure,
    "service_levels": service_levels.measure,
    "http_checks_per_core": http_checks_per_core.measure,
}
OUTPUT = Path(__file__).parents[2] / "build" / "bench.json"


async def run(names: list[str]) -> list[Figure]:
    figures: list[Figure] = []
    for name in names:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="tenantwatch-bench-") as folder:
            figures += await BENCHMARKS[name](Path(folder))
    return figures


def main() -> int:
    names = sys.argv[1:] or list(BENCHMARKS)
    if unknown := set(names) - set(BENCHMARKS):
        print(
            f"no benchmark named {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}",
            file=sys.stderr,
        )
        return 2
    figures = asyncio.run(run(names))
    print(table(figures))
    for each in figures:
        print(f"\n{each.name}: {each.method}")
    write(figures, OUTPUT)
    print(f"\nwritten to {OUTPUT}")
    return 0


sys.exit(main())
