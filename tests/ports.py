"""Ports for servers that are stopped and come back under the same address."""

from __future__ import annotations

import os
import random
import socket
from pathlib import Path

_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 15_000
_BESIDE = 10_000
"""How far above its port a server may want another one: so far up none is given."""
_given: set[int] = set()


def _first_ephemeral_port() -> int:
    try:
        return int(_EPHEMERAL.read_text().split()[0])
    except OSError:
        return 32_768


def _mine() -> range:
    """Those of this worker of the tests: its servers may be down while another one looks for a free port."""
    highest = max(_first_ephemeral_port() - _BESIDE, _LOWEST + 1_000)
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return range(_LOWEST + worker, highest, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def stable_port(beside: int = 0) -> int:
    """A free loopback port that is given once, and that no outgoing connection will take while its server is
    down; the port that is ``beside`` higher is one as well.

    Port 0 gives an ephemeral one: a client that knocks at it while nobody listens may be given that very
    port as its own, and is then connected to itself.
    """
    assert beside in (0, _BESIDE)
    chance, mine = random.SystemRandom(), _mine()
    for _ in range(200):
        port = chance.choice(mine)
        if port not in _given and _is_free(port) and _is_free(port + beside):
            _given.add(port)
            return port
    raise RuntimeError(f"no free loopback port between {mine.start} and {mine.stop}")


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(type=kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
