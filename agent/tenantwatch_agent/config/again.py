"""Reads settings again without what is wrong in them, so that one fault hides no other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any, TypeVar

from tenantwatch_agent.errors import MAX_MISTAKES, ConfigurationError, Mistakes

T = TypeVar("T")
Way = tuple[str | int, ...]
"""Through tables within tables to a key, or to a text of a list."""

MAX_ROUNDS = 20
"""Of those who tell one mistake at a time."""
_NUMBER = re.compile(r" number (\d{1,9})(?: \(.*?\))?(?=[:.])")
_ALLOWED = "Allowed here: "
_MISSING = " is missing"


def read_all(read: Callable[[Mapping[str, Any]], T], table: Mapping[str, Any], where: str) -> T:
    """What ``read`` makes of the table. Raises ConfigurationError with all that can be told at once.

    Each mistake begins with ``where``. What is said of a key that was left out already is no news.
    """
    out, needed, told, mistakes = set[Way](), set[Way](), set[str](), Mistakes()
    for _ in range(MAX_ROUNDS):
        left = reduce(_without, out, table)
        try:
            made = read(left)
            break
        except ConfigurationError as error:
            said = {each: each.removeprefix(where) for each in error.mistakes}
            fresh = (each for each, text in said.items() if not _is_old(text, table, out))
            news = [each for each in fresh if each not in told]
            told.update(news)
            with mistakes.noted():
                raise ConfigurationError(*news, untold=0 if out else error.untold) from None
        missed = {_way(text, table) for text in said.values() if text.endswith(_MISSING)} & out
        blamed = {_dropped(left, way) for text in said.values() if (way := _way(text, left))} - needed
        if not (missed or blamed) or len(told) >= MAX_MISTAKES:
            break
        # Without it nothing else could be told: it stays, wrong as it is.
        needed |= missed
        out = out - missed if missed else out | blamed
    mistakes.demand_none()
    return made


def _is_old(text: str, table: Mapping[str, Any], out: Iterable[Way]) -> bool:
    """Whether it is about what was left out, or about something that counts on it."""
    way = _way(text, table)
    beside = _within(table, way[:-1])
    # A name that somebody chose may be any word; those of keys mean the keys.
    is_chosen = len(way) > 1 and f"{way[-2]}.{way[-1]}" in text
    for each in out:
        name = str(each[-1])
        near = each[:-1] == way[:-1] and isinstance(beside, dict) and not is_chosen and _first([name], text)
        far = name not in beside and (f"'{name}'" in text or f"{{{name}}}" in text)
        if way[: len(each)] == each or near or far:
            return True
    return False


def _way(text: str, inside: Any) -> Way:
    """To the innermost thing that a mistake names; empty where it names nothing that could be left out."""
    text = text.partition(_ALLOWED)[0]
    if not isinstance(inside, dict):
        found = next((item for item in inside if isinstance(item, str) and repr(item) in text), None)
        return () if found is None else (found,)
    if (match := _first(inside, text)) is None:
        return ()
    key, text = match[0], text[match.end() :]
    value = inside[key]
    if isinstance(value, list) and (number := _NUMBER.match(text)):
        place = int(number[1]) - 1
        if not 0 <= place < len(value) or not isinstance(value[place], dict):
            return (key,)
        # A whole table of several is not left out: the others would have other numbers.
        inner = _way(text[number.end() :], value[place])
        return (key, place, *inner) if inner else ()
    is_within = isinstance(value, list) or (isinstance(value, dict) and text[:1] in (":", "."))
    return (key, *_way(text, value)) if is_within and value else (key,)


def _first(keys: Iterable[str], text: str) -> re.Match[str] | None:
    """Where the text names one of them."""
    # Most are not there, and to see that is quick.
    there = [key for key in keys if key and key in text]
    either = "|".join(map(re.escape, sorted(there, key=len, reverse=True)))
    return re.search(rf"(?<![\w-])(?:{either})(?![\w-])", text) if either else None


def _within(inside: Any, way: Way) -> Any:
    return reduce(lambda value, step: value[step], way, inside)


def _dropped(table: Any, way: Way) -> Way:
    """With what would be left empty."""
    while len(way) > 1 and isinstance(way[-2], str) and len(_within(table, way[:-1])) == 1:
        way = way[:-1]
    return way


def _without(inside: Any, way: Way) -> Any:
    """A copy of what is changed, the rest shared."""
    step, *rest = way
    if isinstance(inside, list):
        if isinstance(step, str):
            return [item for item in inside if item != step]
        return [_without(item, tuple(rest)) if at == step else item for at, item in enumerate(inside)]
    if rest and step in inside:
        return {**inside, step: _without(inside[step], tuple(rest))}
    return {key: value for key, value in inside.items() if key != step}
