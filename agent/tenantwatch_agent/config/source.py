"""One file of the configuration, and the lines on which its sections and keys stand."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import cached_property

TOP = ""
"""The section of the keys above all others."""

_STRINGS = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}' r"|'''.*?'{3,5}" r'|"(?:\\.|[^"\\\n])*"' r"|'[^'\n]*'" r"|\#[^\n]*", re.DOTALL
)
_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.\- ]+?)\s*\]\]?\s*")
_KEY = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))[\w.\- ]*=""")
_WORD = re.compile(r"[\w-]+")
_WITHIN = re.compile(r"""([\w-]+)(?:: |\.)(?:'([^']*)'|([\w-]+))""")
_NUMBERED = re.compile(r"([\w-]+) number (\d{1,9})")

Lines = dict[str, list[int]]


class Source:
    """``name`` is that of the file; ``text`` its content, none where there are no lines to tell."""

    def __init__(self, name: str, text: str = "") -> None:
        self.name = name
        self._text = text

    def placed(self, section: str, mistake: str) -> str:
        """The mistake behind FILE:LINE: the line of the key that it names first, or that of its section.

        Of ``[[checks]]`` the first is the section ``checks 1``. Where neither is there, FILE alone.
        """
        line = _line(self._lines.get(section, {}), _told(mistake))
        return f"{self.name}:{line}: {mistake}" if line else f"{self.name}: {mistake}"

    @cached_property
    def _lines(self) -> dict[str, Lines]:
        """Of each section the lines of each key and of each header in it; its own header is ``""``.

        A key stands there by itself, and behind its table as TABLE.KEY.
        """
        found: dict[str, Lines] = {TOP: {}}
        section, inner, tables = TOP, "", 0
        for number, line in enumerate(_without_long_texts(self._text), 1):
            if header := _HEADER.fullmatch(line):
                # What stands in tables within a check is the check's.
                first, _, inner = (part.strip() for part in header[2].partition("."))
                tables += header[1] == "[[" and header[2] == "checks"
                section = f"checks {tables}" if first == "checks" else first
                found[TOP].setdefault(first, []).append(number)
                found.setdefault(section, {}).setdefault(inner, []).append(number)
            elif key := _KEY.match(line):
                name = key[1] or key[2] or key[3]
                for each in (name, f"{inner}.{name}"):
                    found[section].setdefault(each, []).append(number)
        return found


def _line(lines: Lines, told: str) -> int:
    """0 where nothing of it is there."""
    if (inner := _WITHIN.match(told)) and (found := lines.get(f"{inner[1]}.{inner[2] or inner[3]}")):
        return found[0]
    first, last = lines.get("", [0])[0], math.inf
    if table := _NUMBERED.match(told):
        # Of several tables alike only the one that is meant.
        headers, number = lines.get(table[1], []), int(table[2])
        if number <= len(headers):
            first = headers[number - 1]
            last = headers[number] if number < len(headers) else math.inf
        told = told[table.end() :]
    keys = (line for word in _WORD.findall(told) for line in lines.get(word, []) if first <= line < last)
    return next(keys, first)


def _told(mistake: str) -> str:
    """Without the place that it begins with."""
    return mistake.partition(": ")[2] if mistake.startswith("[") else mistake


def _without_long_texts(text: str) -> Iterator[str]:
    """The lines, without comments and without what stands in texts of several lines."""

    def left(match: re.Match[str]) -> str:
        if match[0].startswith("#"):
            return ""
        return "\n" * match[0].count("\n") if match[0][:3] in ('"""', "'''") else match[0]

    return iter(_STRINGS.sub(left, text).split("\n"))
