"""How far this machine's clock is off: what its time service told the kernel, or what a server says."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import secrets
import socket
import struct
import time
from dataclasses import dataclass
from typing import Any

from tenantwatch_agent.checks import names, reach
from tenantwatch_agent.checks.base import os_reason

NTP_PORT = 123
_SYNCHRONISED_FILE = "/run/systemd/timesync/synchronized"
_UNSYNCHRONISED = 0x0040
_NANOSECONDS = 0x2000
_ERROR_STATE = 5
_NTP_TO_UNIX_SECONDS = 2_208_988_800
_ASK_AS_CLIENT = 0x23
"""Version 4, mode 3."""
ASKS, ANSWER_SECONDS = 3, 0.7
"""A packet may get lost; how long it is waited for must leave the machine's other figures their time."""


class ClockUnknown(Exception):
    """The message says why."""


@dataclass(frozen=True, slots=True)
class Discipline:
    """``offset_ms`` is None where only the fact of synchronisation is known."""

    synchronised: bool
    offset_ms: float | None = None


class _Timex(ctypes.Structure):
    """The beginning of the kernel's struct timex, with room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def kernel_discipline() -> Discipline | None:
    """None where the kernel does not tell, as within many containers."""
    found = _Timex()
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(found))
    except (OSError, AttributeError):
        state = -1
    if state < 0:
        return Discipline(True) if os.path.exists(_SYNCHRONISED_FILE) else None
    synchronised = state != _ERROR_STATE and not found.status & _UNSYNCHRONISED
    unit_ms = 1e-6 if found.status & _NANOSECONDS else 1e-3
    return Discipline(synchronised, found.offset * unit_ms if synchronised else None)


async def ask_server(host: str, port: int = NTP_PORT) -> float:
    """Milliseconds by which this clock is behind the server's (SNTP, RFC 4330). Raises ClockUnknown."""
    try:
        family, address = (await names.look_up(host, port))[0]
        reach.demand(host, str(address[0]))
        for _ in range(ASKS):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ANSWER_SECONDS):
                    return await _ask(family, address)
    except OSError as error:
        raise ClockUnknown(os_reason(error)) from None
    raise ClockUnknown(f"none of {ASKS} questions was answered within {ANSWER_SECONDS:g} s")


async def _ask(family: int, address: tuple[Any, ...]) -> float:
    # A number of our own in the place of the time: an answer that does not repeat it is none to us.
    mark = secrets.token_bytes(8)
    # A socket of our own: uvloop forgets that of a datagram endpoint which is cancelled while it is made.
    with socket.socket(family, socket.SOCK_DGRAM) as own:
        own.setblocking(False)
        own.connect(address)
        sent_at, sent = time.time(), time.monotonic()
        own.send(struct.pack("!B39x8s", _ASK_AS_CLIENT, mark))
        data = await asyncio.get_running_loop().sock_recv(own, 1024)
        took = time.monotonic() - sent
    return _offset_ms(data, mark, sent_at, took)


def _offset_ms(data: bytes, mark: bytes, sent_at: float, took_seconds: float) -> float:
    if len(data) < 48 or data[0] & 7 != 4 or data[24:32] != mark:
        raise ClockUnknown("its answer is not that of a time server")
    if data[0] >> 6 == 3 or not 1 <= data[1] <= 15:
        raise ClockUnknown("the server is itself not synchronised")
    received, transmitted = (_unix_seconds(data[at : at + 8]) for at in (32, 40))
    middle_here = sent_at + took_seconds / 2
    return ((received + transmitted) / 2 - middle_here) * 1000


def _unix_seconds(stamp: bytes) -> float:
    seconds, fraction = struct.unpack("!II", stamp)
    # The era of 2036 begins at nought again.
    seconds += 0 if seconds & 0x8000_0000 else 2**32
    return float(seconds - _NTP_TO_UNIX_SECONDS + fraction / 2**32)
