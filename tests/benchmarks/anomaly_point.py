"""What it costs to judge whether one value is unusual, against the aim."""

from __future__ import annotations

import time
from array import array
from pathlib import Path

import numpy as np
from tenantwatch_collector.insights.anomaly import KEPT_HOURS, Past, judge

from tests.benchmarks.report import Figure, figure

POINTS, ROUNDS, QUARTERS = 5_000, 5, 4
AIM_US = 20.0
HOUR = 500_000


async def measure(folder: Path) -> list[Figure]:
    chance = np.random.default_rng(7)
    values = (100 * np.exp(chance.normal(0, 0.5, POINTS))).tolist()
    best = float("inf")
    for _ in range(ROUNDS):
        past = Past(array("d", 100 * np.exp(chance.normal(0, 0.2, KEPT_HOURS))), HOUR - 1)
        started = time.perf_counter()
        for number, value in enumerate(values):
            hour = HOUR + number // QUARTERS
            if number % QUARTERS == 0:
                past.put(hour - 1, value)
            judge(past, hour, value)
        best = min(best, time.perf_counter() - started)
    method = (
        f"{POINTS} quarters of an hour of one check, hour after hour, against two weeks of hours, the best of"
        f" {ROUNDS} rounds; reading them from the rollups, one query for all checks of a tenant, is not in it"
    )
    return [figure("anomaly_point", 1e6 * best / POINTS, "µs", AIM_US, method)]
