"""Two agents with one id are told apart from one agent that begins its stream anew."""

from __future__ import annotations

import asyncio

import grpc.aio
import pytest
from tenantwatch_collector.ingest import turns

from tests.collector.ingest.raw import Raw

HOUR_SECONDS = 3600.0


async def test_an_agents_own_next_streams_are_no_second_agent(
    raw: Raw, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As with each change of its configuration: the new one begins while the older is still there."""
    monkeypatch.setattr(turns, "HOLD_UP_SECONDS", HOUR_SECONDS)
    async with asyncio.timeout(60), grpc.aio.insecure_channel(raw.address) as channel:
        calls = [await raw.open(channel, "a") for _ in range(3)]
        assert [await call.code() for call in calls[:-1]] == [grpc.StatusCode.ABORTED] * 2
        calls[-1].cancel()
    assert "a second time" not in caplog.text


async def test_another_connection_with_the_same_id_is_a_second_agent(
    raw: Raw, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(turns, "HOLD_UP_SECONDS", 0.0)
    own = [("grpc.use_local_subchannel_pool", 1)]
    async with (
        asyncio.timeout(60),
        grpc.aio.insecure_channel(raw.address, options=own) as here,
        grpc.aio.insecure_channel(raw.address, options=own) as there,
    ):
        first = await raw.open(here, "a")
        second = await raw.open(there, "a")
        assert await first.code() is grpc.StatusCode.ABORTED
        second.cancel()
    assert "agent a of tenant acme is here a second time" in caplog.text


async def test_one_connection_and_another_spool_is_a_second_agent(caplog: pytest.LogCaptureFixture) -> None:
    """As behind a proxy that puts the streams of many into one connection."""
    older, newer = turns.Origin("ipv4:192.0.2.1:7", "g"), turns.Origin("ipv4:192.0.2.1:7", "h")
    await turns.Turns().take((1, "a"), "acme", older, newer)
    assert "agent a of tenant acme is here a second time" in caplog.text
