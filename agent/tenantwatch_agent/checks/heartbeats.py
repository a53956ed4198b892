"""The register of heartbeats: jobs call the agent on loopback when they are done, checks ask it for silence.

The agent's loopback listener hands it ``POST /heartbeat/NAME``: ``receive(name, body)`` raises
UnknownHeartbeat (answer 404) or InvalidBeat (answer 400, with its message), else answer 204. Reading a body
beyond MAX_BODY_BYTES is not needed (413). The body is empty, or JSON with any of::

    {"status": "ok" | "failed", "message": "why", "metrics": {"rows": 12}}

The last beat of each name is kept in a file of its own, so that a restart of the agent forgets none. How long
ago it was is asked of the wall clock once, at the restart; one from the future was written, or is read, while
that clock was wrong, and is not believed: its job counts as not yet heard of. A time
in which the agent did not listen for a name is never counted as its silence: before it was expected, while
the agent was not there, and while it or the machine stood still.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tenantwatch_wire import limits

from tenantwatch_agent.files import read_regular

MAX_HEARTBEATS = 1_000
MAX_BODY_BYTES = 16 * 1024
MAX_MESSAGE_LENGTH = 500
MAX_BEAT_METRICS = 32
_KEYS = {"status", "message", "metrics"}
DEAF_SECONDS = 5.0
"""An agent that says nothing of itself for longer was stopped, or its machine slept: it heard nobody."""
MAX_AHEAD_SECONDS = 60.0
"""A clock that was set right meanwhile is behind itself by no more than this."""
_MAX_FILE_BYTES = 128 * 1024
"""More than the largest beat makes."""

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
    """The last beat of every name that a check expects; ``folder`` keeps them over a restart."""

    def __init__(
        self,
        folder: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._wall_clock = wall_clock
        self._listened_at = clock()
        self._listening_since: dict[str, float] = {}
        self._beats: dict[str, Beat] = {}
        self._received_at: dict[str, float] = {}
        self._untold_failures: dict[str, Beat] = {}
        self._is_failing = False

    def expect(self, names: Collection[str]) -> None:
        """Take beats of these names from now on, and of no others."""
        since = {name: self._listening_since.get(name, self._clock()) for name in names}
        for name in since.keys() - self._listening_since.keys():
            if (kept := self._kept(name)) is not None:
                self._beats[name] = kept
                self._received_at[name] = self._clock() - max(0.0, self._wall_clock() - kept.time)
        for known in (self._beats, self._received_at, self._untold_failures):
            for name in known.keys() - since.keys():
                del known[name]
        self._listening_since = since

    def forget_others(self) -> None:
        """Delete what is kept of names that nobody expects any more."""
        if self._folder is None:
            return
        wanted = {f"{name}.json" for name in self._listening_since}
        try:
            for file in self._folder.iterdir():
                if file.suffix in (".json", ".part") and file.name not in wanted:
                    file.unlink()
        except FileNotFoundError:
            return
        except OSError as error:
            log.warning("%s: what is not needed any more stays there: %s", self._folder, error)

    def listening(self) -> None:
        """To be called once a second: after a longer silence of our own everybody is listened for anew."""
        now = self._clock()
        if now - self._listened_at > DEAF_SECONDS:
            self._listening_since = dict.fromkeys(self._listening_since, now)
        self._listened_at = now

    def receive(self, name: str, body: bytes) -> None:
        """Keep a beat. Raises UnknownHeartbeat or InvalidBeat; a disk that is full is only logged."""
        if name not in self._listening_since:
            raise UnknownHeartbeat(name)
        beat = self._beats[name] = _beat(body, self._wall_clock())
        self._received_at[name] = self._clock()
        if beat.failed:
            self._untold_failures[name] = beat
        self._keep(name, beat)

    def last(self, name: str) -> Beat | None:
        """The last beat, None before the first."""
        return self._beats.get(name)

    def take_failure(self, name: str) -> Beat | None:
        """The newest failure since this was last asked: the job may have called again meanwhile."""
        return self._untold_failures.pop(name, None)

    def silence_seconds(self, name: str) -> float | None:
        """Since the last beat, also over a restart; None before the first."""
        at = self._received_at.get(name)
        return None if at is None else self._clock() - at

    def listening_seconds(self, name: str) -> float:
        """How long somebody has been there without a break to hear of it."""
        self.listening()
        since = self._listening_since.get(name)
        return 0.0 if since is None else self._clock() - since

    def _kept(self, name: str) -> Beat | None:
        if self._folder is None:
            return None
        file = self._folder / f"{name}.json"
        try:
            beat = _read(json.loads(read_regular(file, _MAX_FILE_BYTES)))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            log.warning("%s cannot be read, its job counts as not yet heard of: %s", file, error)
            return None
        ahead_seconds = beat.time - self._wall_clock()
        if not ahead_seconds <= MAX_AHEAD_SECONDS:
            log.warning(
                "%s is of %.0f s in the future: the clock of this machine was or is wrong; its job counts as"
                " not yet heard of",
                file,
                ahead_seconds,
            )
            return None
        return beat

    def _keep(self, name: str, beat: Beat) -> None:
        """The file is whole at any instant; whether the disk has it already is not worth waiting for."""
        if self._folder is None:
            return
        part = self._folder / f"{name}.part"
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            part.write_text(json.dumps(asdict(beat)))
            part.replace(self._folder / f"{name}.json")
            self._is_failing = False
        except OSError as error:
            if not self._is_failing:
                log.warning("%s cannot be written, a restart would forget beats: %s", self._folder, error)
            self._is_failing = True


def _read(kept: Mapping[str, Any]) -> Beat:
    metrics = {str(name): float(value) for name, value in kept["metrics"].items()}
    return Beat(float(kept["time"]), bool(kept["failed"]), str(kept["message"]), metrics)


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
