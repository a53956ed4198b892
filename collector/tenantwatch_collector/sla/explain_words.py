"""Amounts and instants of a report's arithmetic as text, exact wherever they are to be added up again."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

from tenantwatch_collector.sla.evaluate import Evaluation
from tenantwatch_collector.sla.report import in_seconds
from tenantwatch_collector.sla.rounding import decimal_text, half_even_text

_RULES = {
    "any": "unhealthy if one of its checks is",
    "all": "unhealthy if all of its checks are",
    "quorum": "unhealthy if more than half of its checks are",
}


def group_words(role: str, rule: str) -> str:
    return f"{role}, {_RULES[rule]}"


def seconds(units: int, e: Evaluation) -> int | str:
    return in_seconds(units, e.terms.units_per_second)


def instant(units: int, e: Evaluation) -> str:
    return utc(in_seconds(units, e.terms.units_per_second))


def utc(since_epoch: int | str) -> str:
    whole, _, rest = str(since_epoch).partition(".")
    moment = datetime.fromtimestamp(int(whole), UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}{'.' + rest if rest else ''} UTC"


def or_none(text: str | None, unit: str) -> str:
    return "none" if text is None else f"{text}{unit}"


def number(value: Fraction) -> str:
    """All digits of a decimal; of a number without an end six of them."""
    try:
        return decimal_text(value)
    except ValueError:
        return half_even_text(value, 6)
