"""Tells systemd how we are: ready, reloading, alive. Without systemd nothing happens."""

from __future__ import annotations

import contextlib
import os
import socket
import time


class Systemd:
    """``alive`` is called by what must not stand still; it is the watchdog's only food."""

    def __init__(self) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET", "")
        mine = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self._every_seconds = int(os.environ.get("WATCHDOG_USEC", "0")) / 1e6 / 2 if mine else 0.0
        self._told_at = 0.0

    def ready(self, status: str) -> None:
        self._notify(f"READY=1\nSTATUS={status}")

    def reloading(self) -> None:
        self._notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def status(self, status: str) -> None:
        self._notify(f"STATUS={status}")

    def stopping(self) -> None:
        self._notify("STOPPING=1")

    def alive(self) -> None:
        """Cheap; tells systemd as often as its watchdog wants to hear."""
        now = time.monotonic()
        if self._every_seconds and now - self._told_at >= self._every_seconds / 2:
            self._told_at = now
            self._notify("WATCHDOG=1")

    def _notify(self, message: str) -> None:
        if not self._address:
            return
        # An abstract name begins with a zero byte, written as @.
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.sendto(message.encode(), address)
