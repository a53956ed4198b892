"""Redis and Valkey by real servers: alone, as a pair, as a cluster, and watched by a sentinel."""

from __future__ import annotations

import asyncio
import functools
import os
import subprocess
import time
from binascii import crc_hqx
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from tenantwatch_agent.checks import redis_info
from tenantwatch_agent.checks.findings import Findings, Limit, Metrics
from tenantwatch_agent.checks.redis_connectivity import RedisConnectivity, Settings
from tenantwatch_agent.checks.redis_info import ALL_SLOTS
from tenantwatch_agent.checks.redis_round_trip import key_in
from tenantwatch_agent.errors import ConfigurationError
from tenantwatch_wire.records import CheckDefinition, Result, Status

from tests.agent.checks.looking import given_up, look
from tests.fakes.certificates import Authority
from tests.fakes.proxy import Proxy
from tests.fakes.tls_front import tls_front
from tests.ports import stable_port
from tests.servers import RedisServer, redis_program, valkey_program

ON_UVLOOP = True

PASSWORD = "test-only-secret"
Start = Callable[..., RedisServer]


async def seen(url: str, timeout_ms: int = 60_000, **settings: Any) -> Result:
    check = RedisConnectivity(Settings(url=url, **settings))
    return await look(CheckDefinition("a", "redis_connectivity", 1000, timeout_ms), check)


async def until(url: str, holds: Callable[[Result], bool], **settings: Any) -> Result:
    """The first result for which it holds; fails with the last one."""
    deadline = time.monotonic() + 60
    while True:
        result = await seen(url, **settings)
        if holds(result):
            return result
        assert time.monotonic() < deadline, result
        await asyncio.sleep(0.05)


@asynccontextmanager
async def owner(server: RedisServer) -> AsyncIterator[Any]:
    async with redis.asyncio.Redis.from_url(server.url, decode_responses=True) as client:
        yield client


