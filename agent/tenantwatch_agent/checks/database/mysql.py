"""A session with MySQL or MariaDB by asyncmy."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncmy.connection
from asyncmy.constants.CLIENT import MULTI_STATEMENTS
from asyncmy.constants.FIELD_TYPE import BIT
from asyncmy.cursors import DictCursor, SSCursor
from asyncmy.errors import Error, OperationalError

from tenantwatch_agent.checks.base import os_reason, without_secrets
from tenantwatch_agent.checks.database import mysql_figures
from tenantwatch_agent.checks.database.allowance import Allowance, BoundedLoop
from tenantwatch_agent.checks.database.session import (
    MAX_ROWS,
    DatabaseFailed,
    Figures,
    Tls,
    first_line,
)
from tenantwatch_agent.checks.phases import Phases
from tenantwatch_agent.errors import CheckerFailed, ConfigurationError
from tenantwatch_agent.files import Identity, changed_at

SCHEMES = ("mysql", "mariadb")

_NEVER_SECONDS = 601
"""Longer than any check may take: whoever looks bounds the whole look."""
_STATEMENT_TOO_LONG = (1969, 3024)
_NOT_UNDERSTOOD = (
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    RuntimeError,
    AssertionError,
    struct.error,
)
"""What asyncmy stumbles over is an answer that no MySQL gives."""
_FAILURES = (Error, OSError, *_NOT_UNDERSTOOD)


class _Connection(asyncmy.connection.Connection):
    """Tells the phases by the packets it sends: with TLS the first one asks for it, the next one logs in."""

    phases: Phases | None = None
    encrypts = False
    _loop: Any
    _client_flag: int
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
        self._context = None if self._mode == "disable" else _context(self._mode, tls.ca_file)
        self._parameters = _parameters(url)
        self._connection: _Connection | None = None
        self._allowance = Allowance()
        self.tls = False

    async def open(self, phases: Phases) -> None:
        try:
            await self._connect(phases, self._context)
        except _FAILURES as error:
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
        except _FAILURES as error:
            raise self._failed(error) from None

    async def _connect(self, phases: Phases, context: ssl.SSLContext | None) -> None:
        self._connection = connection = _Connection(  # type: ignore[no-untyped-call]
            **self._parameters,
            ssl=context,
            connect_timeout=_NEVER_SECONDS,
            autocommit=None,
            charset="utf8mb4",
            # What the server wrote, and no objects of Python.
            conv={BIT: _bits},
        )
        connection.phases, connection.encrypts = phases, context is not None
        connection._loop = BoundedLoop(asyncio.get_running_loop(), self._allowance)
        # A second statement in one text could end the read-only transaction.
        connection._client_flag &= ~MULTI_STATEMENTS
        await connection.connect()
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

    async def ask(self, query: str) -> Sequence[Sequence[str | None]]:
        assert self._connection is not None
        try:
            # Unbuffered: sql_select_limit does not bind a query with a LIMIT of its own, nor SHOW.
            cursor = self._connection.cursor(SSCursor)
            await cursor.execute(query)
            rows = await cursor.fetchmany(MAX_ROWS) if cursor.description else []
        except _FAILURES as error:
            raise self._failed(error) from None
        with contextlib.suppress(*_FAILURES):
            await cursor.close()
        return [[_text(cell) for cell in row] for row in rows]

    async def figures(self) -> Figures:
        if self._allowance.exceeded:
            await self._open_again()
        return await mysql_figures.read(self._visible)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    async def _open_again(self) -> None:
        """What came after the last row that was wanted was too much to be read to its end."""
        self.close()
        self._allowance = Allowance()
        await self.open(Phases())

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
        except _FAILURES as error:
            raise self._failed(error) from None

    def _failed(self, error: Exception) -> DatabaseFailed:
        if self._allowance.exceeded:
            return DatabaseFailed(self._allowance.reason)
        if isinstance(error, RuntimeError) and "'cryptography'" in str(error):
            raise CheckerFailed(
                "this login without TLS needs the package cryptography: use TLS, or pip install cryptography"
            )
        if isinstance(error, _NOT_UNDERSTOOD):
            return DatabaseFailed("the server's answer is not understood")
        cause = error.__cause__
        if isinstance(error, OperationalError) and isinstance(cause, ssl.SSLError):
            return DatabaseFailed(getattr(cause, "verify_message", "") or str(cause.reason))
        if isinstance(error, OperationalError) and isinstance(cause, OSError):
            return DatabaseFailed(os_reason(cause))
        if len(error.args) > 1 and error.args[0] in _STATEMENT_TOO_LONG:
            return DatabaseFailed(f"it took longer than {self._timeout_seconds:g} s")
        said = Exception(error.args[1]) if len(error.args) > 1 else error
        return DatabaseFailed(first_line(said, self._url, self._target))


def _bits(cell: bytes) -> str:
    return str(int.from_bytes(cell, "big"))


def _text(cell: Any) -> str | None:
    """As the server wrote it; what is no text for it is read as one."""
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else cell


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
        # asyncmy would encode a text as Latin-1.
        "password": unquote(parts.password or "").encode(),
        "database": unquote(parts.path.lstrip("/")) or None,
        "program_name": "tenantwatch-agent",
    }


def _context(mode: str, ca_file: Path | None) -> ssl.SSLContext:
    try:
        return _read_context(mode, ca_file, () if ca_file is None else changed_at("ca_file", ca_file))
    except OSError as error:
        raise ConfigurationError(f"ca_file {ca_file}: {error.strerror or error}") from None


# Shared by all who trust the same: reading the system's trust store takes 20 ms of the loop's time.
@lru_cache(maxsize=16)
def _read_context(mode: str, ca_file: Path | None, _changed: Identity) -> ssl.SSLContext:
    if not mode.startswith("verify"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context
    context = ssl.create_default_context(cafile=ca_file)
    context.check_hostname = mode == "verify-full"
    return context
