"""Modules that say ``ON_UVLOOP`` run on the agent's own kind of loop, the others on asyncio's."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping

import pytest
import uvloop


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    module = item.getparent(pytest.Module)
    if module is not None and getattr(module.obj, "ON_UVLOOP", False):
        return {"uvloop": uvloop.new_event_loop}
    return {"asyncio": asyncio.new_event_loop}


@pytest.fixture
def no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """No resolver knows a name: how long a real one takes to say so is a matter of this machine's network."""

    def unknown(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)


@pytest.fixture(autouse=True)
def unspoilt(a_busy_machine_spoils_no_times: None) -> None:
    """For every test of a check."""
