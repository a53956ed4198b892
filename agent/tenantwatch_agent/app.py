"""Builds the agent out of its parts, changes them together, and stops them in order: looks, spool, stream."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import signal
import time
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import unquote

from tenantwatch_wire import __version__
from tenantwatch_wire.records import Result

from tenantwatch_agent.checks.heartbeats import InvalidBeat, UnknownHeartbeat
from tenantwatch_agent.config import AgentConfig
from tenantwatch_agent.config.assignment import Assigned, AssignmentAnswer
from tenantwatch_agent.config.current import Configuration
from tenantwatch_agent.egress import OwnEgress
from tenantwatch_agent.errors import AgentError
from tenantwatch_agent.listener import SOCKET, Answer, Listener, Request
from tenantwatch_agent.logs import set_up_logs
from tenantwatch_agent.metrics import CONTENT_TYPE, Gauge, exposition
from tenantwatch_agent.schedule import Schedule
from tenantwatch_agent.spool import Spool
from tenantwatch_agent.stream import Sender
from tenantwatch_agent.systemd import Systemd
from tenantwatch_agent.vitals import Vitals
from tenantwatch_agent.words import counted

_HEARTBEAT = "/heartbeat/"

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
        self._socket = Listener(self._answer_operator)
        self._listener = Listener(self._answer)
        self._reloads: set[asyncio.Task[None]] = set()
        self._watch: asyncio.Task[None] | None = None
        self._began = time.time()

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
        self._systemd.ready(self._summary())

    async def stop(self) -> None:
        """No new looks; what is left is sent as far as the collector takes it."""
        self._systemd.stopping()
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
        task = asyncio.create_task(self.reload())
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)

    async def reload(self) -> None:
        self._systemd.reloading()
        await self._configuration.reload(self._apply)
        self._systemd.ready(self._summary())

    async def assign(self, assigned: Assigned) -> AssignmentAnswer:
        """Take the collector's checks, or nothing of them."""
        return await self._configuration.assign(assigned, self._apply)

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

    def _summary(self) -> str:
        config, current = self._configuration.config, self._configuration
        trouble = f"; configuration refused: {current.error}" if current.error else ""
        return f"{counted(len(config.checks), 'check')}{trouble}".replace("\n", " ")

    def _tick(self) -> None:
        self._systemd.alive()
        self._around.heartbeats.listening()

    def _answer_operator(self, request: Request) -> Answer:
        """What is seen and said goes to this agent's own user alone."""
        if request.method == "GET" and request.path == "/status":
            return Answer(HTTPStatus.OK, json.dumps(self._status()), "application/json")
        return self._answer(request)

    def _answer(self, request: Request) -> Answer:
        if request.method == "GET" and request.path == "/metrics":
            page = exposition(self._vitals, self._gauges(), self._schedule.latest)
            return Answer(HTTPStatus.OK, page, CONTENT_TYPE)
        if request.method == "GET" and request.path == "/healthz":
            return Answer(HTTPStatus.OK, "ok\n")
        if request.method == "POST" and request.path.startswith(_HEARTBEAT):
            return self._beat(unquote(request.path.removeprefix(_HEARTBEAT)), request.body)
        return Answer(HTTPStatus.NOT_FOUND, "there are GET /metrics, /healthz and POST /heartbeat/NAME\n")

    def _beat(self, name: str, body: bytes) -> Answer:
        try:
            self._around.heartbeats.receive(name, body)
        except UnknownHeartbeat:
            return Answer(HTTPStatus.NOT_FOUND, "no check waits for this heartbeat\n")
        except InvalidBeat as error:
            return Answer(HTTPStatus.BAD_REQUEST, f"{error}\n")
        self._vitals.heartbeats += 1
        return Answer(HTTPStatus.NO_CONTENT)

    def _gauges(self) -> Sequence[Gauge]:
        current = self._configuration
        return (
            Gauge("checks", "Checks configured.", len(current.config.checks)),
            Gauge("connected", "1 while the collector has welcomed our stream.", self._sender.connected),
            Gauge(
                "egress_down", "1 when this machine reached nothing beyond itself.", bool(self._egress.reason)
            ),
            Gauge("configuration_ok", "0 while a newer configuration is refused.", not current.error),
            Gauge("assignment_ok", "0 while assigned checks are refused.", not current.assignment_error),
            Gauge("configuration_changes", "Configurations taken since the start.", current.changes),
            Gauge("configuration_failures", "Configurations refused since the start.", current.failures),
            *self._spool.gauges(),
        )

    def _status(self) -> dict[str, object]:
        current = self._configuration
        return {
            "agent_id": current.config.agent_id,
            "version": __version__,
            "up_seconds": round(time.time() - self._began),
            "configuration": {
                "digest": current.config.digest,
                "checks": len(current.config.checks),
                "refused": current.error,
                "assigned_version": current.assigned.version if current.assigned else None,
                "assignment_refused": current.assignment_error,
            },
            "stream": self._sender.status(),
            "spool": self._spool.status(),
            "counts": {name: getattr(self._vitals, name) for name in Vitals.__slots__},
            "egress_down": self._egress.reason,
            "checks": [
                {
                    "check_id": r.check_id,
                    "status": r.status.word,
                    "time_us": r.time_us,
                    "latency_us": r.latency_us,
                    "text": r.text,
                }
                for r in self._schedule.latest.values()
            ],
        }


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
