"""What the spool hands out, and what it knows of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tenantwatch_wire.records import Lane, Result


@dataclass(frozen=True, slots=True)
class Spooled:
    """A result with its place. ``size`` is about its bytes on the wire."""

    sequence: int
    index: int
    result: Result
    size: int


@dataclass(frozen=True, slots=True)
class SpoolGap:
    """Results first..last of the lane were dropped."""

    lane: Lane
    first_sequence: int
    last_sequence: int
    from_us: int
    to_us: int
    reason: str

    @property
    def count(self) -> int:
        return self.last_sequence - self.first_sequence + 1


@dataclass(frozen=True, slots=True)
class Loss:
    """So many results are gone, and no gap says so yet."""

    count: int
    from_us: int
    to_us: int
    reason: str


@dataclass(frozen=True, slots=True)
class Given:
    """Which sequences a file has given away, and how far it may have sent them.

    Whoever has what is behind ``sent`` has it from another file.
    """

    generation: str
    last: Mapping[Lane, int]
    sent: Mapping[Lane, int]
