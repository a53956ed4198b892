"""A server that speaks as much of MySQL's protocol as a login by caching_sha2_password and a check need.

Debian has no MySQL, and its MariaDB does not know this plugin. Written from the description of the protocol.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

PLUGIN = b"caching_sha2_password"
_SALT = bytes(range(65, 85))
_CAPABILITIES = 0x00000001 | 0x00000008 | 0x00000200 | 0x00002000 | 0x00008000 | 0x00080000
_TLS = 0x00000800
_OK = b"\x00\x00\x00\x02\x00\x00\x00"
_END = b"\xfe\x00\x00\x02\x00"
_DENIED = b"\xff\x15\x04#28000Access denied for user 'u'@'localhost' (using password: YES)"
_TEXT = 253


class MysqlServer:
    """``knows`` are passwords of earlier logins: who has one of them is let in at once."""

    def __init__(self, password: str, tls: ssl.SSLContext | None = None) -> None:
        self.password = password.encode()
        self.knows: set[bytes] = set()
        self.ways: list[str] = []
        """How each login was proved: fast, tls or rsa."""
        self.address = ""
        self._tls = tls
        self._key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[MysqlServer]:
        async with await asyncio.start_server(self._serve, "127.0.0.1", 0) as server:
            self.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _Client(reader, writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            if await self._logged_in(client):
                while (command := await client.hear()) and command[:1] == b"\x03":
                    self._answer(client, command[1:].upper())
        writer.transport.abort()

    async def _logged_in(self, client: _Client) -> bool:
        capabilities = _CAPABILITIES | (_TLS if self._tls is not None else 0)
        low, high = (capabilities & 0xFFFF).to_bytes(2, "little"), (capabilities >> 16).to_bytes(2, "little")
        client.say(
            b"\x0a8.0.36\0\x01\0\0\0" + _SALT[:8] + b"\0" + low + b"\x2d\x02\0" + high
            + bytes([len(_SALT) + 1]) + bytes(10) + _SALT[8:] + b"\0" + PLUGIN + b"\0"
        )  # fmt: skip
        answer = await client.hear()
        if self._tls is not None and int.from_bytes(answer[:4], "little") & _TLS:
            await client.writer.start_tls(self._tls)
            answer = await client.hear()
        user_end = answer.index(b"\0", 32)
        proof = answer[user_end + 2 : user_end + 2 + answer[user_end + 1]]
        if not await self._proved(client, proof):
            client.say(_DENIED)
            return False
        self.knows.add(self.password)
        client.say(_OK)
        return True

    async def _proved(self, client: _Client, proof: bytes) -> bool:
        if any(proof == _scramble(password) for password in self.knows):
            self.ways.append("fast")
            client.say(b"\x01\x03")
            return True
        client.say(b"\x01\x04")
        answer = await client.hear()
        if client.writer.get_extra_info("ssl_object") is not None:
            self.ways.append("tls")
            return answer == self.password + b"\0"
        self.ways.append("rsa")
        public = self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        client.say(b"\x01" + public)
        oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
        hidden = self._key.decrypt(await client.hear(), oaep)
        return bytes(a ^ _SALT[i % len(_SALT)] for i, a in enumerate(hidden)) == self.password + b"\0"

    def _answer(self, client: _Client, query: bytes) -> None:
        if query.startswith((b"SET", b"START")):
            client.say(_OK)
        elif query.startswith(b"SHOW GLOBAL STATUS"):
            client.say_row({"Variable_name": "Threads_connected", "Value": "3"})
        elif query.startswith(b"SELECT @@MAX_CONNECTIONS"):
            client.say_row({"bound": "151"})
        elif query.startswith(b"SELECT 1"):
            client.say_row({"1": "1"})
        else:
            client.say(b"\xff\x28\x04#42000You have an error in your SQL syntax")


class _Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer
        self._number = 0

    async def hear(self) -> bytes:
        head = await self._reader.readexactly(4)
        self._number = head[3] + 1
        return await self._reader.readexactly(int.from_bytes(head[:3], "little"))

    def say(self, packet: bytes) -> None:
        self.writer.write(len(packet).to_bytes(3, "little") + bytes([self._number % 256]) + packet)
        self._number += 1

    def say_row(self, row: dict[str, str]) -> None:
        self.say(bytes([len(row)]))
        for name in row:
            names = b"".join(_counted(part) for part in ("def", "", "", "", name, name))
            self.say(names + b"\x0c\x2d\0\0\x01\0\0" + bytes([_TEXT]) + b"\0\0\0\0\0")
        self.say(_END)
        self.say(b"".join(map(_counted, row.values())))
        self.say(_END)


def _counted(text: str) -> bytes:
    return bytes([len(text)]) + text.encode()


def _scramble(password: bytes) -> bytes:
    once = hashlib.sha256(password).digest()
    twice = hashlib.sha256(hashlib.sha256(once).digest() + _SALT).digest()
    return bytes(a ^ b for a, b in zip(once, twice, strict=True))
