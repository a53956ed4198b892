"""What every channel does alike, over real connections to far ends that check what they are sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tenantwatch_collector.errors import CollectorError, RefusedForEver, RetryLater
from tenantwatch_collector.notify.samples import KINDS

from tests.collector.notify.grounds import GROUNDS, Ground, message


@pytest.fixture(params=GROUNDS)
async def ground(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ground]:
    async with GROUNDS[request.param](tmp_path, 60) as made:
        yield made
        await made.channel.close()


def only(*channels: str) -> pytest.MarkDecorator:
    """Those whose far end can do it; the log has none, and Apprise tells too little."""
    return pytest.mark.parametrize("ground", channels, indirect=True)


async def test_every_kind_of_message_is_taken(ground: Ground) -> None:
    for kind in KINDS:
        await ground.channel.send(message(ground.channel.name, kind))
    assert ground.arrived() == len(KINDS)


async def test_messages_are_sent_side_by_side(ground: Ground) -> None:
    name = ground.channel.name
    sending = [ground.channel.send(message(name, "firing", f"{i:032x}/firing/0")) for i in range(10)]
    await asyncio.gather(*sending)
    assert ground.arrived() == 10


async def test_long_and_strange_texts_are_taken(ground: Ground) -> None:
    strange = "line one\r\nSubject: evil\n\x00\x1b[31m <script>&\"' " + "é日🚨" * 5000
    alert = {"alert_description": strange, "alert_name": strange[:300]}
    await ground.channel.send(message(ground.channel.name, "firing", **alert))
    assert ground.arrived() == 1


@only("slack", "email", "sms", "pagerduty", "webhook", "apprise")
async def test_what_fails_for_now_is_asked_for_again(ground: Ground) -> None:
    assert ground.busy is not None
    ground.busy()
    with pytest.raises(RetryLater):
        await ground.channel.send(message(ground.channel.name))


@only("slack", "email", "sms", "pagerduty", "webhook")
async def test_what_is_refused_is_refused_for_ever(ground: Ground) -> None:
    assert ground.refuse is not None
    ground.refuse()
    with pytest.raises(RefusedForEver) as caught:
        await ground.channel.send(message(ground.channel.name))
    assert_no_secret(ground, caught.value)


@pytest.mark.parametrize("name", ["slack", "email", "sms", "pagerduty", "webhook"])
async def test_silence_ends_by_the_timeout(name: str, tmp_path: Path) -> None:
    async with GROUNDS[name](tmp_path, 0.5) as ground:
        assert ground.silent is not None
        ground.silent()
        with pytest.raises(RetryLater) as caught:
            await asyncio.wait_for(ground.channel.send(message(ground.channel.name)), 60)
        assert_no_secret(ground, caught.value)
        await ground.channel.close()


@only("slack", "email", "sms", "pagerduty", "webhook", "apprise")
async def test_a_far_end_that_is_gone_is_tried_later(ground: Ground) -> None:
    assert ground.stop is not None
    await ground.stop()
    with pytest.raises(RetryLater) as caught:
        await ground.channel.send(message(ground.channel.name))
    assert_no_secret(ground, caught.value)


async def test_a_preview_shows_the_text_and_no_secret(ground: Ground) -> None:
    shown = ground.channel.preview(message(ground.channel.name, "firing"))
    assert "http_endpoint is unhealthy" in shown
    assert ground.arrived() == 0
    for secret in ground.secrets:
        assert secret not in shown
        assert secret not in repr(ground.channel)


async def test_closing_twice_is_closing_once(ground: Ground) -> None:
    await ground.channel.close()
    await ground.channel.close()


def assert_no_secret(ground: Ground, error: CollectorError) -> None:
    for secret in ground.secrets:
        assert secret not in str(error)
        assert secret not in repr(error)
