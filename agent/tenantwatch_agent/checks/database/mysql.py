"""A session with MySQL or MariaDB by asyncmy."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncmy.connection
from asyncmy.cursors import DictCursor
from asyncmy.errors import Error, OperationalError

from tenantwatch_agent.checks.base import os_reason, without_secrets
from tenantwatch_agent.checks.database.session import (
    MAX_ROWS,
    DatabaseFailed,
    Figures,
    Tls,
    first_line,
)
from tenantwatch_agent.checks.phases import Phases
from tenantwatch_agent.errors import ConfigurationError

SCHEMES = ("mysql", "mariadb")

_CONNECTIONS = "SHOW GLOBAL STATUS LIKE 'Threads_connected'"
_BOUND = "SELECT @@max_connections AS bound"
_SIZE = """
SELECT SUM(data_length + index_length) AS bytes FROM information_schema.tables
WHERE table_schema = DATABASE()
"""
_LONGEST = """
SELECT MAX(TIMESTAMPDIFF(SECOND, trx_started, NOW())) AS seconds FROM information_schema.innodb_trx
WHERE trx_mysql_thread_id <> CONNECTION_ID()
"""
_NEVER_SECONDS = 601
"""Longer than any check may take: whoever looks bounds the whole look."""
_STATEMENT_TOO_LONG = (1969, 3024)


class _Connection(asyncmy.connection.Connection):
    """Tells the phases by the packets it sends: with TLS the first one asks for it, the next one logs in."""

    phases: Phases | None = None
    encrypts = False
    _sent = 0

    def write_packet(self, payload: bytes) -> None:
        self._sent += 1
        if self.phases is not None and self._sent <= 1 + self.encrypts:
            self.phases.enter("tls" if self.encrypts and self._sent == 1 else "login")
        super().write_packet(payload)


class MysqlSession:
    """New for each look."""

    def __init__(self, url: str, tls: Tls, statement_timeout_seconds: float) -> None:
        self._url = url
        self._target = without_secrets(url)
        self._timeout_seconds = statement_timeout_seconds
        self._mode = tls.wanted or "prefer"
        self._context = None if self._mode == "disable" else _context(self._mode, tls)
        self._parameters = _parameters(url)
        self._connection: _Connection | None = None
        self.tls = False

    async def open(self, phases: Phases) -> None:
        try:
            await self._connect(phases, self._context)
        except (Error, OSError) as error:
            if not (self._mode == "prefer" and phases.now == "tls"):
                raise self._failed(error) from None
            # The server knows no TLS, and it was only preferred.
            await self._connect_plainly(phases)
        await self._begin()

    async def _connect_plainly(self, phases: Phases) -> None:
        self.close()
        phases.enter("connect")
        try:
            await self._connect(phases, None)
        except (Error, OSError) as error:
            raise self._failed(error) from None

    async def _connect(self, phases: Phases, context: ssl.SSLContext | None) -> None:
        self._connection = _Connection(  # type: ignore[no-untyped-call]
            **self._parameters,
            ssl=context,
            connect_timeout=_NEVER_SECONDS,
            autocommit=None,
            charset="utf8mb4",
        )
        self._connection.phases, self._connection.encrypts = phases, context is not None
        await self._connection.connect()
        self.tls = context is not None

    async def _begin(self) -> None:
        assert self._connection is not None
        if "mariadb" in self._connection.get_server_info().lower():
            await self._rows(f"SET SESSION max_statement_time = {self._timeout_seconds:.3f}")
        else:
            await self._rows(f"SET SESSION max_execution_time = {round(self._timeout_seconds * 1000)}")
        await self._rows(f"SET SESSION sql_select_limit = {MAX_ROWS}")
        await self._rows("SET SESSION TRANSACTION READ ONLY")
        await self._rows("START TRANSACTION READ ONLY")

    async def ask(self, query: str) -> Sequence[Sequence[Any]]:
        assert self._connection is not None
        try:
            # Prepared, since asyncmy allows several statements in one text elsewhere: one could end the
            # read-only transaction.
            statement = await self._connection.prepare(query)  # type: ignore[no-untyped-call]
            return (await statement.execute()).rows or ()
        except (Error, OSError) as error:
            raise self._failed(error) from None

    async def figures(self) -> Figures:
        connections = (await self._rows(_CONNECTIONS))[0]["Value"]
        found = Figures(float(connections), float((await self._rows(_BOUND))[0]["bound"]))
        found.database_bytes = _number(await self._visible(_SIZE), "bytes")
        found.longest_transaction_seconds = _number(await self._visible(_LONGEST), "seconds")
        replica = await self._visible("SHOW REPLICA STATUS") or await self._visible("SHOW SLAVE STATUS")
        if replica:
            _read_replica(found, replica[0])
        return found

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    async def _visible(self, query: str) -> list[dict[str, Any]]:
        """Nothing where this user may not see it or this server does not know it."""
        assert self._connection is not None
        try:
            return await self._rows(query)
        except DatabaseFailed:
            if not self._connection.connected:
                raise
            return []

    async def _rows(self, query: str) -> list[dict[str, Any]]:
        assert self._connection is not None
        try:
            async with self._connection.cursor(DictCursor) as cursor:
                await cursor.execute(query)
                return list(await cursor.fetchmany(MAX_ROWS)) if cursor.description else []
        except (Error, OSError) as error:
            raise self._failed(error) from None

    def _failed(self, error: Exception) -> DatabaseFailed:
        cause = error.__cause__
        if isinstance(error, OperationalError) and isinstance(cause, ssl.SSLError):
            return DatabaseFailed(getattr(cause, "verify_message", "") or str(cause.reason))
        if isinstance(error, OperationalError) and isinstance(cause, OSError):
            return DatabaseFailed(os_reason(cause))
        if len(error.args) > 1 and error.args[0] in _STATEMENT_TOO_LONG:
            return DatabaseFailed(f"it took longer than {self._timeout_seconds:g} s")
        said = Exception(error.args[1]) if len(error.args) > 1 else error
        return DatabaseFailed(first_line(said, self._url, self._target))


def _read_replica(found: Figures, row: dict[str, Any]) -> None:
    """MySQL 8.0.22 renamed the columns; MariaDB keeps the old names."""
    told = {name.replace("Source", "Master").replace("Replica", "Slave"): v for name, v in row.items()}
    found.is_replica = True
    if told.get("Seconds_Behind_Master") is not None:
        found.replication_lag_seconds = float(told["Seconds_Behind_Master"])
    stopped = [part for part in ("IO", "SQL") if told.get(f"Slave_{part}_Running") != "Yes"]
    if stopped:
        why = told.get("Last_IO_Error") or told.get("Last_SQL_Error") or "it was stopped"
        found.replication_stopped = f"{' and '.join(stopped)} thread: {' '.join(str(why).split())[:200]}"


def _number(rows: list[dict[str, Any]], name: str) -> float | None:
    value = rows[0][name] if rows else None
    return None if value is None else float(value)


def _parameters(url: str) -> dict[str, Any]:
    try:
        parts = urlsplit(url)
        port = parts.port or 3306
    except ValueError:
        parts, port = urlsplit(""), 0
    if not parts.hostname or not parts.username or parts.query:
        raise ConfigurationError(
            "the address is not understood: write mysql://user:password@host:port/database, and characters"
            " such as @ : / in the password as %40 %3A %2F"
        )
    return {
        "host": parts.hostname,
        "port": port,
        "user": unquote(parts.username),
        "password": unquote(parts.password or ""),
        "database": unquote(parts.path.lstrip("/")) or None,
        "program_name": "tenantwatch-agent",
    }


def _context(mode: str, tls: Tls) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=tls.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f"ca_file {tls.ca_file}: {error}") from None
    context.check_hostname = mode == "verify-full"
    if not mode.startswith("verify"):
        context.verify_mode = ssl.CERT_NONE
    return context
