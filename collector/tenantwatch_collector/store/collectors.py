"""What collectors on one store know of one another, and which of them judges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CollectorBeat:
    """A sign of life of a collector: ``beat`` rises with each. ``beat_at_us`` is by its own clock."""

    collector_id: str
    beat: int
    beat_at_us: int


@dataclass(frozen=True, slots=True)
class Pulse:
    """What collectors on one store see of one another's work: each number rises with something new."""

    newest_commit: int
    newest_change_us: int
    newest_event: int
    commands: int
    """How many commands about alerts wait to be done."""
    definitions: int
    judged_through: int
    """The last commit that whoever holds the lease has said to be judged."""
    raw_since_us: int
    """Older results are taken no more."""


class CollectorStore(Protocol):
    """The part of the store's contract by which several collectors work on one database."""

    serves_one_collector: bool
    """Whether no other collector can work on it at the same time."""

    async def take_lease(self, holder: str, seconds: float, judged_through: int) -> int | None:
        """Take the lease on the engines, or hold it that much longer; returns its term.

        None while another collector holds it. The term is a new one whenever it changed hands. A store that
        serves one collector raises ConfigurationError where there is one already.
        """

    async def release_lease(self, holder: str) -> None:
        """Let another collector take it at once."""

    def judge_under(self, term: int) -> None:
        """From now on judgements and rollups are written under that term, or LeaseLost is raised."""

    async def pulse(self) -> Pulse:
        """What others have done on this store; from then on the store itself heeds it, too."""

    async def note_definitions(self) -> None:
        """Count that checks are new, changed or retired, for whoever judges elsewhere."""

    async def beat(self, collector_id: str, now_us: int) -> None:
        """A sign of life of this collector, for the others."""

    async def end_beats(self, collector_id: str) -> None:
        """It ends as it should: nobody is to miss it."""

    async def collector_beats(self) -> Sequence[CollectorBeat]:
        """The newest sign of life of each collector that has not ended."""
