"""From the outbox to the far end, with a real store and real far ends that fail."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tenantwatch_collector.engines.alerting.book import AlertBook
from tenantwatch_collector.engines.alerting.measures import TICKS_PER_SECOND
from tenantwatch_collector.notify.channels.base import Channel, Message
from tenantwatch_collector.notify.delivery import Notifier
from tenantwatch_collector.notify.registry import PARTS, build_channels
from tenantwatch_collector.notify.samples import sample_payload
from tenantwatch_collector.notify.settings import NotifySection
from tenantwatch_collector.notify.templates import Templates
from tenantwatch_collector.signal import Signal
from tenantwatch_collector.store.base import PLATFORM_KEY, Judgement, OutboxMessage
from tenantwatch_collector.store.sqlite import SqliteStore
from tenantwatch_collector.vitals import Vitals

from tests.fakes.http1 import Request, Response
from tests.fakes.notified import NotifiedServer, TwilioServer
from tests.fakes.webhook import Webhook

TENANT_KEY = 1


def hook(name: str, server: NotifiedServer | Webhook, **more: Any) -> dict[str, Any]:
    return {"name": name, "url": f"{server.url}/{name}", "timeout_seconds": 60, **more}


NUMBERS = ["+4915112345678", "+4915187654321"]


def short_messages(server: TwilioServer) -> dict[str, Any]:
    account = {
        "account_sid": server.account_sid,
        "auth_token": server.auth_token,
        "sender": "+15550001111",
        "api_url": server.url,
    }
    return {"twilio": account, "sms": [{"to": NUMBERS, "timeout_seconds": 60}]}


class Far(NotifiedServer):
    """Takes everything; keeps payloads."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.path = f"/{name}"
        self.goes_on = asyncio.Event()
        """Nothing is answered while it is clear."""
        self.goes_on.set()

    async def answer(self, request: Request) -> Response:
        answer = await super().answer(request)
        await self.goes_on.wait()
        return answer

    def check(self, request: Request) -> dict[str, Any]:
        return {**json.loads(request.body), "key": request.headers["idempotency-key"]}


@dataclass(slots=True)
class Post:
    """A notifier over a store, and the ways to owe and look."""

    folder: Path
    store: SqliteStore
    settings: NotifySection
    owed: Signal = field(default_factory=Signal)
    vitals: Vitals = field(default_factory=Vitals)
    book: AlertBook | None = None

    async def judge(self) -> None:
        """What the engine makes of the reports that wait for it."""
        if self.book is None:
            ground = self.settings.ground(TICKS_PER_SECOND)
            self.book = AlertBook(self.settings.channels, ground.routing(), "")
        now_us = time.time_ns() // 1000
        for command in await self.store.pending_alert_commands():
            self.book.obey(command, now_us)
        self.book.tick(now_us)
        judgement = Judgement(0)
        self.book.collect(judgement)
        await self.store.write_judgement(judgement)
        self.owed.fire()

    async def owe(self, channel: str, kind: str = "firing", alert_id: str = "a" * 32, n: int = 0) -> None:
        key = f"{alert_id}/{kind}/{n}"
        now_us = time.time_ns() // 1000
        payload = json.dumps(sample_payload(kind, None, now_us, key))
        message = OutboxMessage(0, TENANT_KEY, alert_id, kind, key, channel, payload, now_us)
        await self.store.write_judgement(Judgement(0, messages=[message]))
        self.owed.fire()

    def rows(self, *columns: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.folder / "store.sqlite3") as file:
            found = file.execute(f"SELECT {', '.join(columns)} FROM outbox ORDER BY message_id").fetchall()
        file.close()
        return found

    async def until_rows(self, columns: tuple[str, ...], wanted: list[tuple[Any, ...]]) -> None:
        async with asyncio.timeout(60):
            while self.rows(*columns) != wanted:  # noqa: ASYNC110 - a table tells nobody that it changed
                await asyncio.sleep(0.01)

    @asynccontextmanager
    async def working(self, channels: Mapping[str, Channel] | None = None) -> AsyncIterator[Notifier]:
        built = channels or build_channels(self.settings)
        notifier = Notifier(self.store, built, self.settings, Templates(PARTS), self.owed, self.vitals)
        await notifier.start()
        try:
            yield notifier
        finally:
            await notifier.stop()


@asynccontextmanager
async def post(folder: Path, *hooks: dict[str, Any], **more: Any) -> AsyncIterator[Post]:
    settings = NotifySection.model_validate({"log": False, "webhooks": hooks, **more})
    store = await SqliteStore.open(folder / "store.sqlite3")
    try:
        yield Post(folder, store, settings)
    finally:
        await store.close()


