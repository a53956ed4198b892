"""`database_connectivity`: a login to PostgreSQL, MySQL or MariaDB, one query, the server's figures."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from tenantwatch_wire.records import Status

from tenantwatch_agent.checks.base import (
    Latency,
    Outcome,
    OwnTime,
    missing_client,
    passwords,
    secret_url,
    without_secrets,
)
from tenantwatch_agent.checks.database.session import DatabaseFailed, Figures, Session, Tls
from tenantwatch_agent.checks.expression import Name, NoNumber, condition
from tenantwatch_agent.checks.findings import Findings, Limit, Metrics
from tenantwatch_agent.checks.phases import Phases
from tenantwatch_agent.checks.secrets import hidden
from tenantwatch_agent.errors import CheckerFailed, ConfigurationError

# scheme of the address: (module beside this one, class, client, extra that brings the client)
_FAMILIES = {
    "postgresql": ("postgres", "PostgresSession", "psycopg", "postgres"),
    "postgres": ("postgres", "PostgresSession", "psycopg", "postgres"),
    "mysql": ("mysql", "MysqlSession", "asyncmy", "mysql"),
    "mariadb": ("mysql", "MysqlSession", "asyncmy", "mysql"),
}
_NAMES = ("value", "rows")
_TRUTHS = {"t": 1.0, "f": 0.0}


@dataclass(frozen=True, slots=True)
class Settings:
    """Keys of ``[[checks]]`` with kind database_connectivity.

    ``expect_value`` is the first cell's text; ``expect`` a condition over ``value``, the first cell, and
    ``rows``.
    """

    url: str = ""
    url_file: Path | None = None
    url_env: str = ""
    tls: str = ""
    ca_file: Path | None = None
    query: str = "SELECT 1"
    expect_value: str | None = None
    expect: str = ""
    statement_timeout_seconds: float = 30.0
    degraded_after_ms: float | None = None
    unhealthy_after_ms: float | None = None
    connections_degraded_percent: float | None = 80.0
    connections_unhealthy_percent: float | None = 95.0
    replication_lag_degraded_seconds: float | None = 60.0
    replication_lag_unhealthy_seconds: float | None = None
    transaction_degraded_seconds: float | None = None
    transaction_unhealthy_seconds: float | None = None


class DatabaseConnectivity:
    """A new connection each time: what is checked is that one can be had."""

    def __init__(self, settings: Settings) -> None:
        if not 0.01 <= settings.statement_timeout_seconds <= 600:
            raise ConfigurationError("statement_timeout_seconds must be 0.01 to 600")
        self._settings = settings
        self._latency = Latency(settings.degraded_after_ms, settings.unhealthy_after_ms)
        self._connections = Limit.read(settings, "connections", "percent", "connections used")
        self._lag = Limit.read(settings, "replication_lag", "seconds")
        self._transaction = Limit.read(settings, "transaction", "seconds", "longest transaction")
        self._expected = condition(settings.expect, "expect") if settings.expect else None
        for name in self._expected.names if self._expected else ():
            if ".".join(name) not in _NAMES:
                raise ConfigurationError(f"expect: {'.'.join(name)!r} is neither value nor rows")
        self._url = secret_url(settings.url, settings.url_file, settings.url_env, tuple(_FAMILIES))
        self._tls = Tls(settings.tls, settings.ca_file)
        self.target = without_secrets(_dialled(self._url))
        self._phases = Phases()
        # A client that is missing is told with every look, as unknown; a wrong address is refused here.
        with contextlib.suppress(CheckerFailed):
            self._session()

    @property
    def phase(self) -> str:
        return self._phases.now

    async def look(self) -> Outcome:
        try:
            self._tls.check()
            session = self._session()
        except ConfigurationError as error:
            # A file that it names is no longer what it was.
            raise CheckerFailed(str(error)) from None
        self._phases = phases = Phases()
        findings, metrics = Findings(), Metrics()
        try:
            await session.open(phases)
            phases.enter("query")
            rows = await session.ask(self._settings.query)
            phases.enter("figures")
            self._judge_rows(rows, findings, metrics)
            findings.judge(self._latency, phases.total_us)
            self._judge_figures(await session.figures(), findings, metrics)
        except DatabaseFailed as error:
            findings.add(Status.UNHEALTHY, f"{phases.now} failed: {error}")
        finally:
            session.close()
        for name, took_us in phases.took_us.items():
            if name != "tls" or session.tls:
                metrics.put(f"{name}_ms", OwnTime(took_us / 1000))
        answered = phases.now == "figures"
        outcome = findings.outcome("answers", phases.total_us if answered else None, metrics)
        return replace(outcome, text=hidden(outcome.text, passwords(self._url)))

    def _session(self) -> Session:
        module, name, client, extra = _FAMILIES[urlsplit(self._url).scheme]
        try:
            found = importlib.import_module(f"tenantwatch_agent.checks.database.{module}")
        except ImportError:
            raise missing_client(client, extra) from None
        session: Session = getattr(found, name)(
            self._url, self._tls, self._settings.statement_timeout_seconds
        )
        return session

    def _judge_rows(self, rows: Sequence[Sequence[str | None]], findings: Findings, metrics: Metrics) -> None:
        metrics.put("rows", len(rows))
        value = rows[0][0] if rows and rows[0] else None
        number = _number(value)
        metrics.put("value", number)
        wanted = self._settings.expect_value
        if wanted is not None and _text(value) != wanted:
            findings.add(Status.UNHEALTHY, f"the query answered {_text(value)[:100]!r}, expected {wanted!r}")
        if self._expected is None:
            return
        if number is None and ("value",) in self._expected.names:
            findings.add(Status.UNHEALTHY, f"the query answered {_text(value)[:100]!r}, which is no number")
            return
        figures: dict[Name, float] = {("value",): number or 0.0, ("rows",): float(len(rows))}
        try:
            if not self._expected.work_out(figures.__getitem__):
                findings.add(
                    Status.UNHEALTHY,
                    f"expected {self._expected.text}: the query answered {_text(value)[:100]!r}",
                )
        except NoNumber as error:
            findings.add(Status.UNHEALTHY, f"expected {error}")

    def _judge_figures(self, figures: Figures, findings: Findings, metrics: Metrics) -> None:
        metrics.put("connections", figures.connections)
        metrics.put("max_connections", figures.max_connections)
        if figures.connections is not None and figures.max_connections:
            used = 100 * figures.connections / figures.max_connections
            metrics.put("connections_percent", used)
            findings.judge(self._connections, used)
        metrics.put("database_bytes", figures.database_bytes)
        metrics.put("replicas", figures.replicas)
        metrics.put("is_replica", figures.is_replica)
        if figures.longest_transaction_seconds is not None:
            metrics.put("longest_transaction_seconds", figures.longest_transaction_seconds)
            findings.judge(self._transaction, figures.longest_transaction_seconds)
        if figures.replication_lag_seconds is not None:
            metrics.put("replication_lag_seconds", figures.replication_lag_seconds)
            findings.judge(self._lag, figures.replication_lag_seconds)
        if figures.replication_stopped:
            findings.add(Status.UNHEALTHY, f"replication stands still: {figures.replication_stopped}")


def _dialled(url: str) -> str:
    """With the host that PostgreSQL's client takes from the query, where it stands there."""
    parts = urlsplit(url)
    given = dict(parse_qsl(parts.query))
    host = given.get("hostaddr") or given.get("host")
    if not host:
        return url
    shown = f"[{host}]" if ":" in host else quote(host, safe="")
    return urlunsplit((parts.scheme, shown, parts.path, "", ""))


def _text(value: str | None) -> str:
    return "null" if value is None else value


def _number(value: str | None) -> float | None:
    """Of texts that are numbers, and of the truths of PostgreSQL."""
    try:
        return _TRUTHS[value] if value in _TRUTHS else float(value or "")
    except ValueError:
        return None
