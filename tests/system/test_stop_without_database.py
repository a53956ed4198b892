"""A collector that is told to end while its database is silent ends by itself, and nothing is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.fakes.http_target import HttpTarget
from tests.fakes.proxy import Proxy, Way
from tests.servers import PostgresServer
from tests.system.ground import TENANT, ground
from tests.system.harness import CollectorSettings
from tests.system.kept import read_rows
from tests.system.streaming import assert_kept, checks_of, finish

pytestmark = pytest.mark.system


async def more_results(url: str) -> None:
    """Once the agent has found its collector again."""
    count = "SELECT count(*) FROM result"
    before = read_rows(url, count)
    async with asyncio.timeout(120):
        while read_rows(url, count) == before:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_it_ends_without_its_database_and_each_result_is_there_once(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    url = postgres_server.url_of(postgres_server.create_database())
    async with HttpTarget() as web, Proxy(f"127.0.0.1:{postgres_server.port}") as database:
        extra = f'[store]\nurl = "{url.replace(f":{postgres_server.port}/", f":{database.port}/")}"\n'
        async with (
            ground(tmp_path, CollectorSettings(extra=extra)) as here,
            here.agent(checks_of(web)) as agent,
        ):
            await agent.start()
            async with here.caller() as tenant:
                await tenant.wait_checks(TENANT, {"web-0": "healthy"})
            for ways in ((Way.UP, Way.DOWN), (Way.DOWN,)):
                database.blackhole(*ways)
                await web.wait_more(20)
                await here.collector.terminate()
                await database.cut()
                database.restore()
                await here.collector.start()
                await more_results(url)
            assert "Traceback" not in here.collector.log_text()
            await finish(agent, web)
            await here.collector.terminate()
            assert_kept(url, web)
