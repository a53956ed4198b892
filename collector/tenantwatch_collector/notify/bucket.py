"""How many messages a channel may be sent now: a token bucket that its far end can close for a while."""

from __future__ import annotations

MAX_PAUSE_SECONDS = 300.0
"""However long a far end asks us to stay away, a newer page must not wait longer."""
_BURST_SECONDS = 10


class TokenBucket:
    """Instants are seconds of a clock that never goes back. A sixth of a minute's worth may go at once."""

    def __init__(self, per_minute: int, now: float) -> None:
        self._per_second = per_minute / 60
        self._capacity = max(1.0, self._per_second * _BURST_SECONDS)
        self._tokens = self._capacity
        self._at = now
        self._closed_until = now

    def available(self, now: float) -> int:
        """How many may be sent now."""
        self._refill(now)
        return int(self._tokens) if now >= self._closed_until else 0

    def take(self, count: int) -> None:
        """So many are sent; at most what ``available`` has just answered."""
        self._tokens -= count

    def pause(self, now: float, seconds: float) -> None:
        """The far end asks for a pause: nothing is available before its end."""
        self._closed_until = max(self._closed_until, now + min(seconds, MAX_PAUSE_SECONDS))

    def wait_seconds(self, now: float) -> float:
        """Until at least one is available; 0 if one is."""
        self._refill(now)
        lacking = max(0.0, 1.0 - self._tokens) / self._per_second
        return max(lacking, self._closed_until - now, 0.0)

    def _refill(self, now: float) -> None:
        self._tokens = min(self._capacity, self._tokens + (now - self._at) * self._per_second)
        self._at = now
