"""A contract's beginning is moved until it has begun, and never after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tenantwatch_collector.sla.beginning import MovedBeginning, agreed_beginning, refuse_moving
from tenantwatch_collector.sla.contract import Contract, ContractVersion
from tenantwatch_collector.sla.spans import Span

NOW = 1000


def version(number: int, recorded_at: int, begins: int | None = None) -> ContractVersion:
    moment = None if begins is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=begins)
    contract = Contract(effective_from=moment)
    return ContractVersion(number, recorded_at, contract, recorded_at, "ann", "a test")


def test_the_first_that_says_one_counts_once_it_has_begun() -> None:
    kept = [version(0, -100), version(1, 10, 50), version(2, 60, 90)]
    assert agreed_beginning(kept, 1) == 50
    assert agreed_beginning(kept[:1], 1) is None
    assert agreed_beginning([*kept, version(3, 70)], 1) == 50


def test_until_then_the_newest_counts() -> None:
    kept = [version(1, 10, 50), version(2, 49, 90), version(3, 89, 70)]
    assert agreed_beginning(kept[:2], 1) == 90
    assert agreed_beginning(reversed(kept), 1) == 70
    assert agreed_beginning(kept[:1], 1_000_000) == 50_000_000


@pytest.mark.parametrize(
    ("begins", "is_agreed", "wanted", "measured", "reported", "words"),
    [
        (500, True, 500, 400, [(900, 1000)], ""),
        (500, True, 501, None, [], "has begun"),
        (500, True, 499, None, [], "has begun"),
        (1000, True, 2000, None, [], "has begun"),
        # It lies ahead, and so does what is wanted: agents may be at work already.
        (1500, True, 2000, 400, [(900, 1000)], ""),
        (1500, True, 1001, 400, [(900, 1000)], ""),
        (1500, True, 900, 400, [], ""),
        (1500, True, 900, 400, [(900, 1000)], "a report"),
        # Nobody said one: it began with the tenant or the first result.
        (500, False, 2000, None, [], ""),
        (500, False, 2000, 700, [], "results from before"),
        (500, False, 700, 700, [], ""),
        (500, False, 2000, None, [(900, 1000)], "a report"),
        (500, False, 300, 500, [], ""),
        (500, False, 300, 500, [(350, 450)], "a report"),
        # Only what was reported of the time that would change counts.
        (500, False, 300, 500, [(100, 300), (500, 600)], ""),
        (1500, True, 950, 400, [(900, 950)], ""),
    ],
)
def test_what_moves_the_past_is_refused(
    begins: int, is_agreed: bool, wanted: int, measured: int | None, reported: list[Span], words: str
) -> None:
    if not words:
        refuse_moving(begins, is_agreed, wanted, NOW, measured, reported)
        return
    with pytest.raises(MovedBeginning, match=words):
        refuse_moving(begins, is_agreed, wanted, NOW, measured, reported)
