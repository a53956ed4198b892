"""The stream against a collector that keeps what it is sent: nothing lost, nothing twice, always back."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from tenantwatch_agent.config import load_config
from tenantwatch_agent.config.assignment import Assigned
from tenantwatch_agent.spool import Spool
from tenantwatch_agent.stream import conversation, outgoing
from tenantwatch_wire import limits
from tenantwatch_wire.records import Lane, Result, Status
from tenantwatch_wire.v1 import agent_pb2

from tests.agent.fake_collector import FakeCollector
from tests.agent.on_stream import START_US, emptied, ground, quicken


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quicken(monkeypatch)


async def test_hello_dictionary_batches_and_farewell(tmp_path: Path) -> None:
    async with FakeCollector() as collector:
        async with ground(tmp_path, collector) as one:
            await one.look(120)
            one.sender.start()
            await collector.until(lambda: one.is_all_at(collector))
            await emptied(one)
        assert one.vitals.acknowledged_results == 120
        await collector.until(lambda: bool(collector.of_kind("farewell")))
    (hello,) = collector.of_kind("hello")
    assert (hello.agent_id, hello.spool_generation) == ("web-1", one.spool.generation)
    (dictionary,) = collector.of_kind("dictionary")
    assert [(e.index, e.check_id, e.active) for e in dictionary.entries] == [(0, "web", True)]
    assert [len(batch.status) for batch in collector.batches] == [50, 50, 20]


async def test_results_whose_metrics_have_ever_new_names_go_in_smaller_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_METRIC_NAMES", 100)
    async with FakeCollector() as collector, ground(tmp_path, collector) as one:
        one.number = 50
        await one.spool.append(
            [
                Result("web", START_US + n, Status.HEALTHY, None, "", {f"m{n}_{k}": 1.0 for k in range(30)})
                for n in range(1, 51)
            ]
        )
        one.sender.start()
        await collector.until(lambda: one.is_all_at(collector))
        await emptied(one)
    assert max(len(batch.metric_names) for batch in collector.batches) <= 100
    assert one.vitals.refused_batches == 0


async def test_no_more_batches_than_the_window_are_on_the_way(tmp_path: Path) -> None:
    collector = FakeCollector()
    collector.acknowledging = False
    async with collector, ground(tmp_path, collector) as one:
        await one.look(500)
        one.sender.start()
        await collector.until(lambda: len(collector.batches) == 2)
        with pytest.raises(TimeoutError):
            await collector.until(lambda: len(collector.batches) > 2, deadline_seconds=0.3)
        collector.acknowledging = True
        await collector.send(
            acknowledgement=agent_pb2.Acknowledgement(lane=agent_pb2.LANE_LIVE, sequence=100)
        )
        await collector.until(lambda: one.is_all_at(collector))


async def test_what_was_not_acknowledged_is_sent_again_and_counts_once(tmp_path: Path) -> None:
    collector = FakeCollector()
    async with ground(tmp_path, collector) as one:
        one.sender.start()
        for _ in range(5):
            await one.look(30)
            collector.acknowledging = False
            async with collector:
                await collector.until(lambda: max(collector.committed, default=0) > collector.told + 10)
            collector.acknowledging = True
            # It was killed with a part of what it never acknowledged committed, and the rest lost.
            kept = collector.told + 10
            collector.committed = {n: one for n, one in collector.committed.items() if n <= kept}
        async with collector:
            await collector.until(lambda: one.is_all_at(collector))
            await emptied(one)
    assert len(collector.of_kind("hello")) >= 6


class WithAnOlderSpool(FakeCollector):
    """Has 40 results of the first generation that it hears of, and knows none of any other."""

    def _welcome(self) -> agent_pb2.Welcome:
        hellos = self.of_kind("hello")
        is_first = hellos[-1].spool_generation == hellos[0].spool_generation
        self.told_of[Lane.LIVE] = 40 if is_first else 0
        return super()._welcome()


async def test_what_waits_in_a_copied_spool_is_sent_and_not_forgotten(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with WithAnOlderSpool() as collector, ground(tmp_path, collector) as one:
        await one.look(3)
        one.sender.start()
        await collector.until(lambda: one.is_all_at(collector))
        await emptied(one)
        assert (one.vitals.acknowledged_results, one.spool.dropped) == (3, 0)
    assert len({hello.spool_generation for hello in collector.of_kind("hello")}) == 2
    assert "two agents have one agent_id; the 3 results that wait are kept" in caplog.text


async def test_a_collector_that_is_away_or_never_answers_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "WELCOME_SECONDS", 0.3)
    collector = FakeCollector()
    async with ground(tmp_path, collector) as one:
        await one.look()
        one.sender.start()
        collector.silent = True
        async with collector:
            await collector.until(lambda: len(collector.of_kind("hello")) >= 3)
        collector.silent = False
        async with collector:
            await collector.until(lambda: one.is_all_at(collector))
    assert "did not answer within" in caplog.text


async def test_a_collector_that_is_away_is_not_waited_for_at_the_end(tmp_path: Path) -> None:
    async with ground(tmp_path, FakeCollector()) as one:
        await one.look()
        one.sender.start()
        async with asyncio.timeout(60):
            while not one.sender.status()["trouble"]:
                await one.spool.entries()
            await one.sender.stop(timeout_seconds=3_600)
        assert one.spool.count() == 1


async def test_a_wrong_token_is_told_once_and_a_changed_file_is_enough(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with FakeCollector() as collector, ground(tmp_path, collector) as one:
        (tmp_path / "token").write_text("tw_wrong")
        await one.look()
        one.sender.start()
        await collector.until(lambda: collector.refused_calls >= 3)
        told = [r.getMessage() for r in caplog.records if "does not accept our token" in r.getMessage()]
        assert len(told) == 1
        assert "tenantwatch-collector token create" in told[0]
        assert "tw_wrong" not in caplog.text
        (tmp_path / "token").write_text(collector.token)
        await collector.until(lambda: one.is_all_at(collector))


async def test_another_protocol_version_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    collector = FakeCollector()
    collector.welcome_version = 2
    async with collector, ground(tmp_path, collector) as one:
        await one.look()
        one.sender.start()
        await collector.until(lambda: len(collector.of_kind("hello")) >= 2)
        assert "the collector speaks protocol 2, this agent 1: upgrade" in caplog.text
        assert (collector.batches, one.spool.count()) == ([], 1)


async def test_healthy_results_wait_for_company_and_troubles_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "COALESCE_SECONDS", 60.0)
    async with FakeCollector() as collector, ground(tmp_path, collector) as one:
        one.sender.start()
        await collector.until(lambda: bool(collector.of_kind("dictionary")))
        await one.look()
        with pytest.raises(TimeoutError):
            await collector.until(lambda: bool(collector.batches), deadline_seconds=0.3)
        await one.look(status=Status.UNHEALTHY)
        await collector.until(lambda: one.is_all_at(collector), deadline_seconds=30)
        await one.look()  # the end of a trouble is news as well
        await collector.until(lambda: one.is_all_at(collector), deadline_seconds=30)
        assert [len(batch.status) for batch in collector.batches] == [2, 1]


async def test_dropped_results_are_reported_before_what_follows_them(tmp_path: Path) -> None:
    collector = FakeCollector()
    async with ground(tmp_path, collector, max_results=10) as one:
        for _ in range(25):
            await one.look()
        one.sender.start()
        async with collector:
            await collector.until(lambda: 25 in collector.committed)
            await emptied(one)
            assert await one.spool.gaps(Lane.LIVE) == []
    (gap,) = collector.of_kind("gap")
    assert (gap.first_sequence, gap.last_sequence) == (1, 15)
    assert (gap.from_us, gap.to_us) == (START_US + 1, START_US + 15)
    assert sorted(collector.committed) == list(range(16, 26))


async def test_a_refused_batch_counts_as_acknowledged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    collector = FakeCollector()
    collector.acknowledging = False
    async with collector, ground(tmp_path, collector) as one:
        await one.look(3, Status.UNHEALTHY)
        one.sender.start()
        await collector.until(lambda: bool(collector.batches))
        await collector.send(
            refusal=agent_pb2.Refusal(
                reason="garbled", lane=agent_pb2.LANE_LIVE, first_sequence=1, last_sequence=3
            )
        )
        await emptied(one)
        assert "results 1 to 3 aside: garbled" in caplog.text


async def test_slow_down_holds_back_and_nothing_is_lost(tmp_path: Path) -> None:
    async with FakeCollector() as collector, ground(tmp_path, collector) as one:
        one.sender.start()
        await collector.until(lambda: bool(collector.of_kind("dictionary")))
        told_at = time.monotonic()
        await collector.send(slow_down=agent_pb2.SlowDown(delay_ms=600, reason="busy"))
        # The answer to this shows that the agent has read the SlowDown.
        await collector.send(configuration=agent_pb2.Configuration(version=4))
        await collector.until(lambda: bool(collector.of_kind("configuration_applied")))
        await one.look(status=Status.UNHEALTHY)
        await collector.until(lambda: one.is_all_at(collector))
        assert time.monotonic() - told_at >= 0.59


async def test_drain_brings_a_new_stream(tmp_path: Path) -> None:
    async with FakeCollector() as collector, ground(tmp_path, collector) as one:
        one.sender.start()
        await collector.until(lambda: bool(collector.of_kind("dictionary")))
        await collector.send(drain=agent_pb2.Drain(within_ms=1000))
        await collector.until(lambda: len(collector.of_kind("dictionary")) >= 2)


async def test_run_now_names_the_last_result_and_what_is_unknown(tmp_path: Path) -> None:
    async with FakeCollector() as collector, ground(tmp_path, collector) as one:
        one.sender.start()
        await collector.until(lambda: bool(collector.of_kind("dictionary")))
        await collector.send(run_now=agent_pb2.RunNow(request_id="r", check_ids=["web", "none"]))
        await collector.until(lambda: bool(collector.of_kind("run_result")))
        (answer,) = collector.of_kind("run_result")
        assert (answer.request_id, answer.last_sequence) == ("r", 1)
        assert list(answer.unknown_check_ids) == ["none"]


async def test_assigned_checks_are_handed_over_and_the_answer_says_what_became_of_them(
    tmp_path: Path,
) -> None:
    async with FakeCollector() as collector, ground(tmp_path, collector) as one:
        one.sender.start()
        await collector.until(lambda: bool(collector.of_kind("dictionary")))
        assert collector.of_kind("configuration_applied") == []
        for version in (4, 13):
            await collector.send(configuration=agent_pb2.Configuration(version=version, checks_toml="x"))
        await collector.until(lambda: len(collector.of_kind("configuration_applied")) == 2)
        answers = {a.version: a.error for a in collector.of_kind("configuration_applied")}
        assert answers == {4: "", 13: "not on this agent"}
        (refused,) = [r for a in collector.of_kind("configuration_applied") for r in a.refused]
        assert (refused.check_id, refused.reason) == ("far", "not allowed")
        assert one.assignments.taken == [Assigned(4, "x")]
        # A new stream, as after a restart of the collector, tells which version is in force.
        await collector.send(drain=agent_pb2.Drain(within_ms=1000))
        await collector.until(lambda: len(collector.of_kind("configuration_applied")) == 3)
        assert collector.of_kind("configuration_applied")[-1].version == 4


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_after_a_long_outage_live_results_do_not_wait_behind_the_backlog(tmp_path: Path) -> None:
    collector, clock = FakeCollector(), Clock()
    async with ground(tmp_path, collector, clock=clock) as one:
        await one.look(10)
        clock.now += 60
        await one.look(3_000)
        collector.acknowledging = False
        one.sender.start()
        async with collector:
            # The live lane's rest and a part of the backlog are on their way; now something new is seen.
            await collector.until(
                lambda: len(collector.lanes[Lane.LIVE]) == 10 and bool(collector.lanes[Lane.BACKLOG])
            )
            await collector.send(
                acknowledgement=agent_pb2.Acknowledgement(lane=agent_pb2.LANE_LIVE, sequence=10)
            )
            async with asyncio.timeout(60):
                while one.spool.status()["live_results"]:
                    await one.spool.entries()
            await one.look(1, Status.UNHEALTHY)
            collector.acknowledging = True
            await collector.send(
                acknowledgement=agent_pb2.Acknowledgement(lane=agent_pb2.LANE_BACKLOG, sequence=50)
            )
            await emptied(one)
    newest = collector.arrivals.index((Lane.LIVE, START_US + 3_011))
    assert newest < len(collector.arrivals) - 2_500
    assert collector.lanes[Lane.LIVE] == {
        **{n: ("web", START_US + n) for n in range(1, 11)},
        11: ("web", START_US + 3_011),
    }
    assert collector.lanes[Lane.BACKLOG] == {n: ("web", START_US + 10 + n) for n in range(1, 3_001)}


async def test_both_lanes_come_back_after_cuts_and_count_once(tmp_path: Path) -> None:
    collector, clock = FakeCollector(), Clock()
    async with ground(tmp_path, collector, clock=clock) as one:
        one.sender.start()
        for _ in range(5):
            await one.look(20)
            clock.now += 60
            await one.look(100)
            collector.acknowledging = False
            async with collector:
                await collector.until(
                    lambda: max(collector.lanes[Lane.BACKLOG], default=0) > collector.told_of[Lane.BACKLOG]
                )
            collector.acknowledging = True
            # Killed: of what it never acknowledged a part of each lane is committed, the rest lost.
            for lane, kept in collector.lanes.items():
                upto = collector.told_of[lane] + 7
                collector.lanes[lane] = {n: row for n, row in kept.items() if n <= upto}
        async with collector:
            await emptied(one)
    rows = [row for kept in collector.lanes.values() for row in kept.values()]
    assert sorted(rows) == sorted(("web", START_US + n) for n in range(1, one.number + 1))
    for kept in collector.lanes.values():
        assert sorted(kept) == list(range(1, len(kept) + 1))


async def test_a_changed_configuration_begins_a_new_stream_with_the_new_checks(tmp_path: Path) -> None:
    async with FakeCollector() as collector, ground(tmp_path, collector) as one:
        one.sender.start()
        await collector.until(lambda: bool(collector.of_kind("dictionary")))
        path = tmp_path / "agent.toml"
        path.write_text(path.read_text().replace('id = "web"', 'id = "shop"'))
        config = load_config(path)
        before = [d for _, d in await one.spool.entries()]
        await one.look(status=Status.UNHEALTHY)
        await one.spool.register([c.definition for c in config.checks], before, config.spool)
        one.sender.apply(config)
        await collector.until(lambda: len(collector.of_kind("dictionary")) >= 2)
        await one.spool.append([Result("shop", START_US, Status.UNHEALTHY)])
        await collector.until(lambda: ("shop", START_US) in collector.committed.values())
        dictionary = collector.of_kind("dictionary")[1]
        assert [(e.check_id, e.active) for e in dictionary.entries] == [("web", False), ("shop", True)]
        assert collector.of_kind("hello")[1].configuration_digest == config.digest
        assert one.is_all_at_besides_shop(collector)


async def test_a_spool_that_is_damaged_while_connected_goes_on_as_a_new_generation(tmp_path: Path) -> None:
    async with FakeCollector() as collector, ground(tmp_path, collector) as one:
        one.sender.start()
        await one.look(5)
        await emptied(one)
        before = one.spool.generation
        collector.acknowledging = False
        await one.look(3, Status.UNHEALTHY)
        await collector.until(lambda: 8 in collector.committed)
        # The new generation has new sequences, and a stream for them may begin at once.
        collector.acknowledging = True
        collector.lanes[Lane.LIVE].clear()
        collector.told_of[Lane.LIVE] = 0
        await damage(one.spool)
        await one.look(1, Status.UNHEALTHY)
        await collector.until(lambda: ("web", START_US + 9) in collector.committed.values())
        assert one.spool.generation != before
        (gap,) = collector.of_kind("gap")
        assert (gap.first_sequence, gap.last_sequence) == (1, 3)
        assert "the spool was damaged" in gap.reason
        assert one.spool.dropped == 3


async def damage(spool: Spool) -> None:
    """As a failing disk does: pages of the file turn into noise under the open connection."""
    db = spool._current.file.db
    await db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with spool._current._path.open("r+b") as file:
        file.seek(0)
        file.write(b"\xff" * spool._current._path.stat().st_size)
    await db.execute("PRAGMA shrink_memory")


async def test_with_a_full_window_nothing_is_done_until_an_acknowledgement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = 0
    sleep = outgoing.Outgoing._something_happened

    async def counted(one: outgoing.Outgoing) -> None:
        nonlocal turns
        turns += 1
        await sleep(one)

    monkeypatch.setattr(outgoing.Outgoing, "_something_happened", counted)
    monkeypatch.setattr(outgoing, "COALESCE_SECONDS", 0.05)
    collector = FakeCollector()
    collector.acknowledging = False
    async with collector, ground(tmp_path, collector) as one:
        await one.look(100)
        one.sender.start()
        await collector.until(lambda: len(collector.batches) == 2)
        await one.look()
        with pytest.raises(TimeoutError):
            await collector.until(lambda: len(collector.batches) > 2, deadline_seconds=0.4)
        assert turns < 20
        collector.acknowledging = True
        await collector.send(
            acknowledgement=agent_pb2.Acknowledgement(lane=agent_pb2.LANE_LIVE, sequence=100)
        )
        await collector.until(lambda: one.is_all_at(collector))


async def test_answers_are_written_beside_batches_and_not_into_them(tmp_path: Path) -> None:
    """gRPC fails a stream of which two writes are under way at once."""
    async with FakeCollector() as collector, ground(tmp_path, collector) as one:
        one.sender.start()
        await collector.until(lambda: bool(collector.of_kind("dictionary")))
        for number in range(50):
            await collector.send(configuration=agent_pb2.Configuration(version=number + 100))
            await one.look(status=Status.UNHEALTHY)
            # Of versions that come faster than they are taken only the newest are answered.
            await collector.until(lambda n=number: len(collector.of_kind("configuration_applied")) > n)  # type: ignore[misc]
        await collector.until(lambda: one.is_all_at(collector))
        assert len(collector.of_kind("hello")) == 1
