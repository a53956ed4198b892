"""Checks what must hold of a store: its log, its commits, its books, its rollups, its states.

Reads only, and may run beside a collector: what differs is looked at twice before it is told.
"""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from tenantwatch_wire.records import Status

from tenantwatch_collector.engines.rollups import BUCKET_S, GRACE_US, WIDER, RollupEngine, within
from tenantwatch_collector.engines.summing import end_us
from tenantwatch_collector.store.base import BUCKET_US, CommitTouch, RollupSpan, Store, Touched

SAMPLE = 200
_ENTRIES_AT_ONCE = 5_000
_MOST_TOLD = 10
_FAR_US = 2**62


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing that must hold, in words, and where it does not."""

    claim: str
    differences: Sequence[str] = ()


@dataclass(slots=True)
class _Log:
    """What one reading of the log of commits found."""

    entries: int = 0
    first_id: int = 0
    last_id: int = 0
    last_received_us: int = 0
    results: int = 0
    wrong: list[str] = field(default_factory=list)
    sample: list[CommitTouch] = field(default_factory=list)
    touched: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 2), np.int64))


class Verifier:
    """``whole`` checks every commit and every span instead of a sample."""

    def __init__(
        self,
        store: Store,
        whole: bool = False,
        told: Callable[[float | None, int], None] = lambda done, count: None,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self._store = store
        self._whole = whole
        self._told = told
        self._now_us = now_us
        self._random = random.Random()
        self._log = _Log()
        self._floor_us = 0
        self._looked_at = 0

    async def run(self) -> AsyncIterator[Verdict]:
        """Everything, the cheap first."""
        self._floor_us = await self._store.raw_since_us()
        await self._read_log()
        log = self._log
        ids = f" {log.first_id} to {log.last_id}" if log.entries else ""
        yield Verdict(f"log: {log.entries} commits{ids}, none missing, each later than the last", log.wrong)
        yield await self._cursors()
        yield await self._books()
        yield await self._commits()
        if self._whole:
            lost = await self._store.orphans()
            wrong = [f"{lost} results name a commit that the log does not have"] if lost else []
            yield Verdict("results: each belongs to a commit of the log", wrong)
        yield await self._rollups()
        yield await self._states()

    async def _read_log(self) -> None:
        while touches := await self._store.touched_after(self._log.last_id, _ENTRIES_AT_ONCE):
            for touch in touches:
                self._enter(touch)
            pairs = [np.stack([touch.touched.tenant_key, touch.touched.bucket], axis=1) for touch in touches]
            self._log.touched = np.unique(np.concatenate([self._log.touched, *pairs]), axis=0)
            self._step(len(touches))

    def _enter(self, touch: CommitTouch) -> None:
        log = self._log
        log.first_id = log.first_id or touch.commit_id
        if log.entries and touch.commit_id != log.last_id + 1:
            log.wrong.append(f"commit {log.last_id} is followed by {touch.commit_id}")
        if touch.received_at_us <= log.last_received_us:
            log.wrong.append(f"commit {touch.commit_id} was received no later than the one before it")
        log.last_id, log.last_received_us = touch.commit_id, touch.received_at_us
        log.entries += 1
        log.results += touch.result_count
        # A sample of all, drawn while they pass by.
        place = len(log.sample) if self._whole else self._random.randrange(log.entries)
        if len(log.sample) < SAMPLE or self._whole:
            log.sample.append(touch)
        elif place < SAMPLE:
            log.sample[place] = touch

    async def _cursors(self) -> Verdict:
        inventory = await self._store.inventory()
        newest = inventory.newest_commit
        cursors = {"judging": inventory.judged_through, "rolling up": inventory.rolled_up_through}
        wrong = [f"{name} has come to commit {at} of {newest}" for name, at in cursors.items() if at > newest]
        behind = ", ".join(f"{name} {newest - at} commits behind" for name, at in cursors.items())
        return Verdict(f"cursors: none beyond the log; {behind}", wrong)

    async def _books(self) -> Verdict:
        """Nothing was deleted yet if the log is whole and retention's floor below all that it touched."""
        log, wrong = self._log, list[str]()
        earliest_us = int(log.touched[:, 1].min()) * BUCKET_US if len(log.touched) else 0
        nothing_deleted = log.first_id <= 1 and self._floor_us <= earliest_us
        accounts = await self._store.accounts()
        for account in accounts:
            found = account.results + account.lost + account.refused
            if found > account.acknowledged or (nothing_deleted and found < account.acknowledged):
                wrong.append(
                    f"{account.tenant_id}, agent {account.agent_id}: {account.acknowledged} acknowledged, but"
                    f" {account.results} results, {account.lost} lost, {account.refused} refused"
                )
        adds_up = "are as many as" if nothing_deleted else "are, less what retention deleted, no more than"
        return Verdict(
            f"books: of {len(accounts)} agents results, gaps and refused ones {adds_up} acknowledged", wrong
        )

    async def _commits(self) -> Verdict:
        wrong, looked = list[str](), 0
        for touch in sorted(self._log.sample, key=lambda each: each.commit_id):
            if len(touch.touched) and int(touch.touched.bucket.min()) * BUCKET_US < self._floor_us:
                continue
            looked += 1
            wrong += await self._commit(touch)
            self._step(1)
        return Verdict(f"commits: {looked} looked at; each brought and touched what the log says", wrong)

    async def _commit(self, touch: CommitTouch) -> list[str]:
        read = await self._store.commits_after(touch.commit_id - 1, 1)
        if not read or read[0].commit_id != touch.commit_id:
            return [f"commit {touch.commit_id} cannot be read"]
        columns = read[0].columns
        if len(columns) != touch.result_count:
            return [f"commit {touch.commit_id}: {touch.result_count} results in the log, {len(columns)} kept"]
        if Touched.by(columns).to_bytes() == touch.touched.to_bytes():
            return []
        return [f"commit {touch.commit_id}: the log names other quarters of an hour than its results touch"]

    async def _rollups(self) -> Verdict:
        engine, unfinished = await self._engine()
        spans = [span for span in self._spans() if span not in unfinished]
        wrong = []
        for span in spans:
            if not await self._is_right(engine, span):
                engine, unfinished = await self._engine()
                if span not in unfinished and not await self._is_right(engine, span):
                    wrong.append(await self._how_wrong(engine, span))
            self._step(1)
        made = f"{len(spans)} spans are what a recount gives; {len(unfinished)} are still to be made"
        return Verdict(f"rollups: {made}", wrong)

    async def _engine(self) -> tuple[RollupEngine, set[RollupSpan]]:
        """One that knows what is still to be made now, and that: with the hours and days made of it."""
        engine = RollupEngine(self._store, self._now_us)
        engine.raw_since_us = self._floor_us
        unfinished = await engine.unfinished()
        for width_s, wider_s in WIDER.items():
            unfinished |= {within(span, wider_s) for span in unfinished if span.width_s == width_s}
        return engine, unfinished

    def _spans(self) -> list[RollupSpan]:
        """Quarters of an hour that are over and have their results, and the hours and days around them."""
        touched = self._log.touched
        over = (touched[:, 1] + 1) * BUCKET_US + GRACE_US <= self._now_us()
        kept = touched[over & (touched[:, 1] * BUCKET_US >= self._floor_us)].tolist()
        if not self._whole and len(kept) > SAMPLE:
            kept = self._random.sample(kept, SAMPLE)
        spans = {RollupSpan(tenant_key, BUCKET_S, bucket * BUCKET_US) for tenant_key, bucket in kept}
        for width_s in WIDER.values():
            around = {within(span, width_s) for span in spans if span.width_s == BUCKET_S}
            spans |= {span for span in around if end_us(span) + GRACE_US <= self._now_us()}
        return sorted(spans)

    async def _is_right(self, engine: RollupEngine, span: RollupSpan) -> bool:
        kept = await self._store.rollups(span.tenant_key, span.width_s, span.start_us, span.start_us + 1)
        return list(kept) == await engine.recount(span) and await self._sums_are_right(engine, span)

    async def _sums_are_right(self, engine: RollupEngine, span: RollupSpan) -> bool:
        """Of time before there were sums none is kept; one whose members count otherwise now is not read."""
        kept = await self._store.rollup_sums(
            [span.tenant_key], span.width_s, span.start_us, span.start_us + 1
        )
        made = await engine.sum_up(span)
        same = [each.members for each in kept] == [each.members for each in made]
        return not kept or not same or list(kept) == made

    async def _how_wrong(self, engine: RollupEngine, span: RollupSpan) -> str:
        kept = await self._store.rollups(span.tenant_key, span.width_s, span.start_us, span.start_us + 1)
        made = {rollup.check_key: rollup for rollup in await engine.recount(span)}
        there = {rollup.check_key: rollup for rollup in kept}
        differing = [key for key in sorted(made.keys() | there.keys()) if made.get(key) != there.get(key)]
        if not differing:
            return f"tenant {span.tenant_key}, {span.width_s} s from {span.start_us}: the sum over its checks"
        key = differing[0]
        return (
            f"tenant {span.tenant_key}, {span.width_s} s from {span.start_us}, check {key}: kept is"
            f" {there.get(key)}, a recount gives {made.get(key)}"
        )

    async def _states(self) -> Verdict:
        wrong = await self._wrong_states()
        if wrong:
            wrong = sorted(set(wrong) & set(await self._wrong_states()))
        return Verdict("states: each check's is that of its last confirmed change", wrong)

    async def _wrong_states(self) -> list[str]:
        states = {state.check_key: state for state in (await self._store.judged_state()).checks}
        levels: dict[int, Status] = {}
        for tenant in await self._store.tenants():
            for change in await self._store.changes(tenant.tenant_key, _FAR_US, _FAR_US + 1):
                levels[change.check_key] = change.level
        return [
            f"check {key} is {states[key].level.word}, its last change says {level.word}"
            for key in sorted(states)
            if (level := levels.get(key, Status.UNKNOWN)) != states[key].level
        ]

    def _step(self, count: int) -> None:
        self._looked_at += count
        self._told(None, self._looked_at)


def told_of(verdict: Verdict) -> list[str]:
    """The lines to print: that it holds, or the first differences."""
    if not verdict.differences:
        return [f"holds: {verdict.claim}"]
    what = verdict.claim.partition(":")[0]
    lines = [f"DIFFERS: {what}: {each}" for each in verdict.differences[:_MOST_TOLD]]
    more = len(verdict.differences) - len(lines)
    return [*lines, f"DIFFERS: and {more} more"] if more else lines
