"""Ports for servers that are stopped and come back under the same address."""

from __future__ import annotations

import random
import socket
from pathlib import Path

_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 15_000


def _first_ephemeral_port() -> int:
    try:
        return int(_EPHEMERAL.read_text().split()[0])
    except OSError:
        return 32_768


def stable_port(beside: int = 0) -> int:
    """A free loopback port that no outgoing connection will take while its server is down; the port that is
    ``beside`` higher is one as well.

    Port 0 gives an ephemeral one: a client that knocks at it while nobody listens may be given that very
    port as its own, and is then connected to itself.
    """
    highest = max(_first_ephemeral_port() - beside, _LOWEST + 1_000)
    chance = random.SystemRandom()
    for _ in range(200):
        port = chance.randrange(_LOWEST, highest)
        if _is_free(port) and _is_free(port + beside):
            return port
    raise RuntimeError(f"no free loopback port between {_LOWEST} and {highest}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
