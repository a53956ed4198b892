"""`database_connectivity`: connects to PostgreSQL, runs one query in a read-only transaction."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenantwatch_wire.records import Status

from tenantwatch_agent.checks.base import Latency, Outcome, missing_client, secret_url, without_secrets

if TYPE_CHECKING:
    import psycopg

MAX_ROWS = 100
_OPTIONS = "-c default_transaction_read_only=on -c statement_timeout={}"


@dataclass(frozen=True, slots=True)
class Settings:
    """Keys of ``[[checks]]`` with kind database_connectivity; ``expect_value`` is the first cell's text."""

    url: str = ""
    url_file: Path | None = None
    url_env: str = ""
    query: str = "SELECT 1"
    expect_value: str | None = None
    degraded_after_ms: float | None = None
    unhealthy_after_ms: float | None = None


class DatabaseConnectivity:
    """A new connection each time: what is checked is that one can be had."""

    def __init__(self, settings: Settings) -> None:
        self._url = secret_url(settings.url, settings.url_file, settings.url_env, ("postgresql", "postgres"))
        self._settings = settings
        self._latency = Latency(settings.degraded_after_ms, settings.unhealthy_after_ms)
        self.target = without_secrets(self._url)
        self.phase = "connect"

    async def look(self) -> Outcome:
        try:
            import psycopg
        except ImportError:
            raise missing_client("psycopg", "postgres") from None
        self.phase = "connect"
        started = time.perf_counter()
        try:
            connection = await psycopg.AsyncConnection.connect(
                self._url,
                autocommit=True,
                prepare_threshold=None,
                options=_OPTIONS.format(60_000),
                application_name="tenantwatch-agent",
            )
        except psycopg.Error as error:
            return Outcome(Status.UNHEALTHY, f"connect failed: {self._reason(error)}")
        connected_us = _since(started)
        try:
            return await self._ask(connection, connected_us)
        except psycopg.Error as error:
            return Outcome(Status.UNHEALTHY, f"query failed: {self._reason(error)}")
        finally:
            # Closing sends one packet and does not wait for the server.
            await asyncio.shield(connection.close())

    async def _ask(self, connection: psycopg.AsyncConnection[Any], connected_us: int) -> Outcome:
        self.phase = "query"
        started = time.perf_counter()
        async with connection.cursor() as cursor:
            await cursor.execute(self._settings.query.encode())
            rows = await cursor.fetchmany(MAX_ROWS) if cursor.description else []
        query_us = _since(started)
        total_us = connected_us + query_us
        metrics = {"connect_ms": connected_us / 1000, "query_ms": query_us / 1000, "rows": float(len(rows))}
        value = str(rows[0][0]) if rows and rows[0] else None
        if self._settings.expect_value is not None and value != self._settings.expect_value:
            text = f"the query answered {str(value)[:100]!r}, expected {self._settings.expect_value!r}"
            return Outcome(Status.UNHEALTHY, text, total_us, metrics)
        status, text = self._latency.judge(total_us)
        return Outcome(status, text or "answers", total_us, metrics)

    def _reason(self, error: Exception) -> str:
        """The driver's first line, with the address it may quote taken out."""
        line = next(iter(str(error).strip().splitlines()), type(error).__name__)
        return line.replace(self._url, self.target)


def _since(started: float) -> int:
    return round((time.perf_counter() - started) * 1_000_000)
