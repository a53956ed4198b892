"""A session with PostgreSQL by psycopg; the connection is opened step by step, so that phases are known."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import conninfo, pq
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import AdaptersMap, Loader

from tenantwatch_agent.checks import connecting, names, reach
from tenantwatch_agent.checks.base import os_reason, without_secrets
from tenantwatch_agent.checks.database import libpq, postgres_figures
from tenantwatch_agent.checks.database.allowance import Allowance
from tenantwatch_agent.checks.database.relay import Relay
from tenantwatch_agent.checks.database.session import (
    MAX_ROWS,
    DatabaseFailed,
    Figures,
    Tls,
    first_line,
)
from tenantwatch_agent.checks.phases import Phases
from tenantwatch_agent.errors import ConfigurationError
from tenantwatch_agent.files import changed_at

SCHEMES = ("postgresql", "postgres")

_PHASES = {
    pq.ConnStatus.SSL_STARTUP: "tls",
    pq.ConnStatus.AWAITING_RESPONSE: "login",
    pq.ConnStatus.AUTHENTICATING: "login",
    pq.ConnStatus.AUTH_OK: "login",
}

# What the address leaves out is not sought in the agent's own environment or home: whatever server an address
# names would be given it. Of a file that is there and is no plain one libpq complains on stderr.
_STANDARD = {
    "application_name": "tenantwatch-agent",
    "gssencmode": "disable",
    "password": "",
    "passfile": f"{os.devnull}/none",
}


_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
"""What libpq opens of an address; it would wait for the other end of a pipe."""


class PostgresSession:
    """New for each look."""

    def __init__(self, url: str, tls: Tls, statement_timeout_seconds: float) -> None:
        self._url = url
        self._target = without_secrets(url)
        timeout_ms = round(statement_timeout_seconds * 1000)
        self._begin = f"BEGIN READ ONLY; SET LOCAL statement_timeout = {timeout_ms}".encode()
        self._parameters = _parameters(url, tls)
        self._raw: pq.abc.PGconn | None = None
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._allowance = Allowance()
        self._relay: Relay | None = None
        self.tls = False

    async def open(self, phases: Phases) -> None:
        try:
            await self._connect(await self._addresses(), phases)
            assert self._raw is not None
            self.tls = self._raw.ssl_in_use
            self._connection = psycopg.AsyncConnection(self._raw)
            await self._connection.set_autocommit(True)
            self._connection.prepare_threshold = None
            await self._connection.execute(self._begin)
        except psycopg.Error as error:
            raise self._failed(error) from None
        except OSError as error:
            raise DatabaseFailed(os_reason(error)) from None

    async def ask(self, query: str) -> Sequence[Sequence[str | None]]:
        assert self._connection is not None
        assert self._raw is not None
        rows: list[Sequence[str | None]] = []
        try:
            # Row by row, so that a query without a bound does not come whole; and only one statement.
            async with self._connection.cursor() as cursor:
                _read_as_text(cursor.adapters)
                found: Any = cursor.stream(query.encode())
                # Closed at once: only then is the server told to stop, and the rest read away.
                async with aclosing(found):
                    async for row in found:
                        rows.append(row)
                        if len(rows) == MAX_ROWS:
                            break
        except psycopg.Error as error:
            # What has no rows at all, as DO, is refused by the client after it was done.
            is_done = error.sqlstate is None and self._raw.transaction_status == pq.TransactionStatus.INTRANS
            if self._allowance.exceeded or not is_done:
                raise self._failed(error) from None
        return rows

    async def figures(self) -> Figures:
        if self._allowance.exceeded:
            await self._open_again()
        return await postgres_figures.read(self._ask_each)

    async def _ask_each(self, queries: Sequence[str]) -> Sequence[float | None]:
        """All in one question; if one of them is kept from this login, each by itself."""
        together = ", ".join(f"({query})" for query in queries)
        if (row := await self._row(f"SELECT {together}")) is not None:
            return row
        rows = [await self._row(query) for query in queries]
        return [row[0] if row else None for row in rows]

    async def _row(self, query: str) -> tuple[float | None, ...] | None:
        """None where this login may not see it or this server does not know it.

        In a transaction of its own: the one before may have failed, or was ended at its cap of rows.
        """
        assert self._connection is not None
        try:
            cursor = await self._connection.execute(b"ROLLBACK; %b; %b" % (self._begin, query.encode()))
            while cursor.nextset():
                continue
            row: tuple[float | None, ...] | None = await cursor.fetchone()
        except (psycopg.ProgrammingError, psycopg.NotSupportedError):
            return None
        except psycopg.Error as error:
            raise self._failed(error) from None
        return row

    def close(self) -> None:
        if self._raw is not None:
            self._raw.finish()
        self._drop_relay()

    async def _open_again(self) -> None:
        """What came after the last row that was wanted was too much to be read to its end."""
        self.close()
        self._allowance = Allowance()
        await self.open(Phases())

    async def _addresses(self) -> list[str]:
        """Looked up here, since libpq would do it on the loop's own thread; a socket's folder needs none."""
        host = str(self._parameters.get("host", ""))
        if given := str(self._parameters.get("hostaddr") or ""):
            for address in given.split(","):
                reach.demand(host, address)
            return [""]
        if not host or host.startswith("/"):
            return [""]
        port = int(self._parameters.get("port") or 5432)
        try:
            places = await connecting.places_of(host, port)
        except OSError as error:
            raise DatabaseFailed(f"no address of {host}: {os_reason(error)}") from None
        return [str(where[0]) for _, where in places]

    async def _connect(self, addresses: Sequence[str], phases: Phases) -> None:
        """Raises psycopg.Error and OSError."""
        texts = [
            conninfo.make_conninfo(**(self._parameters | self._chosen(address))) for address in addresses
        ]
        attempts = [partial(libpq.reached, text.encode()) for text in texts]
        self._raw, step = raw, _ = await connecting.race(attempts, lambda late: late[0].finish())
        while raw.status != pq.ConnStatus.BAD:
            phases.enter(_PHASES.get(pq.ConnStatus(raw.status), phases.now))
            self._stand_between(raw)
            if step == pq.PollingStatus.OK:
                return
            await libpq.ready(raw.socket, reading=step == pq.PollingStatus.READING)
            step = raw.connect_poll()
        reason = raw.get_error_message()
        raw.finish()
        raise psycopg.OperationalError(reason)

    def _chosen(self, address: str) -> dict[str, str]:
        if not address:
            return {}
        return {"hostaddr": address, "host": names.for_certificate(str(self._parameters["host"]))}

    def _stand_between(self, raw: pq.abc.PGconn) -> None:
        """Before the server's first word is read; libpq may connect anew, as it does for sslmode=prefer."""
        if raw.status in libpq.CONNECTING:
            self._drop_relay()
        elif self._relay is None and raw.status in _PHASES:
            self._relay = Relay(raw.socket, self._allowance)

    def _drop_relay(self) -> None:
        if self._relay is not None:
            self._relay.close()
        self._relay = None

    def _failed(self, error: Exception) -> DatabaseFailed:
        if self._allowance.exceeded:
            return DatabaseFailed(self._allowance.reason)
        return DatabaseFailed(first_line(error, self._url, self._target))


