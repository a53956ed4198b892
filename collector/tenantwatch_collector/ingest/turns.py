"""Two agents with one id take each other's place: it is said, and whoever goes on doing it is held up."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass

TURN_SECONDS, HOLD_UP_SECONDS = 30.0, 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a stream comes from. An agent that begins anew, as with each change of its configuration, has the
    connection and the spool of before; a second agent has not both."""

    peer: str
    generation: str
    """Of its spool."""


class Turns:
    """One for all streams of a collector."""

    def __init__(self) -> None:
        self._taken_over: dict[tuple[int, str], float] = {}

    async def take(self, key: tuple[int, str], tenant_id: str, older: Origin | None, newer: Origin) -> None:
        """Returns when the newer stream may end the older. An agent's own new stream waits for nothing."""
        if newer == older:
            return
        log.warning(
            "agent %s of tenant %s is here a second time, from %s while its stream from %s is open: if"
            " they are two, give each an agent_id of its own",
            key[1],
            tenant_id,
            newer.peer,
            older.peer if older is not None else "?",
        )
        now = time.monotonic()
        self._taken_over = {k: at for k, at in self._taken_over.items() if now - at < TURN_SECONDS}
        if key in self._taken_over:
            await asyncio.sleep(HOLD_UP_SECONDS)
        self._taken_over[key] = time.monotonic()
