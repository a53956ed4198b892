"""The agent's own counters."""

from __future__ import annotations

from dataclasses import dataclass, field


def _count(help_text: str) -> int:
    return field(default=0, metadata={"help": help_text})


@dataclass(slots=True)
class Vitals:
    """Counts since the agent began; each is on ``/metrics`` with the words beside it."""

    looks: int = _count("Looks made, each with all its attempts.")
    missed_runs: int = _count("Runs not made in time: the check still looked, or the machine slept.")
    lagged_looks: int = _count("Looks without times, as the agent itself ran late.")
    cut_off_looks: int = _count("Failures taken for unknown, as the agent's own network was down.")
    acknowledged_results: int = _count("Results that the collector has committed.")
    refused_batches: int = _count("Batches that the collector set aside.")
    connections: int = _count("Streams that the collector welcomed.")
    heartbeats: int = _count("Heartbeats taken from jobs of this machine.")
