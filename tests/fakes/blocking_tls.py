"""A TLS server on blocking sockets: unlike an event loop's it tells a refused client why before it closes."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def blocking_server(context: ssl.SSLContext | None, answer: bytes) -> Iterator[str]:
    """HOST:PORT of one that answers the first bytes of each connection; without a context not in TLS."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_serve, args=(listening, context, answer), daemon=True)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(timeout=60)


def _serve(listening: socket.socket, context: ssl.SSLContext | None, answer: bytes) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        connection.settimeout(60)
        with connection, contextlib.suppress(OSError):
            _answer(connection, context, answer)


def _answer(connection: socket.socket, context: ssl.SSLContext | None, answer: bytes) -> None:
    raw = connection.dup()
    with raw:
        try:
            secured = context.wrap_socket(connection, server_side=True) if context else connection
            with secured:
                secured.recv(65_536)
                secured.sendall(answer)
                raw.shutdown(socket.SHUT_WR)
        finally:
            # Closed with bytes unread it would be a reset, which swallows what was sent last.
            with contextlib.suppress(OSError):
                raw.shutdown(socket.SHUT_WR)
            while raw.recv(65_536):
                pass
