"""Memory and processor time of a real agent at typical work, without and with database clients."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
from tenantwatch_wire.records import Status

from tests.benchmarks.report import Figure, figure
from tests.fakes.certificates import Authority
from tests.fakes.http_target import HttpTarget
from tests.servers import PostgresServer, RedisServer, postgres_programs, redis_program, running_postgres
from tests.system.ground import TENANT, Ground, ground, http_check
from tests.system.harness import Check
from tests.system.kept import Kept

HTTP_CHECKS = 10
TCP_CHECKS = 4
INTERVAL_SECONDS = 15
WINDOW_SECONDS = 120
_ALL_OF_IT = ("cpu_degraded_percent", "disk_degraded_percent", "disk_unhealthy_percent")
AIM_MEGABYTES = 50
AIM_WITH_DATABASES_MEGABYTES = 65
AIM_PERCENT = 0.4
METHOD = (
    f"real agent process with its bytecode compiled, as an installed one has it; {HTTP_CHECKS} http_endpoint,"
    f" {TCP_CHECKS} tcp_connection and a host_resources check every {INTERVAL_SECONDS} s, TLS stream to a"
    f" real collector live; resident memory (10^6 bytes) at the end, processor time over {WINDOW_SECONDS} s"
    " after the first rounds; against the aim"
)


def _checks(web: HttpTarget) -> list[Check]:
    ends = [http_check(f"web-{n}", f"{web.url}/{n}", INTERVAL_SECONDS) for n in range(HTTP_CHECKS)]
    port = web.url.removeprefix("http://")
    return [
        *ends,
        *(_check(f"port-{n}", "tcp_connection", address=port) for n in range(TCP_CHECKS)),
        # Whatever this machine's load is, the look is the same.
        _check("host", "host_resources", **dict.fromkeys(_ALL_OF_IT, 100)),
    ]


def _check(check_id: str, kind: str, **settings: object) -> Check:
    return {"id": check_id, "kind": kind, "interval_seconds": INTERVAL_SECONDS, **settings}


def _databases(postgres: PostgresServer, redis: RedisServer) -> list[Check]:
    return [
        *(_check(f"postgres-{n}", "database_connectivity", url=postgres.url) for n in range(2)),
        *(_check(f"redis-{n}", "redis_connectivity", url=redis.url) for n in range(2)),
    ]


async def measure(folder: Path) -> list[Figure]:
    with _compiled(folder), _servers(folder) as (postgres, redis):
        async with HttpTarget() as web:
            plain = _checks(web)
            megabytes, percent = await _footprint(folder / "plain", plain)
            databases = [*plain, *_databases(postgres, redis)]
            more_megabytes, more_percent = await _footprint(folder / "databases", databases)
    with_databases = f"{METHOD}; with 2 PostgreSQL and 2 Redis checks as well"
    return [
        figure("agent_rss", megabytes, "MB", AIM_MEGABYTES, METHOD),
        figure("agent_cpu", percent, "% of a core", AIM_PERCENT, METHOD),
        figure("agent_rss_databases", more_megabytes, "MB", AIM_WITH_DATABASES_MEGABYTES, with_databases),
        figure("agent_cpu_databases", more_percent, "% of a core", AIM_PERCENT, with_databases),
    ]


async def _footprint(folder: Path, checks: list[Check]) -> tuple[float, float]:
    folder.mkdir()
    async with ground(folder) as here, here.caller() as tenant, _tls(folder, here) as (address, ca_file):
        async with here.agent(checks, address=address, ca_file=ca_file) as agent:
            everything = {str(one["id"]): "healthy" for one in checks if one["id"] != "host"}
            # The first start compiles what the second one only loads.
            await agent.start()
            await tenant.wait_checks(TENANT, everything, deadline_seconds=4 * INTERVAL_SECONDS)
            await agent.terminate()
            await agent.start()
            process = psutil.Process(agent.pid)
            await asyncio.sleep(2 * INTERVAL_SECONDS)
            before = process.cpu_times()
            # The window is the measurement: nothing is awaited here but time.
            await asyncio.sleep(WINDOW_SECONDS)
            after, memory = process.cpu_times(), process.memory_info().rss
            await agent.terminate()
        await here.collector.terminate()
        kept = Kept.by(here.collector.database)
    healthy = sum(kept.count(str(one["id"]), Status.HEALTHY) for one in checks if one["id"] != "host")
    assert healthy >= (len(checks) - 1) * (WINDOW_SECONDS // INTERVAL_SECONDS), "it did not do its work"
    used = (after.user + after.system) - (before.user + before.system)
    return memory / 1e6, 100 * used / WINDOW_SECONDS


@contextlib.contextmanager
def _compiled(folder: Path) -> Iterator[None]:
    """Programs started meanwhile keep their bytecode, also where this environment would forbid it."""
    changed = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


@contextlib.contextmanager
def _servers(folder: Path) -> Iterator[tuple[PostgresServer, RedisServer]]:
    redis = RedisServer(redis_program(), folder)
    redis.start()
    try:
        with running_postgres(postgres_programs) as postgres:
            yield postgres, redis
    finally:
        redis.stop()


@contextlib.asynccontextmanager
async def _tls(folder: Path, here: Ground) -> AsyncIterator[tuple[str, Path]]:
    """TLS in front of the collector, as a balancer has it; yields its address and whom to trust."""
    authority = Authority(folder)
    context = authority.mint("127.0.0.1").server(alpn="h2")
    host, _, port = here.collector.grpc_address.rpartition(":")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(host, int(port))
        await asyncio.gather(_pipe(reader, up_writer), _pipe(up_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", authority.file
    finally:
        server.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()