async def test_a_channel_that_hangs_holds_up_no_other(tmp_path: Path) -> None:
    async with Far("silent") as silent, Far("good") as good:
        silent.next_answers.extend([None] * 1000)
        hooks = hook("silent", silent), hook("good", good)
        async with post(tmp_path, *hooks) as here, here.working():
            for number in range(30):
                await here.owe("webhook:silent", alert_id=f"{number:032x}")
            await silent.until(lambda: silent.arrived >= 1)
            for number in range(30):
                await here.owe("webhook:good", alert_id=f"{number:032x}")
            await good.until(lambda: len(good.taken) == 30)
            assert silent.taken == []
            # What cannot be sent now is not held in memory: it stays in the outbox, unclaimed.
            wanted = [("webhook:silent", 1)] * 10 + [("webhook:silent", 0)] * 20 + [("webhook:good", 1)] * 30
            await here.until_rows(("channel", "attempts"), wanted)
            await silent.stop()


@pytest.mark.parametrize("answer", [Response(503), Response(429), Response(500), Response(408)])
async def test_what_fails_for_now_is_tried_after_thirty_seconds(answer: Response, tmp_path: Path) -> None:
    async with Far("a") as far, post(tmp_path, hook("a", far)) as here, here.working():
        far.next_answers.append(answer)
        before_us = time.time_ns() // 1000
        await here.owe("webhook:a")
        said = f"answered {answer.status}: ok"
        await here.until_rows(("status", "attempts", "last_error"), [("owed", 1, said)])
        after_us = time.time_ns() // 1000
        ((due_us,),) = here.rows("next_attempt_us")
    assert before_us + 30_000_000 <= due_us <= after_us + 30_000_000


async def test_the_far_ends_pause_is_honoured_and_the_key_stays_the_same(tmp_path: Path) -> None:
    async with Far("a") as far, post(tmp_path, hook("a", far)) as here, here.working():
        far.next_answers.extend(Response(429, headers=(("Retry-After", "0"),)) for _ in range(3))
        far.next_answers.append(Response(503, headers=(("Retry-After", "1"),)))
        await here.owe("webhook:a")
        await far.until(lambda: len(far.taken) == 1)
        await here.until_rows(("status", "attempts"), [("sent", 5)])
    assert far.taken[0]["key"] == "a" * 32 + "/firing/0"


async def test_while_the_far_end_asks_for_a_pause_nothing_is_sent_to_it(tmp_path: Path) -> None:
    async with (
        Far("a") as far,
        Far("b") as other,
        post(tmp_path, hook("a", far), hook("b", other)) as here,
        here.working(),
    ):
        far.next_answers.append(Response(429, headers=(("Retry-After", "60"),)))
        await here.owe("webhook:a")
        await here.until_rows(("status", "attempts", "last_error"), [("owed", 1, "answered 429: ok")])
        await here.owe("webhook:a", alert_id="b" * 32)
        await here.owe("webhook:b", alert_id="b" * 32)
        await other.until(lambda: len(other.taken) == 1)
        assert far.arrived == 1
        assert here.rows("channel", "attempts")[1] == ("webhook:a", 0)


async def test_what_is_refused_for_ever_is_given_up_and_is_an_alert_of_its_own_once(tmp_path: Path) -> None:
    async with (
        Far("bad") as bad,
        Far("good") as good,
        post(tmp_path, hook("bad", bad), hook("good", good)) as here,
        here.working(),
    ):
        bad.next_answers.extend(Response(404, b"no such hook") for _ in range(3))
        for number in range(3):
            await here.owe("webhook:bad", alert_id=f"{number:032x}")
        await here.until_rows(("status",), [("dead",)] * 3)
        await here.judge()
        await good.until(lambda: len(good.taken) == 1)
        found = await here.store.newest_alert(PLATFORM_KEY, "undeliverable:webhook:bad")
    (notice,) = good.taken
    assert (notice["kind"], notice["alert"]["tenant_id"]) == ("firing", "platform")
    assert notice["alert"]["alert_name"] == "webhook:bad refuses messages"
    assert "answered 404: no such hook" in notice["alert"]["alert_description"]
    assert found is not None
    assert (found.status, found.severity, found.occurrence_count) == ("active", "error", 3)
    dead = {"channel": "webhook:bad", "outcome": "dead"}
    assert here.vitals.registry.get_sample_value("tenantwatch_messages_total", dead) == 3


async def test_two_channels_that_both_refuse_do_not_complain_about_one_another_for_ever(
    tmp_path: Path,
) -> None:
    async with Far("a") as one, Far("b") as two:
        one.next_answers.extend(Response(410) for _ in range(100))
        two.next_answers.extend(Response(410) for _ in range(100))
        async with post(tmp_path, hook("a", one), hook("b", two)) as here, here.working():
            await here.owe("webhook:a")
            dead = [("webhook:a", "dead"), ("webhook:b", "dead"), ("webhook:a", "dead")]
            for count in (1, 2, 3):
                await here.until_rows(("channel", "status"), dead[:count])
                await here.judge()
            await here.judge()
            assert here.rows("channel", "status") == dead
    assert (one.arrived, two.arrived) == (2, 1)


