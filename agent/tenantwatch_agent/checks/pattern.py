"""Regular expressions over what strangers send: RE2, whose time grows with the length of the text alone.

Python's own can be made to search for years by a text that fits its pattern badly, and holds up every other
check meanwhile. Imported only when a check asks for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from tenantwatch_agent.checks.base import missing_client
from tenantwatch_agent.errors import ConfigurationError

MAX_PATTERN_LENGTH = 1_000
MAX_PROGRAM = 2_000
_MAX_MEMORY = 4 * 1024 * 1024
_AT_ONCE = 64 * 1024
"""Longer texts are searched in a thread; RE2 lets the loop run meanwhile."""


class Pattern:
    """Raises ConfigurationError naming the key if the text is no pattern."""

    def __init__(self, text: str, key: str) -> None:
        try:
            import re2
        except ImportError:
            raise ConfigurationError(str(missing_client("google-re2", "regex"))) from None
        if len(text) > MAX_PATTERN_LENGTH:
            raise ConfigurationError(f"{key}: a regular expression may have {MAX_PATTERN_LENGTH} characters")
        options = re2.Options()
        options.max_mem = _MAX_MEMORY
        options.log_errors = False
        try:
            self._compiled = re2.compile(text.encode(), options)
        except re2.error as error:
            reason = error.args[0].decode("utf-8", "replace") if error.args else "not valid"
            raise ConfigurationError(
                f"{key}: {text!r} is not a regular expression of RE2, which has no look-around and no back"
                f" references: {reason}"
            ) from None
        if self._compiled.programsize > MAX_PROGRAM:
            raise ConfigurationError(f"{key}: {text!r} repeats too much; write smaller counts")
        self.text = text

    async def search_any(self, readings: Iterable[bytes | bytearray]) -> str | None:
        """In the first of them that has a match."""
        for body in readings:
            if (found := await self.search(body)) is not None:
                return found
        return None

    async def search(self, body: bytes | bytearray) -> str | None:
        """The first group of the first match, or all of the match if it has no group; None without one."""
        if len(body) <= _AT_ONCE:
            return self._search(bytes(body))
        return await asyncio.get_running_loop().run_in_executor(None, self._search, bytes(body))

    def _search(self, body: bytes) -> str | None:
        match = self._compiled.search(body)
        if match is None:
            return None
        found: bytes | None = match.group(1 if self._compiled.groups else 0)
        return (found or b"").decode("utf-8", "replace")
