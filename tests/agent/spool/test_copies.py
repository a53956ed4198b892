"""Files that are put back, torn or killed: what a collector never got is never forgotten, nor in silence."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tenantwatch_agent.config.sections import SpoolLimits
from tenantwatch_agent.spool import Spool
from tenantwatch_wire.records import Lane

from tests.agent.spool.spools import CHECKS, START_US, numbers, opened, result

STEPS = st.lists(
    st.sampled_from(["look", "look", "connect", "send", "send unheard", "kill", "back up", "put back"]),
    max_size=14,
)


class Line:
    """A spool and the collector it sends to; each collector's lane takes what is behind its watermark."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "data"
        self._copy = folder / "copy"
        self._looks = 0
        self._sent = dict.fromkeys(Lane, 0)
        self._connected = False
        self.seen: set[int] = set()
        """What the file in use was given, before it was copied or after."""
        self._seen_by_copy: set[int] | None = None
        self.collected: dict[tuple[str, Lane, int], int] = {}
        """Number of a result by generation, lane and sequence."""

    async def open(self) -> None:
        self._connected = False
        self.spool = await Spool.open(self._folder, CHECKS, SpoolLimits())

    async def step(self, name: str) -> None:
        await getattr(self, "_" + name.replace(" ", "_"))()

    def _watermark(self, lane: Lane) -> int:
        mine = self.spool.generation, lane
        return max((place[2] for place in self.collected if place[:2] == mine), default=0)

    async def _look(self) -> None:
        self._looks += 1
        self.seen.add(self._looks)
        await self.spool.append([result(self._looks)])

    async def _connect(self) -> None:
        generation = ""
        while generation != self.spool.generation:
            generation = self.spool.generation
            self._sent = {lane: self._watermark(lane) for lane in Lane}
            for lane, sequence in self._sent.items():
                await self.spool.acknowledge(generation, lane, sequence)
        await self.spool.begin_sending()
        self._connected = True

    async def _send_unheard(self) -> None:
        for lane in Lane if self._connected else ():
            for one in await self.spool.read(lane, self._sent[lane], 2):
                self._sent[lane] = one.sequence
                number = one.result.time_us - START_US
                self.collected.setdefault((self.spool.generation, lane, one.sequence), number)

    async def _send(self) -> None:
        await self._send_unheard()
        for lane in Lane if self._connected else ():
            await self.spool.acknowledge(self.spool.generation, lane, self._watermark(lane))

    async def _kill(self) -> None:
        await self.spool.close()
        await self.open()

    async def _back_up(self) -> None:
        shutil.rmtree(self._copy, ignore_errors=True)
        shutil.copytree(self._folder, self._copy)
        self._seen_by_copy = set(self.seen)

    async def _put_back(self) -> None:
        if self._seen_by_copy is None:
            return
        await self.spool.close()
        shutil.rmtree(self._folder)
        shutil.copytree(self._copy, self._folder)
        self.seen = set(self._seen_by_copy)
        await self.open()

    async def end(self) -> None:
        await self._connect()
        async with asyncio.timeout(60):
            while self.spool.count():
                await self._send()
        await self.spool.close()


async def played(steps: list[str]) -> Line:
    with tempfile.TemporaryDirectory() as folder:
        line = Line(Path(folder))
        await line.open()
        for name in steps:
            await line.step(name)
        await line.end()
    return line


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_whatever_is_copied_put_back_or_killed_the_collector_gets_all(steps: list[str]) -> None:
    line = asyncio.run(played(steps))
    arrived = list(line.collected.values())
    assert line.seen <= set(arrived)
    if "put back" not in steps:
        assert sorted(arrived) == sorted(line.seen), "each once"


@pytest.mark.parametrize(
    "steps",
    [
        # The copy gives to other results the sequences that the collector has already.
        ["look", "connect", "send", "back up", "look", "look", "send", "put back", "look", "look", "look"],
        ["look", "back up", "look", "connect", "send", "put back", "look", "look", "connect", "send"],
    ],
)
async def test_what_was_never_sent_is_not_forgotten_for_what_another_file_sent(steps: list[str]) -> None:
    line = await played(steps)
    assert line.seen <= set(line.collected.values())


@pytest.mark.parametrize("harm", ["cut off", "flipped"])
async def test_an_end_that_is_torn_off_is_a_gap(tmp_path: Path, harm: str) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    async with opened(before) as spool:
        for number in range(1, 11):
            await spool.append([result(number)])
        # As the disk has it when power goes: nobody closes the file.
        shutil.copytree(before, after)
    log = after / "spool.sqlite3-wal"
    content = bytearray(log.read_bytes())
    middle = len(content) // 2
    log.write_bytes(
        content[:middle] if harm == "cut off" else content[:middle] + bytes(4096) + content[middle + 4096 :]
    )
    async with opened(after) as spool:
        left = await numbers(spool)
        assert left == list(range(1, len(left) + 1))
        assert 0 < len(left) < 10
        (gap,) = await spool.gaps(Lane.LIVE)
        assert (gap.first_sequence, gap.last_sequence) == (len(left) + 1, 10)
        assert "torn off" in gap.reason
        assert START_US < gap.from_us <= gap.to_us
        assert spool.last[Lane.LIVE] == 10
        await spool.append([result(11)], urgent=True)
        assert [one.sequence for one in await spool.read(Lane.LIVE, 10, 10)] == [11]
    # Said once.
    async with opened(after) as spool:
        assert len(await spool.gaps(Lane.LIVE)) == 1


async def test_a_witness_that_is_wrong_or_gone_is_not_believed(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        await spool.append([result(1)])
    for said in ("", "x" * 128, f"{'0' * 32} 99 0 5 1\n", f"{'0' * 32} 99"):
        (tmp_path / "spool.witness").write_text(said)
        async with opened(tmp_path) as spool:
            assert await spool.gaps(Lane.LIVE) == []
    (tmp_path / "spool.witness").unlink()
    async with opened(tmp_path) as spool:
        assert await numbers(spool) == [1]


async def test_a_file_of_before_the_mark_counts_as_sent(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        await spool.append([result(1), result(2)])
        await spool._current.file.db.execute("DELETE FROM meta WHERE name LIKE 'sent%'")
    spool = await Spool.open(tmp_path, CHECKS, SpoolLimits())
    assert await spool.acknowledge(spool.generation, Lane.LIVE, 2) == 2
    await spool.close()
