"""The events that keep a page current: what is sent, and how often."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

from tenantwatch_collector.web.board import Board
from tenantwatch_collector.web.sessions import Session

MIN_SECONDS_BETWEEN_UPDATES = 0.5
PING_SECONDS = 15.0
MAX_STREAMS = 100
MAX_FIRST_ROWS = 200
# A browser that lost us asks again after this long. Its script sees no comments: a ping is also an event.
_RETRY = "retry: 2000\n\n"
_PING = ": ping\nevent: ping\ndata:\n\n"
# The worst pace when an update is costly: nine tenths of the time is left for everything else.
_REST_PER_WORK = 9
_MAX_REST_SECONDS = 10.0
_RANK = {"unhealthy": 0, "degraded": 1, "unknown": 2, "healthy": 3}


class Streams:
    """All open streams of a router; at most MAX_STREAMS, so that forgotten tabs cost a bounded amount."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._open = 0

    @property
    def full(self) -> bool:
        return self._open >= MAX_STREAMS

    async def events(self, session: Session, tenant_id: str) -> AsyncGenerator[str, None]:
        """The page's data at once and after every change, at most twice a second; ends with the session."""
        changed = asyncio.Event()
        changed.set()
        listening = asyncio.create_task(self._listen(session.caller, changed))
        self._open += 1
        try:
            yield _RETRY
            async with aclosing(self._updates(session, tenant_id, changed, listening)) as updates:
                async for event in updates:
                    yield event
        finally:
            self._open -= 1
            listening.cancel()

    async def _updates(
        self, session: Session, tenant_id: str, changed: asyncio.Event, listening: asyncio.Task[None]
    ) -> AsyncGenerator[str, None]:
        sent = TenantRows()
        while await self._board.session(session.session_id) is not None:
            try:
                await asyncio.wait_for(changed.wait(), PING_SECONDS)
            except TimeoutError:
                yield _PING
                continue
            changed.clear()
            began = time.monotonic()
            data = await self._data(session, tenant_id)
            event = f"data: {encoded(data if data is None or tenant_id else sent.difference(data))}\n\n"
            spent_seconds = time.monotonic() - began
            yield event
            if listening.done():
                listening.result()
                return
            rest_seconds = min(spent_seconds * _REST_PER_WORK, _MAX_REST_SECONDS)
            await asyncio.sleep(max(MIN_SECONDS_BETWEEN_UPDATES, rest_seconds))

    async def _data(self, session: Session, tenant_id: str) -> dict[str, Any] | None:
        if tenant_id:
            return stamped(await self._board.tenant(session.caller, tenant_id))
        return stamped(await self._board.overview(session.caller))

    async def _listen(self, caller: object, changed: asyncio.Event) -> None:
        # A task of its own: the generator of changes is then never closed while it is running.
        try:
            async with aclosing(self._board.changes(caller)) as changes:
                async for _ in changes:
                    changed.set()
        finally:
            changed.set()


class TenantRows:
    """What one page was sent already: every tenant travels once, and then only those that changed."""

    def __init__(self) -> None:
        self._sent: dict[str, int] | None = None

    def difference(self, overview: dict[str, Any]) -> dict[str, Any]:
        """The overview with the tenants that are new or changed, and the ids of those that are gone."""
        present = {row["tenant_id"]: hash(tuple(row.values())) for row in overview["tenants"]}
        before = {} if self._sent is None else self._sent
        whole, self._sent = self._sent is None, present
        changed = [
            row for row in overview["tenants"] if before.get(row["tenant_id"]) != present[row["tenant_id"]]
        ]
        gone = [tenant_id for tenant_id in before if tenant_id not in present]
        return {**overview, "tenants": changed, "tenants_gone": gone, "tenants_whole": whole}


def first_rows(overview: dict[str, Any]) -> dict[str, Any]:
    """The overview with its worst tenants only: what a page can show before its stream is open."""
    rows = sorted(overview["tenants"], key=lambda row: (_RANK.get(row["state"], 2), row["tenant_id"]))
    return {**overview, "tenants": rows[:MAX_FIRST_ROWS], "tenants_gone": [], "tenants_whole": False}


def stamped(data: dict[str, Any] | None) -> dict[str, Any] | None:
    """With the collector's clock, so that ages are right where the browser's clock is wrong."""
    return None if data is None else {**data, "sent_at": datetime.now(UTC).isoformat()}


def encoded(data: object) -> str:
    """JSON that every browser can read: an agent's NaN becomes null instead of ending the page."""
    try:
        return json.dumps(data, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(data), allow_nan=False)


def _finite(data: object) -> object:
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data