async def test_beyond_its_rate_a_channel_waits_in_the_outbox(tmp_path: Path) -> None:
    async with Far("slow") as slow, Far("fast") as fast:
        hooks = hook("slow", slow, max_per_minute=12), hook("fast", fast)
        async with post(tmp_path, *hooks) as here, here.working():
            for number in range(20):
                await here.owe("webhook:slow", alert_id=f"{number:032x}")
                await here.owe("webhook:fast", alert_id=f"{number:032x}")
            await fast.until(lambda: len(fast.taken) == 20)
            await slow.until(lambda: len(slow.taken) >= 2)
            # One more may go every five seconds.
            waiting = [row for row in here.rows("channel", "attempts") if row == ("webhook:slow", 0)]
            assert len(waiting) >= 2


async def test_messages_of_one_alert_are_never_swapped(tmp_path: Path) -> None:
    async with Far("a") as far, post(tmp_path, hook("a", far)) as here, here.working():
        far.goes_on.clear()
        far.next_answers.append(Response(503))
        await here.owe("webhook:a", "firing")
        await far.until(lambda: far.arrived == 1)
        await here.owe("webhook:a", "resolved")
        await here.until_rows(("kind", "attempts"), [("firing", 1), ("resolved", 1)])
        assert far.arrived == 1, "the end must wait for the beginning"
        far.goes_on.set()
        await far.until(lambda: len(far.taken) == 1)
    assert [taken["kind"] for taken in far.taken] == ["resolved"]


async def test_what_a_dead_sender_held_is_sent_again_with_its_key(tmp_path: Path) -> None:
    async with Far("a") as far, post(tmp_path, hook("a", far)) as here:
        await here.owe("webhook:a")
        (held,) = await here.store.claim_messages("webhook:a", time.time_ns() // 1000, 3600 * 10**6, 10)
        async with here.working():
            await far.until(lambda: len(far.taken) == 1)
            await here.until_rows(("status", "attempts"), [("sent", 2)])
    assert far.taken[0]["key"] == held.dedup_key


async def test_of_several_numbers_nobody_is_told_twice_after_a_crash_in_between(tmp_path: Path) -> None:
    async with TwilioServer() as far, post(tmp_path, **short_messages(far)) as here:
        await here.owe("sms")
        (held,) = await here.store.claim_messages("sms", time.time_ns() // 1000, 3600 * 10**6, 10)
        # The one that died had told the first number, and noted so.
        await here.store.message_progress(held.message_id, json.dumps({NUMBERS[0]: ""}))
        far.next_answers.append(Response(503, headers=(("Retry-After", "0"),)))
        async with here.working():
            await here.until_rows(("status", "attempts"), [("sent", 3)])
    assert [form["To"] for form in far.taken] == [NUMBERS[1]]


async def test_a_number_that_is_refused_is_on_record_and_told_to_the_operator(tmp_path: Path) -> None:
    async with TwilioServer() as far, Far("good") as good:
        far.invalid_numbers = {NUMBERS[0]}
        async with post(tmp_path, hook("good", good), **short_messages(far)) as here, here.working():
            await here.owe("sms")
            await here.until_rows(("channel", "status"), [("sms", "sent")])
            await here.judge()
            await good.until(lambda: len(good.taken) == 1)
        event = (await _events(here.folder))[0]
    assert [form["To"] for form in far.taken] == [NUMBERS[1]]
    assert f"{NUMBERS[0]}: answered 400" in good.taken[0]["alert"]["alert_description"]
    assert event == ("sms", "sent", "1 of 2 were refused")


async def _events(folder: Path) -> list[tuple[Any, ...]]:
    with sqlite3.connect(folder / "store.sqlite3") as file:
        found = file.execute("SELECT channel, outcome, detail FROM alert_event ORDER BY event_id").fetchall()
    file.close()
    return found


class Broken:
    """A channel with a fault of its own."""

    name = "webhook:a"

    def preview(self, message: Message) -> str:
        return ""

    async def send(self, message: Message) -> None:
        raise ZeroDivisionError("a fault of the channel's")

    async def close(self) -> None:
        return None


async def test_a_fault_in_a_channel_ends_nothing_but_the_attempt(tmp_path: Path) -> None:
    async with (
        Far("a") as far,
        post(tmp_path, hook("a", far)) as here,
        here.working({"webhook:a": Broken()}),
    ):
        await here.owe("webhook:a")
        wanted = [("owed", 1, "ZeroDivisionError")]
        await here.until_rows(("status", "attempts", "last_error"), wanted)
