"""Targets of the HTTP family for the contract suite: well, broken, and silent ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.agent.checks.web import says, serving
from tests.fakes.certificates import Authority
from tests.fakes.dns_server import DnsServer
from tests.fakes.http_target import HttpTarget
from tests.pingable import pingable

Target = Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[dict[str, Any]]]


def api(secret: str, status: int = 200) -> Target:
    """Two steps, the second of which may fail."""

    @asynccontextmanager
    async def target(_: pytest.FixtureRequest) -> AsyncIterator[dict[str, Any]]:
        async with HttpTarget() as web:
            web.body = f'{{"token": "{secret}"}}'.encode()
            first = {"name": "login", "url": web.url, "extract": {"token": "$.token"}}
            second = api_step(f"{web.url}/orders?key={{token}}", secret)
            if status != 200:
                web.switch(status)
                first["expect_status"] = [str(status)]
            yield {"steps": [first, second]}

    return target


def api_step(url: str, secret: str) -> dict[str, Any]:
    return {"name": "orders", "url": url, "headers": {"authorization": f"Bearer {secret}"}}


def certificate(name: str) -> Target:
    @asynccontextmanager
    async def target(request: pytest.FixtureRequest) -> AsyncIterator[dict[str, Any]]:
        folder: Path = request.getfixturevalue("tmp_path")
        authority = Authority(folder)
        async with serving(says(b""), authority.mint(name).server()) as url:
            address = url.removeprefix("https://").removesuffix("/path")
            yield {"address": address, "ca_file": str(authority.file)}

    return target


def name_server(name: str = "shop.example", silent: bool = False) -> Target:
    @asynccontextmanager
    async def target(_: pytest.FixtureRequest) -> AsyncIterator[dict[str, Any]]:
        async with DnsServer({("shop.example.", "A"): ["192.0.2.1"]}).running() as server:
            server.silent = silent
            yield {"name": name, "resolver": server.address}

    return target


def ping(**settings: Any) -> Target:
    @asynccontextmanager
    async def target(_: pytest.FixtureRequest) -> AsyncIterator[dict[str, Any]]:
        with pingable():
            yield {"host": "127.0.0.1", **settings}

    return target
