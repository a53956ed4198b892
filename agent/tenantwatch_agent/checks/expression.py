"""A small language of ours for figures: ``orders.rows > 0 and (queue.age_seconds < 60 or queue.depth == 0)``.

::

    either     = both { "or" both }
    both       = not { "and" not }
    not        = "not" not | comparison
    comparison = sum [ ("<" | "<=" | ">" | ">=" | "==" | "!=") sum ]
    sum        = product { ("+" | "-") product }
    product    = factor { ("*" | "/") factor }
    factor     = "-" factor | number | name | "(" either ")"
    name       = part { "." part }        part = letters, digits, _ | 'any text but quotes'

Everything is a number or a truth; which of them, is known when the text is read: ``1 and 2`` is refused.
Nothing of Python's is evaluated; there are no calls, no loops, and no texts.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from tenantwatch_agent.errors import ConfigurationError

MAX_LENGTH = 2_000
MAX_TOKENS = 500
MAX_DEPTH = 50

Name = tuple[str, ...]
Lookup = Callable[[Name], float]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?)"
    r"|(?P<name>(?:[A-Za-z_]\w*|'[^']+')(?:\.(?:[A-Za-z_]\w*|'[^']+'))*)"
    r"|(?P<sign><=|>=|==|!=|[-+*/<>()]))"
)
_PART = re.compile(r"'([^']+)'|(\w+)")
_WORDS = ("and", "or", "not")
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


class NoNumber(Exception):
    """The values given have no result, such as a division by zero; the message says which."""


@dataclass(frozen=True, slots=True)
class _Node:
    """One step: how it is worked out, and whether that gives a truth or a number."""

    work_out: Callable[[Lookup], float]
    is_truth: bool


class Expression:
    """A text that was read well. Raises ConfigurationError, saying where it is wrong."""

    def __init__(self, text: str, key: str) -> None:
        self.text = " ".join(text.split())
        parser = _Parser(text, key)
        self._root = parser.read()
        self.names: tuple[Name, ...] = tuple(dict.fromkeys(parser.names))
        """Every name in it, once, in the order of the text; a name is its parts."""
        self.is_truth = self._root.is_truth
        """Whether it is a condition; else it is a number."""

    def work_out(self, lookup: Lookup) -> float:
        """Its value, 1 or 0 for a condition. Raises NoNumber, and whatever ``lookup`` raises."""
        try:
            worked_out = float(self._root.work_out(lookup))
        except ZeroDivisionError:
            raise NoNumber(f"{self.text}: division by zero") from None
        if not math.isfinite(worked_out):
            raise NoNumber(f"{self.text}: the number is too large")
        return worked_out


def condition(text: str, key: str) -> Expression:
    """An expression that is true or false. Raises ConfigurationError for one that is a number."""
    found = Expression(text, key)
    if not found.is_truth:
        raise ConfigurationError(f"{key}: {found.text!r} is a number: compare it, as in {found.text} > 0")
    return found


def number(text: str, key: str) -> Expression:
    """An expression that is a number. Raises ConfigurationError for one that is true or false."""
    found = Expression(text, key)
    if found.is_truth:
        raise ConfigurationError(f"{key}: {found.text!r} is true or false, a number is needed")
    return found


class _Parser:
    """Recursive descent over the tokens; one method a line of the grammar."""

    def __init__(self, text: str, key: str) -> None:
        self._text = text
        self._key = key
        if len(text) > MAX_LENGTH:
            raise ConfigurationError(f"{key}: an expression has at most {MAX_LENGTH} characters")
        self._tokens = self._split()
        self._at = 0
        self._depth = 0
        self.names: list[Name] = []

    def read(self) -> _Node:
        root = self._either()
        if self._peek():
            raise self._wrong("an end or an operator")
        return root

    def _split(self) -> list[tuple[str, str, int]]:
        tokens: list[tuple[str, str, int]] = []
        at = 0
        while self._text[at:].strip():
            if len(tokens) == MAX_TOKENS:
                raise ConfigurationError(
                    f"{self._key}: an expression has at most {MAX_TOKENS} words and signs"
                )
            match = _TOKEN.match(self._text, at)
            if match is None:
                raise ConfigurationError(f"{self._key}: {self._text[at:].strip()[:20]!r} is not understood")
            kind = str(match.lastgroup)
            tokens.append((kind, match[kind], match.start(kind)))
            at = match.end()
        return tokens

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self, *wanted: str) -> str:
        """The next token if it is one of these, else nothing."""
        token = self._peek()
        if token not in wanted:
            return ""
        self._at += 1
        return token

    def _wrong(self, expected: str) -> ConfigurationError:
        here = self._tokens[self._at][2] if self._at < len(self._tokens) else len(self._text)
        found = repr(self._text[here:][:20]) if self._peek() else "the end"
        return ConfigurationError(f"{self._key}: expected {expected}, found {found} in {self._text!r}")

    def _must(self, node: _Node, is_truth: bool, beside: str) -> _Node:
        if node.is_truth is not is_truth:
            needs = "a condition, as in a > 0" if is_truth else "a number"
            raise ConfigurationError(f"{self._key}: {beside!r} needs {needs} on each side, in {self._text!r}")
        return node

    def _either(self) -> _Node:
        left = self._both()
        while self._take("or"):
            left = _either(self._must(left, True, "or"), self._must(self._both(), True, "or"))
        return left

    def _both(self) -> _Node:
        left = self._not()
        while self._take("and"):
            left = _both(self._must(left, True, "and"), self._must(self._not(), True, "and"))
        return left

    def _not(self) -> _Node:
        if not self._take("not"):
            return self._comparison()
        with _Deeper(self):
            return _opposite(self._must(self._not(), True, "not"))

    def _comparison(self) -> _Node:
        left = self._sum()
        sign = self._take(*_COMPARISONS)
        if not sign:
            return left
        right = self._must(self._sum(), False, sign)
        return _two(_COMPARISONS[sign], self._must(left, False, sign), right, True)

    def _sum(self) -> _Node:
        left = self._product()
        while sign := self._take("+", "-"):
            right = self._must(self._product(), False, sign)
            left = _two(_ARITHMETIC[sign], self._must(left, False, sign), right, False)
        return left

    def _product(self) -> _Node:
        left = self._factor()
        while sign := self._take("*", "/"):
            right = self._must(self._factor(), False, sign)
            left = _two(_ARITHMETIC[sign], self._must(left, False, sign), right, False)
        return left

    def _factor(self) -> _Node:
        with _Deeper(self):
            if self._take("-"):
                return _negative(self._must(self._factor(), False, "-"))
            if self._take("("):
                inner = self._either()
                if not self._take(")"):
                    raise self._wrong("a closing parenthesis")
                return inner
            return self._operand()

    def _operand(self) -> _Node:
        if self._at >= len(self._tokens) or self._peek() in _WORDS:
            raise self._wrong("a number or a name")
        kind, text, _ = self._tokens[self._at]
        if kind == "sign":
            raise self._wrong("a number or a name")
        self._at += 1
        if kind == "number":
            if math.isinf(float(text)):
                raise ConfigurationError(f"{self._key}: a number of {len(text)} characters is too large")
            return _constant(float(text))
        name = tuple(quoted or plain for quoted, plain in _PART.findall(text))
        self.names.append(name)
        return _Node(lambda lookup: lookup(name), False)


class _Deeper:
    """Bounds how deeply parentheses and signs are nested."""

    def __init__(self, parser: _Parser) -> None:
        self._parser = parser

    def __enter__(self) -> None:
        self._parser._depth += 1
        if self._parser._depth > MAX_DEPTH:
            raise ConfigurationError(f"{self._parser._key}: nested more than {MAX_DEPTH} deep")

    def __exit__(self, *_: object) -> None:
        self._parser._depth -= 1


def _constant(value: float) -> _Node:
    return _Node(lambda _: value, False)


def _negative(inner: _Node) -> _Node:
    return _Node(lambda lookup: -inner.work_out(lookup), False)


def _opposite(inner: _Node) -> _Node:
    return _Node(lambda lookup: not inner.work_out(lookup), True)


def _both(left: _Node, right: _Node) -> _Node:
    return _Node(lambda lookup: bool(left.work_out(lookup) and right.work_out(lookup)), True)


def _either(left: _Node, right: _Node) -> _Node:
    return _Node(lambda lookup: bool(left.work_out(lookup) or right.work_out(lookup)), True)


def _two(operation: Callable[[float, float], float], left: _Node, right: _Node, is_truth: bool) -> _Node:
    return _Node(lambda lookup: operation(left.work_out(lookup), right.work_out(lookup)), is_truth)
