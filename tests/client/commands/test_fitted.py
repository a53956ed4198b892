"""Tables fit where they are printed, and break nothing."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text
from tenantwatch_client.commands.show import styled, table

INSTANT = "2027-05-09T02:00:00.123456+00:00"
ROWS = [
    {
        "id": "a-rather-long-name-of-an-agent",
        "at": INSTANT,
        "of": "x" * 20,
        "why": "the probe is down again " * 3,
    }
]
COLUMNS = (("ID", "id"), ("AT", "at"), ("OF", "of"), ("WHY", "why"))


def _printed(width: int) -> list[str]:
    console = Console(width=width, force_terminal=False, color_system=None)
    with console.capture() as captured:
        console.print(table(ROWS, COLUMNS))
    return captured.get().splitlines()


def test_a_wide_table_has_all_in_one_line() -> None:
    assert [line.split() for line in _printed(240)] == [
        ["ID", "AT", "OF", "WHY"],
        [ROWS[0]["id"], "2027-05-09T02:00:00Z", "x" * 20, *ROWS[0]["why"].split()],
    ]


def test_a_narrow_table_leaves_out_columns_and_breaks_no_word() -> None:
    lines = _printed(70)
    words = " ".join(lines).split()
    assert all(len(line) <= 70 for line in lines)
    assert {ROWS[0]["id"], "2027-05-09T02:00:00Z", "probe", "again"} <= set(words)
    assert "x" * 20 not in words
    assert lines[-1].strip() == "too narrow for OF; --output json has all"


def test_seconds_are_enough_for_people() -> None:
    assert styled(f"until {INSTANT}, then") == Text("until 2027-05-09T02:00:00Z, then")
    assert styled("2027-05-09T02:00:00+02:00").plain == "2027-05-09T02:00:00+02:00"
