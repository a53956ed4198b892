"""Reads settings again without what is wrong in them, so that one fault hides no other."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from tenantwatch_agent.errors import ConfigurationError, Mistakes

T = TypeVar("T")

_UNKNOWN = re.compile(r"unknown key '([^']*)'")
_WORD = re.compile(r"[\w-]+")


def read_all(read: Callable[[Mapping[str, Any]], T], table: Mapping[str, Any], where: str) -> T:
    """What ``read`` makes of the table. Raises ConfigurationError with all that can be told at once.

    Each mistake begins with ``where``. What is said of a key that was left out already is no news.
    """
    left, told, mistakes = dict(table), set[str](), Mistakes()
    while True:
        try:
            made = read(left)
            break
        except ConfigurationError as error:
            out = table.keys() - left
            news = [each for each in error.mistakes if each not in told and not out & _words(each, where)]
            told.update(news)
            with mistakes.noted():
                raise ConfigurationError(*news, untold=0 if out else error.untold) from None
            blamed = {_blamed(each, where, left) for each in error.mistakes} & left.keys()
            if not blamed:
                break
            left = {key: value for key, value in left.items() if key not in blamed}
    mistakes.demand_none()
    return made


def _blamed(mistake: str, where: str, table: Mapping[str, Any]) -> str | None:
    """The key that a mistake is about: the unknown one, else the one that it names first."""
    if unknown := _UNKNOWN.search(mistake):
        return unknown[1]
    words = _WORD.findall(mistake.removeprefix(where))
    return next((word for word in words if word in table), None)


def _words(mistake: str, where: str) -> set[str]:
    return {*_WORD.findall(mistake.removeprefix(where))}
