"""Why a stream is over."""

from __future__ import annotations

REFUSED_SECONDS = 15.0
"""Until another stream is tried where the same would be refused again."""


class StreamEnded(Exception):
    """The stream is over and another one should be opened after the delay."""

    def __init__(self, reason: str, delay_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.delay_seconds = delay_seconds


class Renewed(StreamEnded):
    """Nothing is wrong: what the Hello and the dictionary said has changed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, 0.0)
