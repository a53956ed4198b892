"""What a recurrence may say: the rules of RFC 5545 that windows need, and nothing that it forbids."""

from __future__ import annotations

import re
from collections.abc import Mapping

MAX_RULE_LENGTH = 500
MAX_OCCURRENCES = 50_000
"""In one expansion: five years of every hour."""
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_NUMBERS = {
    "BYMONTH": (1, 12),
    "BYMONTHDAY": (1, 31),
    "BYYEARDAY": (1, 366),
    "BYWEEKNO": (1, 53),
    "BYSETPOS": (1, 366),
    "BYHOUR": (0, 23),
    "BYMINUTE": (0, 59),
}
_FROM_THE_END = ("BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS")
"""They take -1 for the last as well."""
_ONLY_WITH = {
    "BYWEEKNO": ("YEARLY",),
    "BYYEARDAY": ("YEARLY",),
    "BYMONTHDAY": ("DAILY", "MONTHLY", "YEARLY"),
}
_PARTS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST", *_NUMBERS}
_DAY = re.compile(r"(?:[+-]?([0-9]{1,2}))?(?:MO|TU|WE|TH|FR|SA|SU)")
_NUMBERED_DAYS = {"MONTHLY": 5, "YEARLY": 53}
_MAX_LIST = 62
_MAX_TIMES_A_DAY = 24


class RuleError(ValueError):
    """A recurrence that is not taken; the message says what is allowed."""


def checked_rule(rule: str) -> str:
    """The rule as it is kept: in capitals, without its prefix. Raises RuleError."""
    text = rule.strip().upper().removeprefix("RRULE:").removesuffix(";")
    if len(text) > MAX_RULE_LENGTH:
        raise RuleError(f"a rule has at most {MAX_RULE_LENGTH} characters")
    if not text.isascii():
        raise RuleError("a rule is written in ASCII: FREQ=WEEKLY;BYDAY=SU")
    parts: dict[str, str] = {}
    for name, value in map(_part, text.split(";") if text else ()):
        if name in parts:
            raise RuleError(f"{name} stands there twice; a part that takes several has them as BYHOUR=2,14")
        parts[name] = value
    _check_frequency(parts)
    _check_numbers(parts)
    _check_days(parts)
    return text


def parts_of(rule: str) -> dict[str, str]:
    """The parts of a rule as it is kept, by name."""
    return {name: value for name, _, value in (each.partition("=") for each in rule.split(";") if each)}


def _part(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not value or name not in _PARTS:
        raise RuleError(f"{text!r} is not taken; a rule has {', '.join(sorted(_PARTS))}, each as NAME=VALUE")
    if value.count(",") >= _MAX_LIST:
        raise RuleError(f"{name} has more than {_MAX_LIST} values")
    return name, value


def _check_frequency(parts: Mapping[str, str]) -> None:
    """The frequency, how often and until when, and what goes with which of them."""
    frequency = parts.get("FREQ")
    if frequency not in _FREQUENCIES:
        raise RuleError(
            f"FREQ must be one of {', '.join(_FREQUENCIES)};"
            " for several windows a day write their hours as BYHOUR=2,14"
        )
    for name, allowed in _ONLY_WITH.items():
        if name in parts and frequency not in allowed:
            raise RuleError(f"{name} goes with FREQ={' or '.join(allowed)}, not with {frequency}")
    if "BYSETPOS" in parts and not any(name.startswith("BY") for name in parts.keys() - {"BYSETPOS"}):
        raise RuleError("BYSETPOS picks from what another BY… gives: write BYDAY=MO,TU;BYSETPOS=-1")
    if "COUNT" in parts and "UNTIL" in parts:
        raise RuleError("COUNT and UNTIL exclude one another")
    if "UNTIL" in parts and not re.fullmatch(r"[0-9]{8}(T[0-9]{6})?", parts["UNTIL"]):
        raise RuleError(
            "UNTIL is a date or an instant: 20271231, 20271231T235959 (local) or 20271231T225959Z"
        )


def _check_numbers(parts: Mapping[str, str]) -> None:
    for name, most in (("INTERVAL", 1000), ("COUNT", MAX_OCCURRENCES)):
        if not _is_number(parts.get(name, "1"), 1, most):
            raise RuleError(f"{name} must be 1 to {most}")
    for name, (least, most) in _NUMBERS.items():
        for value in parts[name].split(",") if name in parts else ():
            signed = name in _FROM_THE_END
            if not _is_number(value[1:] if signed and value[:1] in ("+", "-") else value, least, most):
                also = f", or from the end -{least} to -{most}" if signed else ""
                raise RuleError(f"{name} takes {least} to {most}{also}, not {value[:20]!r}")
    if _length(parts, "BYHOUR") * _length(parts, "BYMINUTE") > _MAX_TIMES_A_DAY:
        raise RuleError(f"BYHOUR and BYMINUTE together give more than {_MAX_TIMES_A_DAY} windows a day")


def _check_days(parts: Mapping[str, str]) -> None:
    if "WKST" in parts and (parts["WKST"][:1].isdigit() or not _DAY.fullmatch(parts["WKST"])):
        raise RuleError("WKST is one of MO, TU, WE, TH, FR, SA, SU")
    most = 0 if "BYWEEKNO" in parts else _NUMBERED_DAYS.get(parts["FREQ"], 0)
    for value in parts["BYDAY"].split(",") if "BYDAY" in parts else ():
        day = _DAY.fullmatch(value)
        if day is None:
            raise RuleError(f"BYDAY takes MO, TU, WE, TH, FR, SA, SU, not {value[:20]!r}")
        if day[1] is not None and not 1 <= int(day[1]) <= most:
            raise RuleError(
                "BYDAY takes numbers with FREQ=MONTHLY, 1MO to 5MO or -1FR,"
                " and with FREQ=YEARLY up to 53, where there is no BYWEEKNO"
            )


def _is_number(text: str, least: int, most: int) -> bool:
    return re.fullmatch(r"[0-9]{1,5}", text) is not None and least <= int(text) <= most


def _length(parts: Mapping[str, str], name: str) -> int:
    return len(parts.get(name, "").split(","))
