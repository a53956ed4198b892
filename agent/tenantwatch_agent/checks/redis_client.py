"""What a look needs of Redis' protocol (RESP2): commands out, answers in up to a limit."""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tenantwatch_agent.checks import connecting, names
from tenantwatch_agent.errors import ConfigurationError

MAX_REPLY_BYTES = 1024 * 1024
"""Of all that a server answers on one connection."""
MAX_ELEMENTS = 1_000
_MAX_DEPTH = 8
_INTEGER = re.compile(rb"-?\d{1,19}")
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,18})?")


class RedisFailed(Exception):
    """What answers, if anything does, is no Redis, or says what none may say."""


class Refused(RedisFailed):
    """The server's own error; ``code`` is its first word."""

    def __init__(self, text: str) -> None:
        super().__init__(text.removeprefix("ERR "))
        self.code = text.partition(" ")[0]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is, and who asks."""

    host: str
    port: int
    is_secure: bool
    user: str = ""
    password: str = field(default="", repr=False)
    database: int = 0

    @classmethod
    def read(cls, url: str) -> Address:
        """redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]. Raises ConfigurationError, without the address."""
        parts = urlsplit(url)
        try:
            port = parts.port or 6379
        except ValueError:
            raise ConfigurationError("the address holds a port that is not a number") from None
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        database = options.pop("db", "") or unquote(parts.path).strip("/") or "0"
        if options or not database.isdecimal() or len(database) > 6:
            raise ConfigurationError(
                "the address is not understood: write redis://user:password@host:port/0, and characters such"
                " as @ : / in the password as %40 %3A %2F"
            )
        return cls(
            parts.hostname or "localhost",
            port,
            parts.scheme == "rediss",
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            int(database),
        )


class RedisClient:
    """``open``, ``ask`` one thing after the other, ``close``. Raises RedisFailed and OSError."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._left = MAX_REPLY_BYTES
        self._elements_left = MAX_ELEMENTS

    @classmethod
    async def open(cls, address: Address, context: ssl.SSLContext | None) -> RedisClient:
        name = None if context is None else names.for_certificate(address.host)
        connection = await connecting.connected(address.host, address.port)
        try:
            return cls(*await asyncio.open_connection(sock=connection, ssl=context, server_hostname=name))
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        # No goodbye: a server that reads nothing must not hold up the next look.
        self._writer.transport.abort()

    async def log_in(self, address: Address) -> None:
        if address.password or address.user:
            user = [address.user] if address.user else []
            await self.ask("AUTH", *user, address.password)
        if address.database:
            await self.ask("SELECT", str(address.database))

    async def ask(self, *words: str) -> Any:
        """The answer: a text, a number, a list of these, or None. Raises Refused with the server's error."""
        parts = [word.encode() for word in words]
        body = b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)
        self._writer.write(b"*%d\r\n%b" % (len(parts), body))
        await self._writer.drain()
        try:
            answer = await self._answer(0)
        except (asyncio.IncompleteReadError, EOFError):
            raise RedisFailed("it closes the connection") from None
        if isinstance(answer, Refused):
            raise answer
        return answer

    async def _answer(self, depth: int) -> Any:
        line = await self._line()
        kind, rest = line[:1], line[1:]
        if kind == b"+":
            return rest.decode("utf-8", "replace")
        if kind == b"-":
            return Refused(rest.decode("utf-8", "replace"))
        if kind not in (b":", b"$", b"*") or not _INTEGER.fullmatch(rest):
            raise RedisFailed("its answer is not understood")
        number = int(rest)
        if kind == b":":
            return number
        if number < 0:
            if number == -1:
                return None
            raise RedisFailed("its answer is not understood")
        return await self._text(number) if kind == b"$" else await self._list(number, depth)

    async def _list(self, length: int, depth: int) -> list[Any]:
        if depth == _MAX_DEPTH:
            raise RedisFailed("its answer is nested too deeply")
        # However long it says it is: what it brings is counted. Nothing that is asked has a long list.
        self._elements_left -= min(length, MAX_ELEMENTS + 1)
        if self._elements_left < 0:
            raise RedisFailed(f"its answers hold lists of more than {MAX_ELEMENTS} elements")
        return [await self._answer(depth + 1) for _ in range(length)]

    async def _text(self, length: int) -> str:
        self._take(length + 2)
        return (await self._reader.readexactly(length + 2))[:-2].decode("utf-8", "replace")

    async def _line(self) -> bytes:
        try:
            line = await self._reader.readline()
        except ValueError:
            # Longer than the stream's own limit, with no end in sight.
            raise _too_large() from None
        self._take(len(line))
        if not line.endswith(b"\n"):
            raise EOFError
        return line.rstrip(b"\r\n")

    def _take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise _too_large()


def named_values(text: str) -> dict[str, Any]:
    """What INFO and CLUSTER INFO say: numbers as such, and ``a=1,b=x`` as a table of its own."""
    found: dict[str, Any] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon and not name.startswith("#"):
            found[name] = _value(value)
    return found


def _value(text: str) -> Any:
    if "=" in text and "," in text:
        parts = (part.partition("=") for part in text.split(","))
        return {name: _value(value) for name, _, value in parts}
    if not _NUMBER.fullmatch(text):
        return text
    return float(text) if "." in text else int(text)


def _too_large() -> RedisFailed:
    return RedisFailed(f"its answers are larger than {MAX_REPLY_BYTES} bytes")
