"""libpq's connection without blocking: taken by a server, then waited for step by step."""

from __future__ import annotations

import asyncio
import os

import psycopg
from psycopg import pq

from tenantwatch_agent.checks.base import LACKING, cannot_open

CONNECTING = (pq.ConnStatus.NEEDED, pq.ConnStatus.STARTED)


async def reached(text: bytes) -> tuple[pq.abc.PGconn, int]:
    """A connection that a server has taken and said nothing on yet, and what it waits for next.

    Raises psycopg.OperationalError, and OSError for what this machine lacked.
    """
    raw, step = pq.PGconn.connect_start(text), int(pq.PollingStatus.WRITING)
    try:
        while raw.status in CONNECTING:
            await ready(raw.socket, reading=step == pq.PollingStatus.READING)
            step = raw.connect_poll()
        if raw.status == pq.ConnStatus.BAD:
            raise _unreached(raw)
    except BaseException:
        raw.finish()
        raise
    return raw, step


async def ready(descriptor: int, reading: bool) -> None:
    """Return when the socket can be read or written."""
    loop = asyncio.get_running_loop()
    changed: asyncio.Future[None] = loop.create_future()

    def found() -> None:
        if not changed.done():
            changed.set_result(None)

    (loop.add_reader if reading else loop.add_writer)(descriptor, found)
    try:
        await changed
    finally:
        (loop.remove_reader if reading else loop.remove_writer)(descriptor)


def _unreached(raw: pq.abc.PGconn) -> Exception:
    """For want of descriptors it has no words, and for other things none but the system's."""
    reason, own = raw.get_error_message(), cannot_open()
    if own is not None:
        return own
    lacked = next((number for number in LACKING if os.strerror(number) in reason), 0)
    return OSError(lacked, os.strerror(lacked)) if lacked else psycopg.OperationalError(reason)
