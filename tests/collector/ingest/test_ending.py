"""A stream whose line breaks amid a transaction: its end is told to nobody, and is no fault in the log."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Sequence
from typing import Any

import grpc
import grpc.aio
import pytest
from tenantwatch_collector.ingest import service
from tenantwatch_collector.store.base import StoreUnavailable
from tenantwatch_wire.v1 import agent_pb2

from tests.collector.ingest.raw import Raw


async def test_what_fails_after_the_line_broke_is_not_left_to_the_log(
    raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    registering, given_up = asyncio.Event(), asyncio.Event()

    async def register_checks(*_: Any, **__: Any) -> Sequence[Any]:
        registering.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise StoreUnavailable("the transaction was given up") from None
        finally:
            given_up.set()
        raise AssertionError("it waits for ever")

    unheard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: unheard.append(told))
    before = {task for task in asyncio.all_tasks() if "_serve" in repr(task)}
    monkeypatch.setattr(raw.store, "register_checks", register_checks)
    async with grpc.aio.insecure_channel(raw.address) as channel:
        call = await raw.open(channel, "a")
        await asyncio.wait_for(registering.wait(), 30)
        serving = {task for task in asyncio.all_tasks() if "_serve" in repr(task)} - before
        assert serving
        call.cancel()
        await asyncio.wait_for(given_up.wait(), 30)
        await asyncio.wait(serving, timeout=30)
    del serving
    gc.collect()
    await asyncio.sleep(0)
    assert unheard == []


async def test_an_end_amid_the_first_words_is_told(raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    """As by another agent of the same id, who comes while the welcome is being written."""
    write = service.Session.write

    async def write_and_be_ended(session: service.Session, answer: agent_pb2.ConnectResponse) -> None:
        assert session.task is not None
        session.ending = grpc.StatusCode.ABORTED, "another agent with this agent_id connected"
        asyncio.get_running_loop().call_soon(session.task.cancel)
        await write(session, answer)

    monkeypatch.setattr(service.Session, "write", write_and_be_ended)
    async with grpc.aio.insecure_channel(raw.address) as channel, asyncio.timeout(60):
        call = await raw.greeted(channel, "a")
        # How it ended is known behind all that was said before.
        with contextlib.suppress(grpc.aio.AioRpcError):
            while await call.read() is not grpc.aio.EOF:
                continue
        assert await call.code() is grpc.StatusCode.ABORTED
        assert await call.details() == "another agent with this agent_id connected"
