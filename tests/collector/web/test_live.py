"""The stream of events: at once, after changes, coalesced, and over when the session is."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from tenantwatch_collector.web import live

from tests.collector.web.shown_board import HOME, ShownBoard, browsing, row


class Stream:
    """What a browser's EventSource would see."""

    def __init__(self, answer: httpx2.Response) -> None:
        self._lines = answer.aiter_lines()

    async def line(self, beginning: str) -> str:
        async with asyncio.timeout(60):
            async for line in self._lines:
                if line.startswith(beginning):
                    return line
        raise AssertionError(f"the stream ended without {beginning!r}")

    async def data(self) -> Any:
        return json.loads((await self.line("data: {"))[6:])

    async def rest(self) -> list[str]:
        async with asyncio.timeout(60):
            return [line async for line in self._lines]


@asynccontextmanager
async def streaming(client: httpx2.AsyncClient, tenant: str = "") -> AsyncIterator[Stream]:
    async with client.stream("GET", f"{HOME}/events", params={"tenant": tenant}) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        yield Stream(answer)


async def test_a_page_gets_everything_at_once_and_then_what_changed() -> None:
    board = ShownBoard()
    async with browsing(board) as client, streaming(client) as stream:
        assert await stream.line("retry:") == "retry: 2000"
        first = await stream.data()
        assert first["tenants_whole"] is True
        assert len(first["tenants"]) == 48
        await board.until_watched_by(1)
        gone = board.tenants.pop(5)
        board.tenants[1] = row(1, "unhealthy")
        await board.touch()
        then = await stream.data()
        assert then["tenants_whole"] is False
        assert then["tenants"] == [board.tenants[1]]
        assert then["tenants_gone"] == [gone["tenant_id"]]
        assert then["platform_health"]["unhealthy_tenants"] == 2
    await board.until_watched_by(0)


async def test_a_tenants_page_gets_that_tenant_and_null_when_it_is_gone() -> None:
    board = ShownBoard()
    async with browsing(board) as client, streaming(client, board.tenants[0]["tenant_id"]) as stream:
        assert (await stream.data())["tenant_name"] == "Northwind Traders 0"
        await board.until_watched_by(1)
        del board.tenants[0]
        await board.touch()
        assert await stream.line("data: null") == "data: null"


async def test_many_changes_become_at_most_two_updates_a_second() -> None:
    board = ShownBoard()
    async with browsing(board) as client, streaming(client) as stream:
        await stream.data()
        await board.until_watched_by(1)
        began, updates, stop = time.monotonic(), 0, asyncio.Event()

        async def keep_changing() -> None:
            while not stop.is_set():
                await board.touch()
                await asyncio.sleep(0.002)

        changing = asyncio.create_task(keep_changing())
        while updates < 3:
            await stream.data()
            updates += 1
        stop.set()
        await changing
        assert time.monotonic() - began > 2 * live.MIN_SECONDS_BETWEEN_UPDATES * 0.9


async def test_silence_is_filled_with_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert live.PING_SECONDS == 15
    monkeypatch.setattr(live, "PING_SECONDS", 0.05)
    async with browsing(ShownBoard()) as client, streaming(client) as stream:
        await stream.data()
        assert await stream.line(": ping") == ": ping"
        # A comment alone would not reach the page's script, which notices silence by it.
        assert await stream.line("event: ping") == "event: ping"


async def test_the_stream_ends_with_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PING_SECONDS", 0.05)
    board = ShownBoard()
    async with browsing(board) as client, streaming(client) as stream:
        await stream.data()
        await client.post("/admin/monitoring/sign-out")
        await stream.rest()
    await board.until_watched_by(0)


async def test_streams_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MAX_STREAMS", 1)
    board = ShownBoard()
    async with browsing(board) as client:
        async with streaming(client) as stream:
            await stream.data()
            assert (await client.get(f"{HOME}/events")).status_code == 503
        await board.until_watched_by(0)
        async with streaming(client) as stream:
            await stream.data()


async def test_a_failure_of_the_board_ends_the_stream_and_the_browser_asks_again() -> None:
    board = ShownBoard()
    streams = live.Streams(board)
    session = await board.sign_in("tw_the_admins")
    assert session is not None
    events = streams.events(session, "")
    assert await anext(events) == "retry: 2000\n\n"
    assert (await anext(events)).startswith("data: {")

    async def broken(caller: object) -> dict[str, Any]:
        raise ConnectionError("the store is away")

    board.overview = broken  # type: ignore[method-assign]
    await board.until_watched_by(1)
    await board.touch()
    with pytest.raises(ConnectionError, match="away"):
        await anext(events)
    await board.until_watched_by(0)


async def test_streams_end_when_the_collector_stops() -> None:
    board = ShownBoard()
    async with browsing(board) as client, streaming(client) as stream:
        await stream.data()
        await board.until_watched_by(1)
        await board.close()
        await stream.rest()
