"""What is read from memory is what the disk would have answered."""

from __future__ import annotations

import functools
import random
from dataclasses import replace
from pathlib import Path

import pytest
from tenantwatch_agent.spool import table
from tenantwatch_agent.spool.connection import ask
from tenantwatch_agent.spool.recent import MAX_RECENT
from tenantwatch_wire.records import Lane

from tests.agent.spool.spools import acknowledge, numbers, opened, result, unwritable


@pytest.mark.parametrize("seed", range(5))
async def test_memory_and_disk_answer_alike(tmp_path: Path, seed: int) -> None:
    chance, sent = random.Random(seed), 0
    async with opened(tmp_path, max_results=chance.choice((60, 1000))) as spool:
        for n in range(1, 151):
            one = replace(result(n, "ab"[n % 2]), text="\u00e4" * chance.randrange(300))
            await spool.append([one], urgent=chance.random() < 0.1)
            if chance.random() < 0.1:
                sent = chance.randrange(sent, spool.last[Lane.LIVE] + 1)
                await acknowledge(spool, sent)
            after = chance.randrange(sent, spool.last[Lane.LIVE] + 1)
            limit, room = chance.randrange(1, 100), chance.randrange(1, 20_000)
            on_disk = functools.partial(table.read, lane=Lane.LIVE, after=after, limit=limit, max_bytes=room)
            expected = await ask(spool._current.file.db, on_disk)
            assert await spool.read(Lane.LIVE, after, limit, room) == expected


async def test_what_is_on_no_disk_is_never_sent(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        async with unwritable(spool):
            await spool.append([result(1)])
            assert await numbers(spool) == []
        await spool.append([result(2)])
        assert await numbers(spool) == [1, 2]


async def test_memory_holds_the_newest_only(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        await spool.append([result(n) for n in range(1, MAX_RECENT + 10)])
        assert spool._current.recent.read(0, 100, 10**6) == []
        assert len(spool._current.recent.read(9, 100, 10**6)) == MAX_RECENT
        assert await numbers(spool) == list(range(1, MAX_RECENT + 10))
