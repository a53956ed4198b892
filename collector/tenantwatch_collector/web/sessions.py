"""Signed-in browsers, in memory: a restart signs everybody out, a stolen disk signs nobody in."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

LIFETIME_SECONDS = 12 * 3600
MAX_SESSIONS = 1_000
MAX_FAILURES_PER_MINUTE = 10
_MAX_ADDRESSES = 10_000


@dataclass(frozen=True, slots=True)
class Session:
    """``caller`` is whoever the token belongs to; the web room does not look into it.

    ``session_id`` is 256 random bits; ``expires_at`` is in seconds of the clock of its Sessions.
    """

    session_id: str
    caller: object
    expires_at: float


class Sessions:
    """At most MAX_SESSIONS; the oldest gives way."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def create(self, caller: object) -> Session:
        session = Session(secrets.token_urlsafe(32), caller, self._clock() + LIFETIME_SECONDS)
        self._sessions[session.session_id] = session
        while len(self._sessions) > MAX_SESSIONS:
            self._sessions.popitem(last=False)
        return session

    def get(self, session_id: str) -> Session | None:
        session = self._sessions.get(session_id)
        if session is not None and session.expires_at <= self._clock():
            del self._sessions[session_id]
            return None
        return session

    def remove(self, session_id: str) -> None:
        self._sessions.pop(session_id, None)


class SignInLimit:
    """Failed sign-ins of an address over the last minute: guessing is hopeless, and kept cheap for us."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def allows(self, address: str) -> bool:
        failures = self._failures.get(address, deque())
        while failures and failures[0] <= self._clock() - 60:
            failures.popleft()
        return len(failures) < MAX_FAILURES_PER_MINUTE

    def note_failure(self, address: str) -> None:
        self._failures.setdefault(address, deque()).append(self._clock())
        while len(self._failures) > _MAX_ADDRESSES:
            self._failures.popitem(last=False)
