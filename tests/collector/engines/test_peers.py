"""Collectors that miss one another: once for each silence, whoever else has missed it already."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tenantwatch_collector.alerts.routing import Routing
from tenantwatch_collector.alerts.rule import Policy
from tenantwatch_collector.engines.alerting.book import AlertBook
from tenantwatch_collector.engines.alerting.measures import TICKS_PER_SECOND
from tenantwatch_collector.engines.peers import PATIENCE_INTERVALS, Peers, Whoami
from tenantwatch_collector.store.base import PLATFORM_KEY, AlertRecord, Judgement
from tenantwatch_collector.store.sqlite import SqliteStore

from tests.fakes.http_target import HttpTarget

PATIENCE = PATIENCE_INTERVALS * 15


class Shared(SqliteStore):
    """A store that could be served by several, as PostgreSQL is."""

    serves_one_collector = False


@dataclass(slots=True)
class Ring:
    """Collectors on one store, with one engine that carries out what they ask for, and one clock."""

    store: SqliteStore
    addresses: dict[str, str] = field(default_factory=dict)
    now: float = 0.0
    book: AlertBook = field(
        default_factory=lambda: AlertBook(("slack",), Routing(Policy(TICKS_PER_SECOND)), "")
    )
    told: list[tuple[str, str]] = field(default_factory=list)

    def peers(self, collector_id: str) -> Peers:
        whoami = Whoami(collector_id, 15)
        return Peers(self.store, whoami, self.addresses, lambda: None, lambda: self.now)

    async def turn(self, *peers: Peers) -> None:
        """Each looks once; then the engine does what was asked of it."""
        for one in peers:
            await one.look()
        now_us = time.time_ns() // 1000
        for command in await self.store.pending_alert_commands():
            self.book.obey(command, now_us)
        self.book.tick(now_us)
        judgement = Judgement(0)
        self.book.collect(judgement)
        await self.store.write_judgement(judgement)
        named = ((m, json.loads(m.payload)["alert"]["metric_name"]) for m in judgement.messages)
        self.told += [(m.kind, name) for m, name in named if m.channel == "slack"]

    async def alert(self, name: str) -> AlertRecord | None:
        return await self.store.newest_alert(PLATFORM_KEY, f"collector_silent:{name}")


@asynccontextmanager
async def ring(folder: Path, **addresses: str) -> AsyncIterator[Ring]:
    store = await Shared.open(folder / "store.sqlite3")
    try:
        yield Ring(store, addresses)
    finally:
        await store.close()


async def test_one_that_falls_silent_is_missed_once_and_ended_when_it_is_heard_of_again(
    tmp_path: Path,
) -> None:
    async with ring(tmp_path) as here:
        a, b, c = (here.peers(name) for name in "abc")
        await here.turn(a, b, c)
        here.now = PATIENCE - 1
        await here.turn(a, b)
        assert here.told == []
        for here.now in (PATIENCE, PATIENCE + 15, 5 * PATIENCE):
            await here.turn(a, b)
        assert here.told[0] == ("firing", "collector_silent:c")
        assert [kind for kind, _ in here.told].count("firing") == 1
        alert = await here.alert("c")
        assert alert is not None
        assert (alert.severity, alert.status) == ("critical", "active")
        await here.turn(c)
        here.now += 15
        await here.turn(a, b, c)
        assert here.told[-1] == ("resolved", "collector_silent:c")
        for one in (a, b, c):
            await one.stop()


async def test_one_that_ends_as_it_should_is_not_missed(tmp_path: Path) -> None:
    async with ring(tmp_path) as here:
        a, b = here.peers("a"), here.peers("b")
        b.start()
        while "b" not in {one.collector_id for one in await here.store.collector_beats()}:
            await here.turn(a)
        await b.stop()
        for here.now in (0, PATIENCE, 3 * PATIENCE):
            await here.turn(a)
        assert here.told == []
        await a.stop()


async def test_a_silence_that_was_resolved_by_hand_is_not_told_again(tmp_path: Path) -> None:
    async with ring(tmp_path) as here:
        a, b = here.peers("a"), here.peers("b")
        await here.turn(a, b)
        for here.now in (1, 2 * PATIENCE):
            await here.turn(a)
        alert = await here.alert("b")
        assert alert is not None
        await here.store.command_alert(alert.alert_id, None, "resolve", "ada", "switched off")
        for here.now in (3 * PATIENCE, 4 * PATIENCE, 9 * PATIENCE):
            await here.turn(a)
        assert here.told == [("firing", "collector_silent:b"), ("resolved", "collector_silent:b")]
        await a.stop()
        await b.stop()


async def test_a_restarted_watcher_ends_what_an_earlier_one_opened(tmp_path: Path) -> None:
    async with ring(tmp_path) as here:
        a, b = here.peers("a"), here.peers("b")
        await here.turn(a, b)
        for here.now in (1, 2 * PATIENCE):
            await here.turn(a)
        again = here.peers("a")
        for here.now in (3 * PATIENCE, 3 * PATIENCE + 15):
            await here.turn(again, b)
        assert [kind for kind, _ in here.told] == ["firing", "resolved"]
        for one in (a, b, again):
            await one.stop()


async def test_a_collector_with_a_store_of_its_own_is_asked_by_its_address(tmp_path: Path) -> None:
    async with HttpTarget() as far, ring(tmp_path, east=f"{far.url}/readyz") as here:
        a = here.peers("a")
        for here.now in (0, 15, 30):
            await here.turn(a)
        far.switch(503)
        for here.now in (45, 30 + PATIENCE):
            await here.turn(a)
        assert here.told == [("firing", "collector_silent:east")]
        far.switch(200)
        here.now += 15
        await here.turn(a)
        assert here.told[-1] == ("resolved", "collector_silent:east")
        await a.stop()
