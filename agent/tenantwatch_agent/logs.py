"""The agent's log: lines for people or JSON for machines, and no secret in either."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Callable

from tenantwatch_agent.config.sections import Logging

_NAMED = r"(?i)\b((?:[\w\-]*(?:password|passwd|secret|token|api[_\-]?key))['\"]?"
_SECRETS = (
    # user:password@ of an address
    (re.compile(r"(?<=://)[^/\s@]*@"), "***@"),
    (re.compile(r"\btw_[\w\-.]+"), "tw_***"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w\-.=+/]+"), r"\1 ***"),
    # NAME=value and NAME:value; after a colon and a space only what does not look like a word of a sentence
    (re.compile(_NAMED + r"(?:\s*=\s*|:(?=\S)))(?!\*)['\"]?[^\s'\",;&]+"), r"\1***"),
    (re.compile(_NAMED + r"\s*:\s+)(?!\*)(?:['\"][^'\"]+['\"]|(?=\S*[\d_=+/])[^\s'\",;&]{6,})"), r"\1***"),
)


def without_secrets(text: str) -> str:
    """The text with whatever looks like a password, token or key replaced by stars."""
    for pattern, stars in _SECRETS:
        text = pattern.sub(stars, text)
    return text


class ConsoleFormatter(logging.Formatter):
    """One line for people, exceptions beneath it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        milliseconds = f"{record.msecs:03.0f}"
        told = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{milliseconds}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
        }
        if record.exc_info:
            told["exception"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(told)


def set_up_logs(logging_settings: Logging, verbose: bool = False) -> None:
    """To standard error, as the settings say; may be called again when they change."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if logging_settings.format == "json" else ConsoleFormatter())
    level = logging.DEBUG if verbose else getattr(logging, logging_settings.level.upper())
    logging.basicConfig(level=level, handlers=[handler], force=True)


class Seldom:
    """True at most once in a while: for what somebody else could make us say without end."""

    def __init__(self, seconds: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._next = float("-inf")

    def __call__(self) -> bool:
        now = self._clock()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True
