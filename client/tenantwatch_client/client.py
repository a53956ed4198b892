"""The client: one connection, and an area for each thing that can be asked about."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from tenantwatch_client.areas.agents import Agents
from tenantwatch_client.areas.alerts import Alerts
from tenantwatch_client.areas.audit import Audit
from tenantwatch_client.areas.health import Health
from tenantwatch_client.areas.levels import Levels
from tenantwatch_client.areas.metrics import Metrics
from tenantwatch_client.areas.routes import Routes
from tenantwatch_client.areas.rules import Rules
from tenantwatch_client.areas.silences import Silences
from tenantwatch_client.areas.tenants import Tenants
from tenantwatch_client.connection import Connection


class Client:
    """Of one collector, as whoever the token belongs to. Every call may raise a ClientError."""

    def __init__(self, url: str, token: str, ca_file: Path | None = None) -> None:
        """``url`` is the REST address; ``ca_file`` holds the authority of its certificate, if not the
        system's. Raises ClientError if the token would go over a network in clear."""
        self._connection = Connection(url, token, ca_file)
        self.tenants = Tenants(self._connection)
        self.health = Health(self._connection)
        self.agents = Agents(self._connection)
        self.alerts = Alerts(self._connection)
        self.rules = Rules(self._connection)
        self.routes = Routes(self._connection)
        self.silences = Silences(self._connection)
        self.levels = Levels(self._connection)
        self.metrics = Metrics(self._connection)
        self.audit = Audit(self._connection)

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
