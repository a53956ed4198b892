"""Stands between libpq and its server, since libpq itself reads whatever size a server sends."""

from __future__ import annotations

import asyncio
import os
import socket

from tenantwatch_agent.checks.database.allowance import Allowance

_PART_BYTES = 64 * 1024


class Relay:
    """Takes the connection behind a descriptor and puts its own in the place; ``close`` is safe at any time.

    TLS goes through as it is: the client and the server still speak with each other alone.
    """

    def __init__(self, descriptor: int, allowance: Allowance) -> None:
        self._allowance = allowance
        self._server = socket.socket(fileno=os.dup(descriptor))
        self._client, theirs = socket.socketpair()
        with theirs:
            for each in (self._server, self._client, theirs):
                each.setblocking(False)
            os.dup2(theirs.fileno(), descriptor, inheritable=False)
        self._ways = (_Way(self._client, self._server, self), _Way(self._server, self._client, self))

    def came(self, source: socket.socket, size: int) -> bool:
        """Whether it may go on; false is for more than the server may say."""
        return source is self._client or self._allowance.take(size)

    def close(self) -> None:
        """The client sees the end of its connection."""
        for way in self._ways:
            way.stop()
        self._client.close()
        self._server.close()


class _Way:
    """From one socket into the other; reads on only when all was written."""

    def __init__(self, source: socket.socket, sink: socket.socket, relay: Relay) -> None:
        self._loop = asyncio.get_running_loop()
        self._source, self._sink, self._relay = source, sink, relay
        self._waiting, self._blocked = b"", False
        self._loop.add_reader(source, self._read)

    def stop(self) -> None:
        if self._source.fileno() >= 0:
            self._loop.remove_reader(self._source)
        if self._sink.fileno() >= 0:
            self._loop.remove_writer(self._sink)

    def _read(self) -> None:
        try:
            data = self._source.recv(_PART_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data or not self._relay.came(self._source, len(data)):
            self._relay.close()
            return
        self._waiting = data
        self._write()

    def _write(self) -> None:
        try:
            sent = self._sink.send(self._waiting)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self._relay.close()
            return
        self._waiting = self._waiting[sent:]
        if bool(self._waiting) is not self._blocked:
            self._turn()

    def _turn(self) -> None:
        """From reading to waiting until the sink takes more, and back."""
        self._blocked = not self._blocked
        if self._blocked:
            self._loop.remove_reader(self._source)
            self._loop.add_writer(self._sink, self._write)
        else:
            self._loop.remove_writer(self._sink)
            self._loop.add_reader(self._source, self._read)