class _ServersText(Loader):
    """A cell as the server wrote it; a database of SQL_ASCII says nothing of its encoding."""

    def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
        super().__init__(oid, context)
        encoding = self.connection.info.encoding if self.connection else "utf-8"
        self._encoding = "utf-8" if encoding == "ascii" else encoding

    def load(self, data: Buffer) -> str:
        return bytes(data).decode(self._encoding, "replace")


def _read_as_text(adapters: AdaptersMap) -> None:
    """Of every type that would become an object of Python, which not every value of it can."""
    for kind in adapters.types:
        for oid in filter(None, (kind.oid, kind.array_oid)):
            adapters.register_loader(oid, _ServersText)


def _parameters(url: str, tls: Tls) -> dict[str, Any]:
    try:
        urlsplit(url).port  # noqa: B018 - raises on a port that is none
        given = {k: v for k, v in conninfo.conninfo_to_dict(url).items() if v is not None}
    except (psycopg.Error, ValueError):
        raise ConfigurationError(
            "the address is not understood: write postgresql://user:password@host:port/database, and"
            " characters such as @ : / in the password as %40 %3A %2F"
        ) from None
    if "," in str(given.get("host", "")):
        raise ConfigurationError("the address names several hosts: give each a check of its own")
    if tls.wanted:
        given["sslmode"] = tls.wanted
        if tls.wanted.startswith("verify"):
            given["sslrootcert"] = str(tls.ca_file or "system")
    for key in _FILES:
        if given.get(key, "system") != "system":
            changed_at(key, Path(str(given[key])))
    return _STANDARD | given
