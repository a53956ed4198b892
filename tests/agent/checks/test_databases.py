"""PostgreSQL and Redis checks against real servers, also through a line that goes silent."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tenantwatch_agent.checks.database_connectivity import DatabaseConnectivity
from tenantwatch_agent.checks.database_connectivity import Settings as DatabaseSettings
from tenantwatch_agent.checks.redis_connectivity import RedisConnectivity
from tenantwatch_agent.checks.redis_connectivity import Settings as RedisSettings
from tenantwatch_agent.schedule import look
from tenantwatch_wire.records import CheckDefinition, Result, Status

from tests.fakes.proxy import Proxy
from tests.ports import stable_port
from tests.servers import PostgresServer, RedisServer


async def database(url: str, timeout_ms: int = 10_000, **settings: Any) -> Result:
    check = DatabaseConnectivity(DatabaseSettings(url=url, **settings))
    return await look(CheckDefinition("a", "database_connectivity", 1000, timeout_ms), check)


async def redis(url: str, timeout_ms: int = 10_000, **settings: Any) -> Result:
    check = RedisConnectivity(RedisSettings(url=url, **settings))
    return await look(CheckDefinition("a", "redis_connectivity", 1000, timeout_ms), check)


async def test_postgres_answers(postgres_server: PostgresServer) -> None:
    result = await database(postgres_server.url, query="SELECT 6 * 7", expect_value="42")
    assert (result.status, result.text) == (Status.HEALTHY, "answers")
    assert result.latency_us
    assert {"connect_ms", "query_ms"} <= result.metrics.keys()


@pytest.mark.parametrize(
    ("settings", "status", "text"),
    [
        ({"expect_value": "2"}, Status.UNHEALTHY, "the query answered '1', expected '2'"),
        ({"query": "SELECT 1 WHERE false", "expect_value": "1"}, Status.UNHEALTHY, "answered 'None'"),
        ({"query": "SELECT * FROM nowhere"}, Status.UNHEALTHY, 'query failed: relation "nowhere" does not'),
        ({"query": "CREATE TABLE t ()"}, Status.UNHEALTHY, "read-only transaction"),
        ({"degraded_after_ms": 0.001}, Status.DEGRADED, "took"),
    ],
)
async def test_postgres_judged(
    postgres_server: PostgresServer, settings: dict[str, Any], status: Status, text: str
) -> None:
    result = await database(postgres_server.url, **settings)
    assert result.status is status
    assert text in result.text


async def test_a_wrong_password_is_told_and_not_shown(
    postgres_server: PostgresServer, redis_server: RedisServer
) -> None:
    wrong = "hunter2"
    results = (
        await database(f"postgresql://tenantwatch:{wrong}@127.0.0.1:{postgres_server.port}/postgres"),
        await redis(f"redis://:{wrong}@127.0.0.1:{redis_server.port}/0"),
    )
    for result in results:
        assert result.status is Status.UNHEALTHY
        assert result.text.startswith("connect failed: ")
        assert wrong not in result.text


async def test_nobody_listens() -> None:
    port = stable_port()
    for result in (
        await database(f"postgresql://u:hunter2@127.0.0.1:{port}/d"),
        await redis(f"redis://:hunter2@127.0.0.1:{port}/0"),
    ):
        assert result.status is Status.UNHEALTHY
        assert result.text.startswith("connect failed: ")
        assert "hunter2" not in result.text


async def test_a_slow_query_ends_at_the_timeout(postgres_server: PostgresServer) -> None:
    started = time.monotonic()
    result = await database(postgres_server.url, 800, query="SELECT pg_sleep(30)")
    assert time.monotonic() - started < 3
    assert result.text == "no answer within 0.8 s, in phase query"


async def test_a_server_gone_silent_ends_at_the_timeout(
    postgres_server: PostgresServer, redis_server: RedisServer
) -> None:
    for url, work in ((postgres_server.url, database), (redis_server.url, redis)):
        host = url.rpartition("@")[2].partition("/")[0]
        async with Proxy(host) as proxy:
            proxy.blackhole()
            started = time.monotonic()
            result = await work(url.replace(host, proxy.address), 500)
            assert time.monotonic() - started < 3
        assert result.status is Status.UNHEALTHY
        assert result.text == "no answer within 0.5 s, in phase connect"


async def test_redis_answers(redis_server: RedisServer) -> None:
    result = await redis(redis_server.url)
    assert result.status is Status.HEALTHY
    assert result.text.startswith("answers, version ")
    assert result.latency_us
    assert result.metrics["used_memory"] > 0
    assert {"connect_ms", "ping_ms", "connected_clients"} <= result.metrics.keys()


async def test_redis_slower_than_allowed(redis_server: RedisServer) -> None:
    assert (await redis(redis_server.url, unhealthy_after_ms=0.001)).status is Status.UNHEALTHY