@pytest.fixture(params=[redis_program, valkey_program], ids=["redis", "valkey"])
def program(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param()
    return found


@pytest.fixture
def start(program: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts servers with options of their own; ends them with the test."""
    servers: list[RedisServer] = []

    def make(*options: str) -> RedisServer:
        folder = tmp_path / str(len(servers))
        folder.mkdir()
        servers.append(RedisServer(program, folder, *options))
        servers[-1].start()
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


async def test_it_answers_with_phases_and_figures(redis_server: RedisServer) -> None:
    result = await seen(redis_server.url)
    assert result.status is Status.HEALTHY
    assert result.text.startswith("answers, version ")
    assert result.latency_us
    expected = {"connect_ms", "login_ms", "ping_ms", "used_memory", "connected_clients", "clients_percent"}
    assert expected <= result.metrics.keys()
    assert result.metrics["used_memory"] > 0
    assert "write_ms" not in result.metrics


def version_of(program: Path) -> str:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return said.partition("v=")[2].split()[0]


async def test_what_it_is_stands_in_its_answer(start: Start, program: Path) -> None:
    """Valkey says by which Redis it was made, too."""
    result = await seen(start().url, allow_write=True)
    assert (result.status, result.text) == (Status.HEALTHY, f"answers, version {version_of(program)}, master")


async def test_a_round_trip_leaves_nothing(redis_server: RedisServer) -> None:
    result = await seen(redis_server.url, allow_write=True)
    assert result.status is Status.HEALTHY
    assert "write_ms" in result.metrics
    async with owner(redis_server) as client:
        assert await client.keys("tenantwatch:*") == []


async def test_slower_than_allowed(redis_server: RedisServer) -> None:
    assert (await seen(redis_server.url, unhealthy_after_ms=0.001)).status is Status.UNHEALTHY


async def test_a_wrong_password_is_told_and_not_shown(redis_server: RedisServer) -> None:
    result = await seen(f"redis://:hunter2@127.0.0.1:{redis_server.port}/0")
    assert result.status is Status.UNHEALTHY
    assert result.text.startswith("login failed: ")
    assert "hunter2" not in result.text


async def test_a_server_that_knows_no_auth_quotes_no_password(start: Start) -> None:
    server = start("--rename-command", "AUTH", "")
    result = await seen(f"redis://keeper:hunter2-never@127.0.0.1:{server.port}/0")
    assert result.status is Status.UNHEALTHY
    assert result.text.startswith("login failed: unknown command ")
    assert "keeper" in result.text
    assert "hunter2" not in result.text


async def test_a_user_with_few_rights(redis_server: RedisServer) -> None:
    async with owner(redis_server) as client:
        await client.execute_command("ACL", "SETUSER", "probe", "on", ">secret", "-@all", "+ping", "+hello")
    url = f"redis://probe:secret@127.0.0.1:{redis_server.port}/0"
    result = await seen(url)
    assert (result.status, result.text) == (Status.HEALTHY, "answers, but its login may not use INFO")
    async with owner(redis_server) as client:
        await client.execute_command("ACL", "SETUSER", "probe", "+info")
    result = await seen(url, allow_write=True)
    assert result.status is Status.UNHEALTHY
    assert result.text.startswith("write failed: ")


async def test_a_server_gone_silent_ends_at_the_timeout(redis_server: RedisServer) -> None:
    async with Proxy(f"127.0.0.1:{redis_server.port}") as proxy:
        proxy.blackhole()
        url = redis_server.url.replace(str(redis_server.port), str(proxy.port))
        await given_up(functools.partial(seen, url), "login")


async def test_tls(redis_server: RedisServer, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with tls_front(redis_server.port, authority.mint("127.0.0.1").server()) as port:
        url = f"rediss://:{PASSWORD}@127.0.0.1:{port}/0"
        assert (await seen(url, ca_file=authority.file)).status is Status.HEALTHY
        result = await seen(url)
        assert result.status is Status.UNHEALTHY
        assert "certificate" in result.text
    async with tls_front(redis_server.port, authority.mint("other.example").server()) as port:
        result = await seen(f"rediss://:{PASSWORD}@127.0.0.1:{port}/0", ca_file=authority.file)
        assert result.status is Status.UNHEALTHY
        assert "127.0.0.1" in result.text


async def test_an_authority_that_was_replaced_is_the_one_from_then_on(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    """Whatever time it was written at."""
    (tmp_path / "new").mkdir()
    old, new = Authority(tmp_path), Authority(tmp_path / "new")
    async with tls_front(redis_server.port, new.mint("127.0.0.1").server()) as port:
        url = f"rediss://:{PASSWORD}@127.0.0.1:{port}/0"
        check = RedisConnectivity(Settings(url=url, ca_file=old.file))
        definition = CheckDefinition("a", "redis_connectivity", 1000, 20_000)
        assert (await look(definition, check)).status is Status.UNHEALTHY
        written = old.file.stat()
        os.utime(new.file, ns=(written.st_atime_ns, written.st_mtime_ns))
        new.file.replace(old.file)
        assert (await look(definition, check)).status is Status.HEALTHY


async def test_memory_clients_and_saving(start: Start) -> None:
    server = start("--maxmemory", "2mb", "--maxmemory-policy", "noeviction")
    result = await seen(server.url, memory_degraded_percent=1.0)
    assert result.status is Status.DEGRADED
    assert result.text.startswith("memory ")
    assert 1 < result.metrics["memory_percent"] < 100
    async with owner(server) as client:
        await client.config_set("maxmemory-policy", "allkeys-lru")
        assert (await seen(server.url, memory_degraded_percent=1.0)).status is Status.HEALTHY
        (server.folder / "dump.rdb").mkdir()
        await client.bgsave()
    result = await until(server.url, lambda result: result.status is not Status.HEALTHY)
    assert (result.status, result.text) == (Status.DEGRADED, "its last save to disk (RDB) failed")
    result = await seen(server.url, clients_unhealthy_percent=0.0)
    assert result.text.startswith("clients ")


async def test_a_server_that_refuses_writes(start: Start) -> None:
    server = start("--min-replicas-to-write", "2")
    result = await seen(server.url)
    assert (result.status, result.text) == (
        Status.UNHEALTHY,
        "it refuses writes: 0 replicas are near enough, min-replicas-to-write is 2 or more",
    )
    async with owner(server) as client:
        await client.config_set("min-replicas-to-write", 0)
        # No key has an end of its own.
        await client.config_set("maxmemory-policy", "volatile-lru")
        await client.config_set("maxmemory", 100_000)
    result = await seen(server.url, memory_degraded_percent=None)
    assert (result.status, result.text) == (
        Status.UNHEALTHY,
        "it refuses writes: its memory is full, and no key may be evicted",
    )
    result = await seen(server.url, allow_write=True)
    assert "OOM command not allowed" in result.text


async def test_evictions_are_counted_between_looks(start: Start) -> None:
    server = start("--maxmemory", "3mb", "--maxmemory-policy", "allkeys-lru")
    check = RedisConnectivity(Settings(url=server.url, evictions_degraded_per_second=0.0))
    definition = CheckDefinition("a", "redis_connectivity", 1000, 60_000)
    assert "evicted_per_second" not in (await look(definition, check)).metrics
    assert (await look(definition, check)).metrics["evicted_per_second"] == 0
    async with owner(server) as client, client.pipeline(transaction=False) as pipeline:
        for number in range(3000):
            pipeline.set(f"key-{number}", "x" * 1000)
        await pipeline.execute()
    result = await look(definition, check)
    assert result.status is Status.DEGRADED
    assert result.text.startswith("evictions ")


async def test_a_replica_and_its_master(start: Start) -> None:
    master = start("--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0")
    replica = start("--replicaof", "127.0.0.1", str(master.port), "--masterauth", PASSWORD)
    result = await until(replica.url, lambda result: result.metrics.get("master_link_up") == 1)
    assert result.text.endswith(", slave")
    assert result.metrics["replication_lag_seconds"] >= 0
    result = await until(
        master.url, lambda result: result.metrics.get("replicas_online") == 1, min_replicas=2
    )
    assert (result.status, result.text) == (
        Status.DEGRADED,
        "1 replicas follow it, 2 are expected",
    )
    result = await seen(replica.url, allow_write=True)
    assert (result.status, "write_ms" in result.metrics) == (Status.HEALTHY, False), result
    async with owner(replica) as client:
        await client.execute_command("ACL", "SETUSER", "probe", "on", ">secret", "~*", "+ping", "+set")
    result = await seen(f"redis://probe:secret@127.0.0.1:{replica.port}/0", allow_write=True)
    assert (result.status, result.text) == (Status.HEALTHY, "answers, but its login may not use INFO")
    master.stop()
    result = await until(replica.url, lambda result: result.status is Status.UNHEALTHY)
    assert result.text.startswith(f"the link to its master 127.0.0.1:{master.port} is down")


async def test_a_cluster(start: Start) -> None:
    first, second = (start("--cluster-enabled", "yes", "--cluster-node-timeout", "500") for _ in range(2))
    result = await seen(first.url)
    assert result.status is Status.UNHEALTHY
    assert "the cluster's state is fail" in result.text
    assert "16384 slots of the cluster are nobody's" in result.text
    async with owner(first) as one, owner(second) as other:
        await one.execute_command("CLUSTER ADDSLOTS", 4711)
        await other.execute_command("CLUSTER ADDSLOTS", *range(4711), *range(4712, 16384))
        await one.execute_command("CLUSTER MEET", "127.0.0.1", second.port)
        denied = ("ACL", "SETUSER", "probe", "on", ">secret", "~*", "+@all", "-cluster", "+cluster|info")
        await other.execute_command(*denied)
    # Nearly every key is the other node's: the round trip finds one of its own, were it by trying.
    by_trying = f"redis://probe:secret@127.0.0.1:{second.port}/0"
    await until(by_trying, lambda result: result.status is Status.HEALTHY, allow_write=True)
    result = await until(first.url, lambda result: result.status is Status.HEALTHY, allow_write=True)
    assert result.text.endswith(", cluster")
    assert result.metrics["cluster_known_nodes"] == 2
    second.stop()
    result = await until(first.url, lambda result: result.status is Status.UNHEALTHY)
    assert "slots of the cluster are on nodes that fail" in result.text


async def test_a_sentinel(start: Start, program: Path, tmp_path: Path) -> None:
    master = start()
    configuration = tmp_path / "sentinel.conf"
    configuration.write_text(
        f"sentinel monitor shop 127.0.0.1 {master.port} 1\nsentinel auth-pass shop {PASSWORD}\n"
        "sentinel down-after-milliseconds shop 300\n"
    )
    sentinel = _Sentinel(program, configuration, tmp_path)
    sentinel.start()
    try:
        result = await until(sentinel.url, lambda result: result.status is Status.HEALTHY)
        assert result.text.endswith(", sentinel")
        assert (result.metrics["sentinel_masters"], result.metrics["sentinels:shop"]) == (1, 1)
        master.stop()
        result = await until(sentinel.url, lambda result: result.status is Status.UNHEALTHY)
        assert f"sentinel: master shop at 127.0.0.1:{master.port} is odown" in result.text
    finally:
        sentinel.stop()


class _Sentinel(RedisServer):
    """Redis as a sentinel: its file comes first, and it says another word when it is ready."""

    ready = "Sentinel ID is"

    def __init__(self, program: Path, configuration: Path, folder: Path) -> None:
        super().__init__(program, folder)
        self._configuration = configuration

    def command(self) -> list[str]:
        return [str(self._program), str(self._configuration), "--sentinel", "--port", str(self.port)]

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"


def judged(**info: Any) -> tuple[Status, str]:
    unlimited = (Limit("", "", None, None),) * 4
    findings = Findings()
    redis_info.Judge(*unlimited, min_replicas=0).server(info, Metrics(), findings)
    return findings.status, findings.outcome("").text


FULL = {"role": "master", "used_memory": 90, "maxmemory": 80, "maxmemory_policy": "volatile-lru"}


@pytest.mark.parametrize(
    ("info", "status", "text"),
    [
        ({"loading": 1}, Status.UNHEALTHY, "it is still loading its data"),
        (
            {"aof_last_write_status": "err"},
            Status.UNHEALTHY,
            "its last write to the log on disk (AOF) failed",
        ),
        ({"aof_last_bgrewrite_status": "err"}, Status.DEGRADED, "its last rewrite of the log"),
        (
            {"role": "slave", "master_link_status": "up", "master_sync_in_progress": 1},
            Status.DEGRADED,
            "it is still copying the data of its master",
        ),
        (FULL | {"db0": {"keys": 2, "expires": 1}}, Status.HEALTHY, ""),
        (
            FULL | {"db0": {"keys": 2, "expires": 0}},
            Status.UNHEALTHY,
            "it refuses writes: its memory is full",
        ),
        (FULL | {"mem_not_counted_for_evict": 10}, Status.HEALTHY, ""),
        (FULL | {"role": "slave", "master_link_status": "up"}, Status.HEALTHY, ""),
        ({"role": "master", "min_slaves_good_slaves": 0}, Status.UNHEALTHY, "it refuses writes: 0 replicas"),
        ({"role": "master", "min_slaves_good_slaves": 1}, Status.HEALTHY, ""),
        ({"role": "odd", "used_memory": "much", "maxmemory": None}, Status.HEALTHY, ""),
    ],
)
def test_states_that_no_server_shows_on_demand(info: dict[str, Any], status: Status, text: str) -> None:
    found, said = judged(**info)
    assert found is status
    assert said.startswith(text)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"url": "redis://h:x"}, "a port that is not a number"),
        ({"url": "redis://h", "ca_file": Path("/etc/passwd")}, "ca_file belongs to a rediss"),
        ({"url": "rediss://h", "ca_file": Path("/nowhere")}, "ca_file /nowhere: No such file"),
        ({"url": "redis://h", "memory_degraded_percent": 101.0}, "memory_degraded_percent must be 0 to 100"),
    ],
)
def test_refused_settings(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        RedisConnectivity(Settings(**settings))


async def test_nobody_listens() -> None:
    result = await seen(f"redis://:hunter2@127.0.0.1:{stable_port()}/0")
    assert (result.status, result.text) == (Status.UNHEALTHY, "connect failed: Connection refused")


@pytest.mark.parametrize(
    ("begin", "part", "text"),
    [
        (b"$3000000000\r\n", b"x" * 65_536, "its answers are larger than 1048576 bytes"),
        (b"+", b"x" * 65_536, "its answers are larger than 1048576 bytes"),
        (b"*1000000000\r\n", b":1\r\n" * 10_000, "its answers hold lists of more than 1000 elements"),
        (b"", b"*1\r\n" * 10_000, "its answer is nested too deeply"),
    ],
)
async def test_an_endless_answer_ends_at_a_limit(begin: bytes, part: bytes, text: str) -> None:
    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            writer.write(begin)
            while True:
                writer.write(part)
                await writer.drain()
        writer.transport.abort()

    async with await asyncio.start_server(pour, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        result = await seen(f"redis://127.0.0.1:{port}")
    assert result.status is Status.UNHEALTHY
    assert text in result.text


@pytest.mark.parametrize("slot", [0, 4_711, 16_383])
def test_a_key_is_found_for_every_slot(slot: int) -> None:
    found = key_in({slot})
    assert found.startswith("tenantwatch:")
    assert crc_hqx(found.encode(), 0) % ALL_SLOTS == slot


@pytest.mark.parametrize(
    "answer",
    [b"$abc\r\n", b":many\r\n", b"*x\r\n", b"what is this\r\n", b"\x00\xff\x80\r\n", b"*-7\r\n"],
)
async def test_what_no_redis_would_answer_is_unhealthy(answer: bytes) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while await reader.read(4_096):
                writer.write(answer * 8)
        writer.transport.abort()

    async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        result = await seen(f"redis://127.0.0.1:{port}", allow_write=True)
    assert result.status is Status.UNHEALTHY, result.text
    assert " failed: " in result.text
