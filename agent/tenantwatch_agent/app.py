"""Builds the agent out of its parts, changes them together, and stops them in order: looks, spool, stream."""

from __future__ import annotations

import asyncio
import functools
import logging
import signal
from collections.abc import Sequence

from tenantwatch_wire.records import Result

from tenantwatch_agent.again import Again
from tenantwatch_agent.answers import Answers
from tenantwatch_agent.config import AgentConfig
from tenantwatch_agent.config.assignment import Assigned, AssignmentAnswer
from tenantwatch_agent.config.current import Configuration
from tenantwatch_agent.egress import OwnEgress
from tenantwatch_agent.errors import AgentError
from tenantwatch_agent.listener import SOCKET, Listener
from tenantwatch_agent.logs import set_up_logs
from tenantwatch_agent.pages import Settling
from tenantwatch_agent.schedule import Schedule
from tenantwatch_agent.spool import Spool
from tenantwatch_agent.stream import Sender
from tenantwatch_agent.systemd import Systemd
from tenantwatch_agent.vitals import Vitals
from tenantwatch_agent.words import counted

ASSIGNMENT_SECONDS = 1.0
TRY_AGAIN_SECONDS = (1.0, 60.0)
"""A configuration that a fault of this machine keeps out of force, such as a full disk."""

log = logging.getLogger(__name__)


