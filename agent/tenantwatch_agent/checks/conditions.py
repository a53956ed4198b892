"""Conditions of one line, over JSON or over the headers of an answer.

``$.queue.age_seconds < 60``, ``$.state == "ready"``, ``$.nodes[0].name exists``, ``age < 100``. The right
side is a JSON value. ``<``, ``<=``, ``>``, ``>=`` compare two numbers or two texts; ``contains`` looks for a
part of a text or for an element of a list. What is missing fulfils no condition.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from tenantwatch_agent.checks.json_path import MISSING, JsonPath
from tenantwatch_agent.checks.secrets import hidden
from tenantwatch_agent.errors import ConfigurationError, Mistakes

MAX_SHOWN = 100
MAX_CONDITION_LENGTH = 1_000
MAX_VALUES = 100
"""Of one header: more than that no server means, and each costs time."""

_FORM = re.compile(
    r"\s*(?P<left>\S.*?)\s+(?:(?P<exists>exists)|(?P<sign>==|!=|<=|<|>=|>|contains)\s+(?P<right>.+?))\s*"
)
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Condition:
    """``left`` names what is looked at; raises ConfigurationError if the text is no condition."""

    def __init__(self, text: str, key: str) -> None:
        form = _FORM.fullmatch(text) if len(text) <= MAX_CONDITION_LENGTH else None
        if form is None:
            raise ConfigurationError(
                f"{key}: {text[:MAX_SHOWN]!r} is no condition: write LEFT exists, or LEFT and one of"
                " == != < <= > >= contains and a JSON value"
            )
        self.left: str = form["left"]
        self._sign: str = form["sign"] or "exists"
        self._text = " ".join(text.split())
        try:
            self._right: Any = None if self._sign == "exists" else json.loads(form["right"])
        except ValueError:
            raise ConfigurationError(
                f"{key}: {form['right'][:MAX_SHOWN]!r} in {text[:MAX_SHOWN]!r} is not a JSON value;"
                ' texts stand in double quotes: "ready"'
            ) from None

    def problem(self, found: Any, secrets: Collection[str] = ()) -> str:
        """Why the value does not fulfil it, in words and without the secrets; empty if it does."""
        if found is MISSING:
            return f"{self._text}: there is no {self.left}"
        if self._holds(found):
            return ""
        return f"{self._text}: it is {shown(found, secrets)}"

    def _holds(self, found: Any) -> bool:
        if self._sign == "exists":
            return True
        if self._sign == "contains":
            return _contains(found, self._right)
        if self._sign in ("==", "!="):
            return _same(found, self._right) is (self._sign == "==")
        found = _as_number(found) if _is_number(self._right) else found
        return _comparable(found, self._right) and _ORDERS[self._sign](found, self._right)


class JsonConditions:
    """All of them over one document."""

    def __init__(self, texts: Iterable[str], key: str) -> None:
        self._all: list[tuple[Condition, JsonPath]] = []
        mistakes = Mistakes()
        for text in texts:
            with mistakes.noted():
                self._all.append(_with_path(Condition(text, key), key))
        mistakes.demand_none()

    def __bool__(self) -> bool:
        return bool(self._all)

    def problem(self, document: Any, secrets: Collection[str] = ()) -> str:
        """Of the first that is not fulfilled; empty if all are."""
        problems = (one.problem(path.find(document), secrets) for one, path in self._all)
        return next(filter(None, problems), "")


class HeaderConditions:
    """All of them over the headers of one answer, whose names are in lower case."""

    def __init__(self, texts: Iterable[str], key: str) -> None:
        self._all: list[Condition] = []
        mistakes = Mistakes()
        for text in texts:
            with mistakes.noted():
                self._all.append(one := Condition(text, key))
                if not _HEADER.fullmatch(one.left):
                    raise ConfigurationError(f"{key}: {one.left[:MAX_SHOWN]!r} is not the name of a header")
        mistakes.demand_none()

    def problem(self, headers: Iterable[tuple[str, str]], secrets: Collection[str] = ()) -> str:
        """Of the first that no header of its name fulfils; empty if all are."""
        headers = list(headers)
        for one in self._all:
            values: list[Any] = [value for name, value in headers if name == one.left.lower()]
            problems = [one.problem(value, secrets) for value in values[:MAX_VALUES] or [MISSING]]
            if all(problems):
                return f"header {problems[0]}"
        return ""


def _with_path(condition: Condition, key: str) -> tuple[Condition, JsonPath]:
    try:
        return condition, JsonPath(condition.left)
    except ValueError as error:
        raise ConfigurationError(f"{key}: {error}") from None


def shown(value: Any, secrets: Collection[str] = ()) -> str:
    """For the text of a result: short, as JSON writes it, and without the secrets."""
    # Before it is cut: the beginning of a secret would not be found any more.
    text = hidden(json.dumps(value, ensure_ascii=False, default=str), secrets)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def _contains(found: Any, part: Any) -> bool:
    if isinstance(found, str):
        return isinstance(part, str) and part in found
    return isinstance(found, list) and any(_same(item, part) for item in found)


def _same(one: Any, other: Any) -> bool:
    # In Python True == 1; in JSON true is no number.
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_number(value: Any) -> Any:
    """Headers and many APIs write numbers as texts."""
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        return value


def _comparable(one: Any, other: Any) -> bool:
    return (_is_number(one) and _is_number(other)) or (isinstance(one, str) and isinstance(other, str))
