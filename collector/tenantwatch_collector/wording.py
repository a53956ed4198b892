"""What is wrong with a value that somebody wrote, in words for whoever wrote it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

MAX_PROBLEMS = 20

_OBJECT, _LIST, _INTEGER, _NUMBER, _DECIMAL = (
    "must be an object",
    "must be a list",
    "must be a whole number",
    "must be a number",
    "must be a number, or a text that holds one",
)
_INSTANT = "must be an instant such as 2027-05-01T00:00:00Z"
_DATE = "must be a date such as 2027-05-01"
_WORDS: Mapping[str, str] = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dict_type": _OBJECT,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "int_type": _INTEGER,
    "int_parsing": _INTEGER,
    "int_from_float": _INTEGER,
    "decimal_type": _DECIMAL,
    "decimal_parsing": _DECIMAL,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": "must be a finite number",
    "string_type": "must be a text",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "datetime_type": _INSTANT,
    "datetime_parsing": _INSTANT,
    "datetime_from_date_parsing": _INSTANT,
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "timezone_aware": "must have its offset from UTC, or Z for UTC",
    "timezone_naive": "must be a local time, without an offset",
}
_PHRASES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "value_error": lambda context: str(context["error"]),
    "literal_error": lambda context: f"must be {context['expected']}",
    "enum": lambda context: f"must be {context['expected']}",
    "union_tag_invalid": lambda context: (
        f"must have as {context['discriminator']} {context['expected_tags']}"
    ),
    "union_tag_not_found": lambda context: f"must say its {context['discriminator']}",
    "greater_than": lambda context: f"must be more than {context['gt']}",
    "greater_than_equal": lambda context: f"must be {context['ge']} or more",
    "less_than": lambda context: f"must be less than {context['lt']}",
    "less_than_equal": lambda context: f"must be {context['le']} or less",
    "decimal_max_places": lambda context: f"must have at most {context['decimal_places']} decimals",
    "string_too_short": lambda context: f"must have at least {_so_many(context['min_length'], 'character')}",
    "string_too_long": lambda context: f"must have at most {_so_many(context['max_length'], 'character')}",
    "too_short": lambda context: f"must have at least {_so_many(context['min_length'], 'entry')}",
    "too_long": lambda context: f"must have at most {_so_many(context['max_length'], 'entry')}",
}


def _so_many(count: int, noun: str) -> str:
    return (
        f"{count} {noun}"
        if count == 1
        else f"{count} {noun.removesuffix('y')}{'ies' if noun[-1] == 'y' else 's'}"
    )


def in_words(problem: Mapping[str, Any]) -> str:
    """What is wrong with the value, without where it stands and without the value itself."""
    kind, context = problem["type"], problem.get("ctx") or {}
    if kind in _PHRASES:
        return _PHRASES[kind](context)
    return _WORDS.get(kind) or str(problem["msg"])


def told(problems: Iterable[Mapping[str, Any]], place: Callable[[tuple[int | str, ...]], str]) -> str:
    """All of them in one line, each with its ``place``; of very many the first."""
    found = _own(list(problems))
    lines = [f"{place(each['loc'])}: {in_words(each)}".removeprefix(": ") for each in found[:MAX_PROBLEMS]]
    more = f"; and {len(found) - MAX_PROBLEMS} more" if len(found) > MAX_PROBLEMS else ""
    return "; ".join(lines) + more


def _own(problems: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Without lists that are too short only because their entries, which are told, are wrong."""
    held = {each["loc"][:length] for each in problems for length in range(len(each["loc"]))}
    return [each for each in problems if each["type"] != "too_short" or each["loc"] not in held]


def dotted(location: tuple[int | str, ...]) -> str:
    """A place in a body: ``contract.targets.0``."""
    return ".".join(map(str, location))


def bracketed(location: tuple[int | str, ...]) -> str:
    """A place in a file, as its reader would look for it: ``checks[0].group``."""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return path.removeprefix(".")