class Agent:
    """One agent. ``start`` once, ``stop`` once."""

    def __init__(self, configuration: Configuration, spool: Spool, systemd: Systemd) -> None:
        config = configuration.config
        self._configuration = configuration
        self._systemd = systemd
        self._vitals = Vitals()
        self._spool = spool
        self._around = configuration.surroundings
        self._egress = OwnEgress(config.egress)
        self._schedule = Schedule(
            config.agent_id,
            config.checks,
            self._keep,
            self._vitals,
            max_concurrent=config.schedule.max_concurrent,
            egress=self._egress,
            on_tick=self._tick,
        )
        self._sender = Sender(config, spool, self._run_now, self, self._vitals)
        self._around.heartbeats.expect(config.heartbeats)
        answers = Answers(
            configuration, self._vitals, self._schedule, self._sender, spool, lambda: self._egress.reason
        )
        self._socket = Listener(answers.to_operator)
        self._listener = Listener(answers.to_anybody)
        self._reloads: set[asyncio.Task[None]] = set()
        self._watch: asyncio.Task[None] | None = None
        self._again = Again("apply the configuration", self._try_again, *TRY_AGAIN_SECONDS)
        self._next_assignment = 0.0
        self._stopping = asyncio.Event()
        self._settling = Settling()

    async def start(self) -> None:
        config = self._configuration.config
        self._around.heartbeats.forget_others()
        await self._socket.listen_unix(config.data_folder / SOCKET)
        if config.metrics.listen:
            taken = await self._listener.listen(config.metrics.listen)
            print(f"metrics listening on {taken}", flush=True)  # noqa: T201 - the port is known only now
        self._sender.start()
        self._schedule.start()
        self._watch = asyncio.create_task(self._configuration.watch(self.reload), name="watch files")
        self._settling.begin()
        self._systemd.ready(self._summary())

    async def stop(self) -> None:
        """No new looks; what is left is sent as far as the collector takes it."""
        self._systemd.stopping()
        self._stopping.set()
        self._settling.end()
        self._again.end()
        for task in (*self._reloads, *([self._watch] if self._watch else [])):
            task.cancel()
        await self._listener.stop()
        await self._socket.stop()
        await self._schedule.stop()
        await self._sender.stop()

    async def failed(self) -> None:
        """Returns only by raising: without its schedule an agent is none, and is better started anew."""
        try:
            await self._schedule.failed()
        except Exception as error:
            log.exception("the schedule ended by a fault of our own")
            raise AgentError(f"the schedule ended: {type(error).__name__}") from error

    def reload_soon(self) -> None:
        """On SIGHUP."""
        if len(self._reloads) > 1:
            return  # the one that waits will read what is there by then
        task = asyncio.create_task(self.reload())
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)

    async def reload(self) -> None:
        self._systemd.reloading()
        await self._configuration.reload(self._apply)
        self._begin_again()
        self._systemd.ready(self._summary())

    async def assign(self, assigned: Assigned) -> AssignmentAnswer:
        """Take the collector's checks, or nothing of them; one version a second, however many it sends."""
        try:
            async with asyncio.timeout_at(self._next_assignment):
                await self._stopping.wait()
            return AssignmentAnswer(assigned.version, "the agent is stopping")
        except TimeoutError:
            self._next_assignment = asyncio.get_running_loop().time() + ASSIGNMENT_SECONDS
        answer = await self._configuration.assign(assigned, self._apply)
        self._begin_again()
        return answer

    def _begin_again(self) -> None:
        if self._configuration.has_deferred and not self._stopping.is_set():
            self._again.begin()

    async def _try_again(self) -> bool:
        before = self.answers()
        await self._configuration.try_again(self.reload, self._apply)
        if self.answers() != before:
            # Nobody asked for this answer: a new stream begins with it.
            self._sender.apply(self._configuration.config)
        return not self._configuration.has_deferred

    def answers(self) -> Sequence[AssignmentAnswer]:
        """What became of the collector's checks."""
        return self._configuration.answers()

    async def _run_now(self, check_ids: Sequence[str]) -> list[str]:
        """Somebody waits for these: they go into the live lane."""
        return await self._schedule.run_now(check_ids, functools.partial(self._keep, urgent=True))

    async def _keep(self, results: Sequence[Result], *, urgent: bool = False) -> None:
        for result in results:
            self._around.latest.record(result)
        await self._spool.append(results, urgent=urgent)

    async def _apply(self, config: AgentConfig) -> None:
        """All parts at once; nothing that may fail stands behind the first change."""
        before = self._configuration.config
        definitions = [one.definition for one in config.checks]
        going = [one.definition for one in before.checks] + self._schedule.definitions_under_way()
        await self._spool.register(definitions, going, config.spool)
        if config.egress != before.egress:
            self._egress = OwnEgress(config.egress)
        if config.log != before.log:
            set_up_logs(config.log)
        self._schedule.apply(config.checks, config.schedule.max_concurrent, self._egress)
        self._around.latest.keep_only([d.check_id for d in definitions])
        self._around.heartbeats.expect(config.heartbeats)
        self._around.heartbeats.forget_others()
        self._sender.apply(config)
        self._settling.begin()

    def _summary(self) -> str:
        config, current = self._configuration.config, self._configuration
        trouble = f"; configuration refused: {current.error}" if current.error else ""
        return f"{counted(len(config.checks), 'check')}{trouble}".replace("\n", " ")

    def _tick(self) -> None:
        self._systemd.alive()
        self._around.heartbeats.listening()


async def run(configuration: Configuration) -> None:
    """Look, keep and send until SIGTERM or SIGINT; then send what is left and say farewell."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    config = configuration.config
    definitions = [one.definition for one in config.checks]
    spool = await Spool.open(config.data_folder, definitions, config.spool)
    try:
        agent = Agent(configuration, spool, Systemd())
        loop.add_signal_handler(signal.SIGHUP, agent.reload_soon)
        waiting = spool.count()
        counts = counted(len(definitions), "check"), counted(waiting, "result")
        log.info("agent %s: %s, %s waiting", config.agent_id, *counts)
        try:
            await agent.start()
            ends = [asyncio.create_task(stop.wait()), asyncio.create_task(agent.failed())]
            done, others = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for task in others:
                task.cancel()
            for task in done:
                task.result()
            log.info("stopping")
        finally:
            await agent.stop()
    finally:
        await spool.close()
    log.info("stopped, %s left in the spool", counted(spool.count(), "result"))
