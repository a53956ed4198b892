"""Our own small path language for values inside JSON: ``$.orders[0].state``.

A path is ``$`` and then any number of ``.name``, ``["any name"]``, ``[0]`` and ``[-1]``. ``.length`` is not
special, there are no wildcards and no filters: a path names one value or none.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

MAX_PATH_LENGTH = 500

_STEP = re.compile(r"""\.([A-Za-z_][\w-]*)|\[(-?\d{1,9})\]|\[("(?:[^"\\]|\\.)*")\]""")


class _Missing:
    def __repr__(self) -> str:
        return "missing"


MISSING: Final = _Missing()
"""What a path finds where nothing is; not None, which is JSON's null."""


class JsonPath:
    """One path. Raises ValueError, saying where, if it is none."""

    def __init__(self, text: str) -> None:
        if not text.startswith("$") or len(text) > MAX_PATH_LENGTH:
            raise ValueError(f"{text[:60]!r} is no path: write it like $.orders[0].state")
        self.text = text
        self._steps = list(_steps(text))

    def find(self, value: Any) -> Any:
        """The value there, or MISSING."""
        for step in self._steps:
            try:
                # A name in a list, or an index in an object or a text, finds nothing.
                if isinstance(value, dict) is not isinstance(step, str) or isinstance(value, str):
                    return MISSING
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return MISSING
        return value


def _steps(text: str) -> list[str | int]:
    found: list[str | int] = []
    at = 1
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            raise ValueError(f'{text!r} is no path: {text[at:][:20]!r} is none of .name, [0], ["name"]')
        name, index, quoted = match.groups()
        found.append(name if name is not None else int(index) if index is not None else json.loads(quoted))
        at = match.end()
    return found


def parse_json(body: bytes | bytearray) -> Any:
    """The document. Raises ValueError saying what is wrong, also for one that is nested without measure."""
    try:
        return json.loads(body)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    except ValueError:
        raise ValueError("it holds a number of more digits than any has") from None
