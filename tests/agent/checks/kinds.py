"""One entry for every kind of check: a healthy target, a broken one, and how to point it at an address.

The contract suite runs each of them through the same behaviours.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.agent.checks import web_targets
from tests.fakes.http_target import HttpTarget
from tests.fakes.kubernetes_api import KubernetesApi, pod, replicated
from tests.mariadb import MariadbServer
from tests.servers import PostgresServer, RedisServer

SECRET = "hunter2-never-shown"
"""Every entry that can hold a secret holds this one where the real server does not ask for its own."""

Settings = dict[str, Any]
Target = Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Settings]]


@dataclass(frozen=True, slots=True)
class Entry:
    """``at`` gives settings that look at HOST:PORT; None where the kind looks at no address.

    ``silent`` is a target that never answers, for kinds without an address.
    """

    healthy: Target
    broken: Target
    at: Callable[[str], Settings] | None = None
    silent: Target | None = None


def always(settings: Settings) -> Target:
    """A target that needs nothing running."""

    @asynccontextmanager
    async def target(_: pytest.FixtureRequest) -> AsyncIterator[Settings]:
        yield settings

    return target


@asynccontextmanager
async def _web(_: pytest.FixtureRequest) -> AsyncIterator[Settings]:
    async with HttpTarget() as target:
        yield {"url": f"{target.url}/healthz?token={SECRET}"}


@asynccontextmanager
async def _failing_web(_: pytest.FixtureRequest) -> AsyncIterator[Settings]:
    async with HttpTarget() as target:
        target.switch(503)
        yield {"url": f"{target.url}/?token={SECRET}", "headers": {"authorization": f"Bearer {SECRET}"}}


@asynccontextmanager
async def _open_port(_: pytest.FixtureRequest) -> AsyncIterator[Settings]:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        yield {"address": f"127.0.0.1:{server.sockets[0].getsockname()[1]}"}


def _postgres(**settings: Any) -> Target:
    @asynccontextmanager
    async def target(request: pytest.FixtureRequest) -> AsyncIterator[Settings]:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        yield {"url": server.url, **settings}

    return target


def _mysql(**settings: Any) -> Target:
    @asynccontextmanager
    async def target(request: pytest.FixtureRequest) -> AsyncIterator[Settings]:
        server: MariadbServer = request.getfixturevalue("mariadb_server")
        yield {"url": server.url(), **settings}

    return target


def _redis(**settings: Any) -> Target:
    @asynccontextmanager
    async def target(request: pytest.FixtureRequest) -> AsyncIterator[Settings]:
        server: RedisServer = request.getfixturevalue("redis_server")
        yield {"url": server.url, **settings}

    return target


def _plugin(body: str) -> Target:
    @asynccontextmanager
    async def target(request: pytest.FixtureRequest) -> AsyncIterator[Settings]:
        program: Path = request.getfixturevalue("tmp_path") / "check_it"
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)
        yield {"command": [str(program), SECRET], "environment": {"TOKEN": SECRET}}

    return target


def _figures(healthy_if: str) -> Target:
    @asynccontextmanager
    async def target(_: pytest.FixtureRequest) -> AsyncIterator[Settings]:
        async with HttpTarget() as target:
            target.body = b'{"orders": 12}'
            yield _business(f"{target.url}/figures", healthy_if)

    return target


def _business(url: str, healthy_if: str = "orders > 0") -> Settings:
    source = {"url": url, "headers": {"authorization": f"Bearer {SECRET}"}}
    return {"source": source, "values": {"orders": "$.orders"}, "healthy_if": healthy_if}


_kubeconfigs = tempfile.TemporaryDirectory(prefix="tenantwatch-kubeconfigs-")


def _kubernetes_at(url: str) -> Settings:
    path = Path(_kubeconfigs.name) / url.rpartition(":")[2]
    config = {
        "current-context": "a",
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a", "namespace": "shop"}}],
        "clusters": [{"name": "a", "cluster": {"server": url}}],
        "users": [{"name": "a", "user": {"token": SECRET}}],
    }
    path.write_text(json.dumps(config))
    return {"kubeconfig": str(path)}


def _kubernetes(ready: int) -> Target:
    @asynccontextmanager
    async def target(_: pytest.FixtureRequest) -> AsyncIterator[Settings]:
        async with KubernetesApi() as api:
            api.put_pods(pod("shop-1"))
            api.put("deployments", replicated("shop", 1, ready))
            yield _kubernetes_at(api.url)

    return target


_NO_HOST_LIMITS = {
    f"{name}_{word}_percent": 100.0
    for name in ("cpu", "memory", "disk")
    for word in ("degraded", "unhealthy")
}

ENTRIES: dict[str, Entry] = {
    "http_endpoint": Entry(
        healthy=_web,
        broken=_failing_web,
        at=lambda address: {"url": f"http://{address}/?token={SECRET}"},
    ),
    "tcp_connection": Entry(
        healthy=_open_port,
        broken=always({"address": "127.0.0.1:1"}),
        at=lambda address: {"address": address},
    ),
    "database_connectivity": Entry(
        healthy=_postgres(),
        broken=_postgres(query="SELECT * FROM nowhere"),
        at=lambda address: {"url": f"postgresql://u:{SECRET}@{address}/d"},
    ),
    "database_connectivity mysql": Entry(
        healthy=_mysql(),
        broken=_mysql(query="SELECT * FROM nowhere"),
        at=lambda address: {"url": f"mysql://u:{SECRET}@{address}/d"},
    ),
    "redis_connectivity": Entry(
        healthy=_redis(),
        broken=_redis(unhealthy_after_ms=0.000_1),
        at=lambda address: {"url": f"redis://:{SECRET}@{address}/0"},
    ),
    "kubernetes_metrics": Entry(
        healthy=_kubernetes(ready=1),
        broken=_kubernetes(ready=0),
        at=lambda address: _kubernetes_at(f"http://{address}"),
    ),
    "business_logic": Entry(
        healthy=_figures("orders > 0"),
        broken=_figures("orders > 100"),
        at=lambda address: _business(f"http://{address}/"),
    ),
    "external_apis": Entry(
        healthy=web_targets.api(SECRET),
        broken=web_targets.api(SECRET, status=503),
        at=lambda address: {"steps": [web_targets.api_step(f"http://{address}/", SECRET)]},
    ),
    "dns_record": Entry(
        healthy=web_targets.name_server(),
        broken=web_targets.name_server("nowhere.example"),
        silent=web_targets.name_server(silent=True),
    ),
    "tls_certificate": Entry(
        healthy=web_targets.certificate("127.0.0.1"),
        broken=web_targets.certificate("other.example"),
        at=lambda address: {"address": address},
    ),
    "icmp_ping": Entry(
        healthy=web_targets.ping(count=1),
        broken=web_targets.ping(unhealthy_after_ms=0.000_1),
    ),
    "plugin_validation": Entry(
        healthy=_plugin("echo 'OK - fine | queue=3;10;20'"),
        broken=_plugin("echo CRITICAL - not at all; exit 2"),
        silent=_plugin("sleep 60 & sleep 60"),
    ),
    "host_resources": Entry(
        healthy=always(_NO_HOST_LIMITS),
        broken=always({**_NO_HOST_LIMITS, "memory_degraded_percent": 0.0, "memory_unhealthy_percent": 0.0}),
    ),
}
