"""`http_endpoint`: status, headers, body, latency and certificate of an HTTP or HTTPS address."""

from __future__ import annotations

from dataclasses import dataclass

from tenantwatch_agent.checks.base import Outcome
from tenantwatch_agent.checks.http.probe import Probe
from tenantwatch_agent.checks.http.settings import RequestSettings


@dataclass(frozen=True, slots=True)
class Settings(RequestSettings):
    """Keys of ``[[checks]]`` with kind http_endpoint."""


class HttpEndpoint:
    """Looks at one address on a connection of its own."""

    def __init__(self, settings: Settings) -> None:
        self._probe = Probe(settings)
        self.target = self._probe.target

    @property
    def phase(self) -> str:
        return self._probe.phase

    async def look(self) -> Outcome:
        try:
            return await self._probe.look()
        finally:
            self._probe.forget()
