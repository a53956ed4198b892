"""Where this process may not ping: a network of its own where it may, for as long as a test takes."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from tests.missing import not_tested

_CLONE_NEWNET = 0x4000_0000
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 0x1


def may_ping() -> bool:
    """Whether the kernel gives this process an ICMP datagram socket."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP).close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def pingable() -> Iterator[None]:
    """Loopback answers pings inside; skips the test where that cannot be had."""
    if may_ping():
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        if libc.unshare(_CLONE_NEWNET) != 0:
            not_tested("icmp_ping", "sysctl -w net.ipv4.ping_group_range='0 2147483647', or run as root")
        try:
            Path("/proc/sys/net/ipv4/ping_group_range").write_text("0 2147483647")
            _raise_loopback()
            yield
        finally:
            libc.setns(home, _CLONE_NEWNET)
    finally:
        os.close(home)


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))
