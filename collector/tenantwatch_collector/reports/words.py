"""Instants, durations and numbers as a reader of a report expects them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

_LONGEST_WORD = 24
Document = Mapping[str, Any]
TARGET_WORDS = {
    "availability": "Availability",
    "response_time": "Response time",
    "error_rate": "Error rate",
    "recovery_time": "Recovery time",
}
VERDICTS = {
    "breached": ("Breached", "bad"),
    "not_met_so_far": ("Not met so far", "open"),
    "cannot_be_proved": ("Cannot be proved", "open"),
    "met": ("Met", "good"),
}
"""The worst first."""


def verdict_words(verdict: str, runs: bool) -> tuple[str, str]:
    """The verdict in words, and its tone. What a running period meets, it meets so far."""
    word, tone = VERDICTS[verdict]
    return (f"{word} so far", tone) if runs and verdict == "met" else (word, tone)


def is_running(document: Document) -> bool:
    """Whether the report was made before its period was over."""
    return instant(document["as_of"]) < instant(document["report_period"]["end"])


def duration(seconds: float) -> str:
    """Such as 3 d 4 h, 12 min 5 s: the two largest units."""
    if seconds and seconds < 1:
        return f"{seconds:.3g} s"
    left, told = round(seconds), []
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        amount, left = divmod(left, size)
        if amount:
            told.append(f"{amount} {unit}")
    return " ".join(told[:2]) or "0 s"


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def span(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """The local days, where the ends are local midnights; else the instants."""
    low, high = start.astimezone(zone), end.astimezone(zone)
    last = high - timedelta(seconds=1)
    if low.time() == high.time() and not low.hour and not low.minute and not low.second:
        first_day, last_day = low.strftime("%-d %B %Y"), last.strftime("%-d %B %Y")
        return first_day if first_day == last_day else f"{first_day} – {last_day}"
    return f"{moment(start, zone)} – {moment(end, zone)}"


def moment(when: datetime, zone: ZoneInfo) -> str:
    """A local instant, such as 4 Mar 2026, 10:05:00."""
    return when.astimezone(zone).strftime("%-d %b %Y, %H:%M:%S")


def moment_of(seconds: float | str, zone: ZoneInfo) -> str:
    """The same out of Unix seconds."""
    return moment(datetime.fromtimestamp(float(seconds), UTC), zone)


def or_dash(text: str | None, unit: str) -> str:
    return "–" if text is None else f"{text}{unit}"


def decimals(value: float | None, places: int, unit: str) -> str:
    return "–" if value is None else f"{value:.{places}f}{unit}"


def milliseconds(microseconds: int | None) -> str:
    return "–" if microseconds is None else f"{microseconds / 1000:g}\u00a0ms"


def amount(value: float | str) -> str:
    """A count or an amount with its thousands apart and a minus that is one; decimals stay as they are."""
    text = str(value)
    whole, dot, rest = text.removeprefix("-").partition(".")
    return ("\u2212" if text.startswith("-") else "") + f"{int(whole):,}".replace(",", "\u202f") + dot + rest


def breakable(text: str) -> str:
    """The same text, where even the longest word can go over to the next line."""
    return re.sub(rf"\S{{{_LONGEST_WORD}}}(?=\S)", lambda found: found[0] + "\u200b", text)


def joined(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
