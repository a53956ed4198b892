"""A value taken out of an answer: by JSON path, from a header, or by a regular expression."""

from __future__ import annotations

import json

from tenantwatch_agent.checks.http.failure import ProbeFailed
from tenantwatch_agent.checks.http.message import Answer
from tenantwatch_agent.checks.json_path import MISSING, JsonPath
from tenantwatch_agent.checks.pattern import Pattern
from tenantwatch_agent.errors import ConfigurationError

MAX_VALUE_LENGTH = 8_192


class Extraction:
    """``$.path``, ``header NAME`` or ``regex PATTERN``; raises ConfigurationError for anything else."""

    def __init__(self, text: str, key: str) -> None:
        self._path: JsonPath | None = None
        self._pattern: Pattern | None = None
        self._header, self._text = "", text
        way, _, rest = text.partition(" ")
        if text.startswith("$"):
            try:
                self._path = JsonPath(text)
            except ValueError as error:
                raise ConfigurationError(f"{key}: {error}") from None
        elif way == "header" and rest.strip():
            self._header = rest.strip().lower()
        elif way == "regex" and rest.strip():
            self._pattern = Pattern(rest.strip(), key)
        else:
            raise ConfigurationError(f"{key}: {text[:60]!r} is none of $.path, header NAME, regex PATTERN")

    async def take(self, answer: Answer) -> str:
        """Raises ProbeFailed if it is not there."""
        value = await self._find(answer)
        if value is None:
            raise ProbeFailed(f"its answer holds no {self._text}")
        if len(value) > MAX_VALUE_LENGTH:
            raise ProbeFailed(f"{self._text} is longer than {MAX_VALUE_LENGTH} characters")
        return value

    async def _find(self, answer: Answer) -> str | None:
        if self._path is not None:
            return _as_text(self._path, answer)
        if self._pattern is not None:
            return await self._pattern.search_any(answer.readings)
        return answer.header(self._header)


def _as_text(path: JsonPath, answer: Answer) -> str | None:
    try:
        value = path.find(answer.json())
    except ValueError as error:
        raise ProbeFailed(f"its answer is not JSON: {error}") from None
    if value is MISSING or value is None:
        return None
    if isinstance(value, dict | list):
        raise ProbeFailed(f"{path.text} is neither a text nor a number")
    return value if isinstance(value, str) else json.dumps(value)
