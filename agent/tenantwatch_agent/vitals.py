"""The agent's own counters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Vitals:
    """Counts since the agent began."""

    looks: int = 0
    missed_runs: int = 0
    dropped_results: int = 0
    acknowledged_results: int = 0
    refused_batches: int = 0
    connections: int = 0
