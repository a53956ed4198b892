"""Corrections of the past: added, never changed, with a reason, an author and a second person's approval.

A report shows both numbers: as issued, from what was measured, and as amended, with the corrections that two
people stand for.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tenantwatch_wire.records import Status

from tenantwatch_collector.sla.classes import Stretch, TimeClass, append_stretch

MAX_REASON = 1000
_REAL = {
    TimeClass.UP: Status.HEALTHY,
    TimeClass.DEGRADED: Status.DEGRADED,
    TimeClass.DOWN: Status.UNHEALTHY,
    TimeClass.UNKNOWN: Status.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Correction:
    """[start, end) counts as ``counts_as``, once somebody else than the author has approved it."""

    number: int
    start: int
    end: int
    counts_as: TimeClass
    reason: str
    author: str
    entered_at: int
    approver: str | None = None
    approved_at: int | None = None

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError("a correction must end after it begins")
        if self.end > self.entered_at:
            raise ValueError("a correction is of the past: it must end before it is entered")
        if not self.reason.strip() or len(self.reason) > MAX_REASON:
            raise ValueError(f"a correction needs a reason of at most {MAX_REASON} characters")
        if not self.author:
            raise ValueError("a correction needs an author")
        if (self.approver is None) != (self.approved_at is None):
            raise ValueError("an approval has a person and an instant")
        if self.approver is not None and same_person(self.approver, self.author):
            raise ValueError("a second person must approve: the author cannot")

    def approved(self, approver: str, at: int) -> Correction:
        """The same with its approval. Raises ValueError if it has one, or if it is the author's own."""
        if self.approver is not None:
            raise ValueError(f"it was approved already, by {self.approver}")
        return replace(self, approver=approver, approved_at=at)


def same_person(one: str, other: str) -> bool:
    """Whether two subjects are one person's, however they are written."""
    return _plain(one) == _plain(other)


def _plain(subject: str) -> str:
    """In one of the ways it may be written, without what is not seen."""
    letters = unicodedata.normalize("NFKC", subject).casefold()
    seen = "".join(one for one in letters if unicodedata.category(one) not in ("Cc", "Cf", "Zl", "Zp"))
    return unicodedata.normalize("NFKC", seen).strip()


def corrections_known(corrections: Iterable[Correction], as_of: int) -> list[Correction]:
    """Those approved by ``as_of``, in the order of approval: where two meet, the later one counts."""
    approved = [(c.approved_at, c.number, c) for c in corrections if c.approved_at is not None]
    return [c for at, _, c in sorted(approved, key=lambda each: each[:2]) if at <= as_of]


def amend(stretches: Sequence[Stretch], corrections: Iterable[Correction]) -> list[Stretch]:
    """The same time with each correction's class in its place; lengths stay what they were."""
    amended = list(stretches)
    for correction in corrections:
        changed: list[Stretch] = []
        for stretch in amended:
            for piece in _pieces(stretch, correction):
                append_stretch(changed, piece)
        amended = changed
    return amended


def _pieces(stretch: Stretch, correction: Correction) -> Iterable[Stretch]:
    low, high = max(stretch.start, correction.start), min(stretch.end, correction.end)
    if low >= high:
        return [stretch]
    counts_as = correction.counts_as
    inner = Stretch(low, high, counts_as, _REAL.get(counts_as, stretch.real))
    outer = replace(stretch, end=low), inner, replace(stretch, start=high)
    return [piece for piece in outer if piece.start < piece.end]
