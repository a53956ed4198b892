"""What systemd is told, over the kind of socket that it listens at."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tenantwatch_agent.systemd import Systemd


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        name = f"tenantwatch-test-{os.getpid()}-{id(sock)}"
        path = Path("/tmp") / name
        if request.param == "path":
            sock.bind(str(path))
            monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        else:
            sock.bind(f"\0{name}")
            monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        yield sock
        path.unlink(missing_ok=True)


def test_states_are_told(manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    systemd = Systemd()
    systemd.ready("3 checks")
    assert manager.recv(999) == b"READY=1\nSTATUS=3 checks"
    systemd.reloading()
    assert manager.recv(999).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
    systemd.alive()
    systemd.alive()
    systemd.stopping()
    # The watchdog is fed once in a while, not at each tick.
    assert manager.recv(999) == b"WATCHDOG=1"
    assert manager.recv(999) == b"STOPPING=1"


def test_without_a_watchdog_or_with_that_of_another_process_nothing_is_told(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    Systemd().alive()
    monkeypatch.setenv("WATCHDOG_USEC", "1000")
    monkeypatch.setenv("WATCHDOG_PID", "1")
    Systemd().alive()
    Systemd().stopping()
    assert manager.recv(999) == b"STOPPING=1"


def test_without_systemd_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere/at/all")
    Systemd().ready("x")
    monkeypatch.delenv("NOTIFY_SOCKET")
    Systemd().ready("x")
