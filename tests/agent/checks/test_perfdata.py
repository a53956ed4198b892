"""Performance data as the guidelines of monitoring plugins write it, and as nobody should."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantwatch_agent.checks.perfdata import (
    MAX_ITEMS,
    MAX_PERFORMANCE_LENGTH,
    Item,
    Range,
    read_output,
    read_range,
)


@pytest.mark.parametrize(
    ("text", "alerting", "quiet"),
    [
        ("10", (-1, 10.5), (0, 10)),
        ("10:", (9, -1), (10, 1000)),
        ("~:10", (11,), (-1000, 10)),
        ("10:20", (9, 21), (10, 20)),
        ("@10:20", (10, 15, 20), (9, 21)),
        ("-5:-1.5", (-6, -1, 0), (-5, -2)),
    ],
)
def test_ranges(text: str, alerting: tuple[float, ...], quiet: tuple[float, ...]) -> None:
    found = read_range(text)
    assert found is not None
    assert [found.alerts(value) for value in alerting] == [True] * len(alerting)
    assert [found.alerts(value) for value in quiet] == [False] * len(quiet)


@pytest.mark.parametrize("text", ["", "@", "~", "a", "10:5", "1:2:3", "5%"])
def test_what_is_no_range(text: str) -> None:
    assert read_range(text) is None


def test_the_first_line_is_the_text_and_figures_may_go_on_below() -> None:
    text, items = read_output(
        "DISK OK - free space | /=2643MB;5948;5958;0;5968\n"
        "/ 15272 MB\n/boot 68 MB | /boot=68MB;88\n/home=3KB\n"
    )
    assert text == "DISK OK - free space"
    mebi = 1024.0**2
    upper = Range(0, 5948 * mebi), Range(0, 5958 * mebi)
    assert items == [
        Item("/_bytes", 2643 * mebi, *upper),
        Item("/boot_bytes", 68 * mebi, Range(0, 88 * mebi)),
        Item("/home_bytes", 3072),
    ]


@pytest.mark.parametrize(
    ("written", "item"),
    [
        ("time=0.15s;0.5;1;0;10", Item("time_seconds", 0.15, Range(0, 0.5), Range(0, 1))),
        ("rta=1.5ms", Item("rta_seconds", 0.0015)),
        ("'free space'=80%;@5:10;", Item("free space_percent", 80, Range(5, 10, True))),
        ("'it''s'=1", Item("it's", 1)),
        ("packets=12c;;;0", Item("packets_total", 12)),
        ("temp=21.5C", Item("temp_C", 21.5)),
        ("load1=-.5;5:;~:9", Item("load1", -0.5, Range(5, math.inf), Range(-math.inf, 9))),
        ("big=1e3", Item("big", 1000)),
    ],
)
def test_figures(written: str, item: Item) -> None:
    (found,) = read_output(f"OK | {written}")[1]
    assert (found.name, found.warning, found.critical) == (item.name, item.warning, item.critical)
    assert found.value == pytest.approx(item.value)


@pytest.mark.parametrize(
    "written", ["", "a", "=1", "a=", "a=x", "a=U;1;2", "a=1,5;", "a = 1", "a=1e9999", "a=1e999s", "a=1e308TB"]
)
def test_what_is_no_figure_is_left_out(written: str) -> None:
    assert read_output(f"OK | {written}")[1] == []


def test_there_is_a_most() -> None:
    assert len(read_output("OK | " + " ".join(f"a{n}=1" for n in range(1000)))[1]) == MAX_ITEMS


@pytest.mark.parametrize(
    "filler", ["a" * 65_000, "'" * 65_000, "'a" * 32_000, "' " * 32_000, "a=1;" * 16_000]
)
def test_a_long_line_is_read_up_to_a_limit(filler: str) -> None:
    assert read_output(f"OK | first=1 {filler} last=1")[1] == [Item("first", 1)]


def test_no_figure_is_cut_in_the_middle() -> None:
    output = "OK | first=1 " + " " * (MAX_PERFORMANCE_LENGTH - 14) + "last=12345"
    assert read_output(output)[1] == [Item("first", 1)]


def test_a_label_begins_after_a_blank_and_has_an_end() -> None:
    assert read_output(f"OK | {'a' * 129}=1 'b'c=2 {'d' * 128}=3")[1] == [Item("d" * 128, 3)]


@given(st.text(max_size=300))
def test_any_output_is_read(output: str) -> None:
    text, items = read_output(output)
    assert "|" not in text
    assert all(math.isfinite(item.value) for item in items)
