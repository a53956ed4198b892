"""What a look waited for within the agent itself, as for a free thread: that is never the target's time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class OwnWaits:
    """Those of one look."""

    def __init__(self) -> None:
        self._ended_seconds = 0.0
        self._since: dict[str, float] = {}

    @property
    def seconds(self) -> float:
        """All of them together, with what lasts."""
        lasts = time.monotonic() - min(self._since.values()) if self._since else 0.0
        return self._ended_seconds + lasts

    @property
    def waits_for(self) -> str:
        """What it waits for just now; empty where for nothing."""
        return next(iter(self._since), "")

    @contextmanager
    def within(self, what: str) -> Iterator[None]:
        """Of several at the same time, the last to end counts."""
        self._since.setdefault(what, time.monotonic())
        try:
            yield
        finally:
            since = self._since.pop(what, None)
            if since is not None and not self._since:
                self._ended_seconds += time.monotonic() - since


_bound: ContextVar[OwnWaits | None] = ContextVar("own_waits", default=None)


def bind(waits: OwnWaits) -> None:
    """For the task that calls it and all that it starts."""
    _bound.set(waits)


@contextmanager
def own_wait(what: str) -> Iterator[None]:
    """Around a wait for something of the agent's own."""
    with (_bound.get() or OwnWaits()).within(what):
        yield
