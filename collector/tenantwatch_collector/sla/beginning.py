"""When a contract begins. It may be moved until then; later that would make another past."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tenantwatch_collector.sla.contract import ContractVersion, versions_known
from tenantwatch_collector.sla.spans import Span

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MovedBeginning(ValueError):
    """Terms that would move a beginning which is fixed."""


def agreed_beginning(versions: Iterable[ContractVersion], units_per_second: int) -> int | None:
    """As the versions say it, in the caller's unit; None where none does.

    The first that says one counts. A later one counts if it was recorded before the contract began.
    """
    begins: int | None = None
    for version in sorted(versions, key=lambda version: version.number):
        said = version.contract.effective_from
        if said is not None and (begins is None or version.recorded_at < begins):
            begins = instant_of(said, units_per_second)
    return begins


def refuse_moving(
    begins: int,
    is_agreed: bool,
    wanted: int,
    now: int,
    first_measured: int | None,
    reported: Iterable[Span],
) -> None:
    """Raise MovedBeginning if ``wanted`` would make another past of a contract that ``begins`` then.

    ``is_agreed``: terms named it. ``first_measured``: since when anything is known. ``reported``: the periods
    of which a report was issued.
    """
    if wanted == begins:
        return
    if is_agreed and begins <= now:
        raise MovedBeginning("the contract has begun: repeat its beginning or leave it out")
    low, high = sorted((begins, wanted))
    if low >= min(high, now):
        return
    if any(start < high and end > low for start, end in reported):
        raise MovedBeginning("a report on that time was issued: leave the beginning out")
    if begins < wanted and first_measured is not None and first_measured < min(high, now):
        raise MovedBeginning(
            "there are results from before that instant, and they count: leave it out;"
            " a beginning is agreed before the first result arrives"
        )


@dataclass(frozen=True, slots=True)
class Before:
    """``numbers``: the versions on whose terms the time since the contract ``begins`` is judged."""

    begins: int
    numbers: tuple[int, ...]


def terms_before(versions: Sequence[ContractVersion], units_per_second: int) -> Before | None:
    """What counts between the beginning that the newest version names and that version; None if nothing."""
    newest, begins = versions[-1], agreed_beginning(versions, units_per_second)
    if newest.contract.effective_from is None or begins is None or begins >= newest.in_force_from:
        return None
    known = versions_known(versions, newest.recorded_at)
    ends = [*(version.in_force_from for version in known[1:]), None]
    numbers = tuple(
        version.number
        for version, end in zip(known, ends, strict=True)
        if version.in_force_from < newest.in_force_from and (end is None or end > begins)
    )
    return Before(begins, numbers)


def instant_of(moment: datetime, units_per_second: int) -> int:
    """The moment in the caller's unit, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * units_per_second // 1_000_000
