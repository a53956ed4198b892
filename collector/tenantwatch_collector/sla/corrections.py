"""Corrections of the past: added, never changed, with a reason, an author and a second person's approval.

A report shows both numbers: as issued, from what was measured, and as amended, with the corrections that two
people stand for.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import islice, pairwise

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


def amend(stretches: Sequence[Stretch], corrections: Sequence[Correction]) -> list[Stretch]:
    """The same time with each correction's class in its place; lengths stay what they were.

    A correction mends what was measured. It puts nothing under a contract that none covers, and takes away no
    window that was agreed: there it says only what service really did.
    """
    if not corrections:
        return list(stretches)
    amended: list[Stretch] = []
    counting = _counting(corrections)
    position = 0
    for stretch in stretches:
        while position < len(counting) and counting[position][1] <= stretch.start:
            position += 1
        for piece in _pieces(stretch, counting, position):
            append_stretch(amended, piece)
    return amended


def _counting(corrections: Sequence[Correction]) -> list[tuple[int, int, TimeClass]]:
    """What each time counts as, in order of time and disjoint: of several corrections the last one counts."""
    borders = sorted({border for each in corrections for border in (each.start, each.end)})
    starting = defaultdict(list)
    for rank, each in enumerate(corrections):
        starting[each.start].append((-rank, each))
    counting, waiting = [], list[tuple[int, Correction]]()
    for start, end in pairwise(borders):
        for ranked in starting[start]:
            heappush(waiting, ranked)
        while waiting and waiting[0][1].end <= start:
            heappop(waiting)
        if waiting:
            counting.append((start, end, waiting[0][1].counts_as))
    return counting


def _pieces(
    stretch: Stretch, counting: Sequence[tuple[int, int, TimeClass]], position: int
) -> Iterator[Stretch]:
    """The stretch, cut by those from ``position`` on that touch it."""
    since = stretch.start
    for start, end, counts_as in islice(counting, position, None):
        if start >= stretch.end:
            break
        low, high = max(since, start), min(stretch.end, end)
        if since < low:
            yield stretch._replace(start=since, end=low)
        yield _corrected(stretch._replace(start=low, end=high), counts_as)
        since = high
    if since < stretch.end:
        yield stretch._replace(start=since)


def _corrected(stretch: Stretch, counts_as: TimeClass) -> Stretch:
    """Out of scope goes before maintenance, and both before what was measured."""
    here = stretch.time_class
    kept = here is TimeClass.OUT_OF_SCOPE or (here.masked and counts_as is not TimeClass.OUT_OF_SCOPE)
    return stretch._replace(time_class=here if kept else counts_as, real=_REAL.get(counts_as, stretch.real))
