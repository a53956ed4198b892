"""What the spool hands out."""

from __future__ import annotations

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
