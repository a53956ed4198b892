"""The register of heartbeats: jobs call the agent on loopback when they are done, checks ask it for silence.

The agent's loopback listener hands it ``POST /heartbeat/NAME``: ``receive(name, body)`` raises
UnknownHeartbeat (answer 404) or InvalidBeat (answer 400, with its message), else answer 204. Reading a body
beyond MAX_BODY_BYTES is not needed (413). The body is empty, or JSON with any of::

    {"status": "ok" | "failed", "message": "why", "metrics": {"rows": 12}}

The last beats are kept in a file, so that a restart of the agent forgets none; a time in which the agent did
not listen is never counted as a job's silence.
"""

from __future__ import annotations

import json
import logging
import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tenantwatch_wire import limits

from tenantwatch_agent.errors import ConfigurationError
from tenantwatch_agent.files import read_regular

MAX_HEARTBEATS = 1_000
MAX_BODY_BYTES = 16 * 1024
MAX_MESSAGE_LENGTH = 500
MAX_BEAT_METRICS = 32
_KEYS = {"status", "message", "metrics"}
_KEEP_AT_MOST_BYTES = 8 * 1024 * 1024

log = logging.getLogger(__name__)


class UnknownHeartbeat(Exception):
    """No check expects a heartbeat of this name."""


class InvalidBeat(Exception):
    """The body is not what a beat may be; the message says what is allowed."""


@dataclass(frozen=True, slots=True)
class Beat:
    """One call of a job. ``time`` is Unix seconds."""

    time: float
    failed: bool = False
    message: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)


class Heartbeats:
    """The last beat of every name that a check expects; ``file`` keeps them over a restart."""

    def __init__(
        self,
        file: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._file = file
        self._clock = clock
        self._wall_clock = wall_clock
        self._listening_since = clock()
        self._expected: set[str] = set()
        self._beats: dict[str, Beat] = {}
        self._received_at: dict[str, float] = {}
        self._load()

    def expect(self, name: str) -> None:
        """Take beats of this name from now on; a check says so when it is made. Raises ConfigurationError."""
        if len(self._expected) >= MAX_HEARTBEATS and name not in self._expected:
            raise ConfigurationError(f"more than {MAX_HEARTBEATS} names of heartbeats")
        self._expected.add(name)

    def receive(self, name: str, body: bytes) -> None:
        """Keep a beat. Raises UnknownHeartbeat or InvalidBeat; a disk that is full is only logged."""
        if name not in self._expected:
            raise UnknownHeartbeat(name)
        self._beats[name] = _beat(body, self._wall_clock())
        self._received_at[name] = self._clock()
        self._save()

    def last(self, name: str) -> Beat | None:
        """The last beat, None before the first."""
        return self._beats.get(name)

    def silence_seconds(self, name: str) -> float | None:
        """Since the last beat, also over a restart; None before the first."""
        if name in self._received_at:
            return self._clock() - self._received_at[name]
        beat = self._beats.get(name)
        return None if beat is None else max(0.0, self._wall_clock() - beat.time)

    @property
    def listening_seconds(self) -> float:
        """How long this process has been there to be called."""
        return self._clock() - self._listening_since

    def _load(self) -> None:
        if self._file is None:
            return
        try:
            kept = json.loads(read_regular(self._file, _KEEP_AT_MOST_BYTES))
            self._beats = {str(name): Beat(**beat) for name, beat in kept.items()}
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
            log.warning("%s cannot be read, jobs count as not yet heard of: %s", self._file, error)

    def _save(self) -> None:
        """The file is whole at any instant; whether the disk has it already is not worth waiting for."""
        if self._file is None:
            return
        kept = {name: asdict(beat) for name, beat in self._beats.items() if name in self._expected}
        part = self._file.with_suffix(".part")
        try:
            part.write_text(json.dumps(kept))
            os.replace(part, self._file)
        except OSError as error:
            log.warning("%s cannot be written, a restart would forget beats: %s", self._file, error)


def _beat(body: bytes, now: float) -> Beat:
    if not body.strip():
        return Beat(now)
    if len(body) > MAX_BODY_BYTES:
        raise InvalidBeat(f"a beat holds {MAX_BODY_BYTES} bytes at most")
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict) or given.keys() - _KEYS:
        raise InvalidBeat(f"write nothing, or a JSON object with any of {', '.join(sorted(_KEYS))}")
    if given.get("status", "ok") not in ("ok", "failed"):
        raise InvalidBeat('status must be "ok" or "failed"')
    message = given.get("message", "")
    if not isinstance(message, str):
        raise InvalidBeat("message must be a text")
    shown = " ".join(message.split())[:MAX_MESSAGE_LENGTH]
    return Beat(now, given.get("status") == "failed", shown, _metrics(given.get("metrics", {})))


def _metrics(given: Any) -> dict[str, float]:
    if not isinstance(given, dict) or len(given) > MAX_BEAT_METRICS:
        raise InvalidBeat(f"metrics must be an object of at most {MAX_BEAT_METRICS} numbers")
    for name, value in given.items():
        if not 0 < len(name) <= limits.MAX_ID_LENGTH or not name.isprintable():
            raise InvalidBeat("a metric's name must be printable and not empty or too long")
        if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
            raise InvalidBeat(f"metric {name!r} must be a finite number")
    return {name: float(value) for name, value in given.items()}


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
