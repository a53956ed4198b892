"""What a running agent answers to this machine: metrics, its status, and heartbeats that it takes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from urllib.parse import unquote

from tenantwatch_wire import __version__

from tenantwatch_agent.checks.heartbeats import InvalidBeat, UnknownHeartbeat
from tenantwatch_agent.config.current import Configuration
from tenantwatch_agent.listener import Answer, Request
from tenantwatch_agent.metrics import CONTENT_TYPE, Gauge, exposition
from tenantwatch_agent.schedule import Schedule
from tenantwatch_agent.spool import Spool
from tenantwatch_agent.stream import Sender
from tenantwatch_agent.vitals import Vitals

_HEARTBEAT = "/heartbeat/"


class Answers:
    """At once, from what the agent's parts know just now."""

    def __init__(
        self,
        configuration: Configuration,
        vitals: Vitals,
        schedule: Schedule,
        sender: Sender,
        spool: Spool,
        egress_down: Callable[[], str],
    ) -> None:
        self._configuration = configuration
        self._vitals = vitals
        self._schedule = schedule
        self._sender = sender
        self._spool = spool
        self._egress_down = egress_down
        self._began = time.time()

    def to_operator(self, request: Request) -> Answer:
        """What is seen and said goes to this agent's own user alone."""
        if request.method == "GET" and request.path == "/status":
            return Answer(HTTPStatus.OK, json.dumps(self._status()), "application/json")
        return self.to_anybody(request)

    def to_anybody(self, request: Request) -> Answer:
        """Of this machine, over loopback."""
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
            self._configuration.surroundings.heartbeats.receive(name, body)
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
                "egress_down", "1 when this machine reached nothing beyond itself.", bool(self._egress_down())
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
            "egress_down": self._egress_down(),
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
