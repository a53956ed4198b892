"""An agent at hours of work in minutes: its memory must not grow with the number of its looks."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil

from tests.fakes.http_target import HttpTarget
from tests.system.ground import ground, http_check
from tests.system.harness import Agent, Check

LOOKS = 100_000
ALLOWED_MEGABYTES = 3.0
"""Between a fifth of the looks, when everything has been done once, and all of them."""
_ENDPOINTS = 40
_INTERVAL_SECONDS = 0.1
_SAMPLES = 10


def _checks(web: HttpTarget) -> list[Check]:
    port = web.url.removeprefix("http://")
    tcp = [{"id": f"port-{n}", "kind": "tcp_connection", "address": port} for n in range(10)]
    return [
        *(http_check(f"web-{n}", f"{web.url}/{n}", _INTERVAL_SECONDS) for n in range(_ENDPOINTS)),
        *({**one, "interval_seconds": _INTERVAL_SECONDS} for one in tcp),
        {"id": "host", "kind": "host_resources", "interval_seconds": 1},
    ]


async def grow(folder: Path, looks: int = LOOKS) -> str:
    """Let it look that often; raises AssertionError if its memory grew meanwhile."""
    samples: list[float] = []
    async with HttpTarget() as web, ground(folder) as here, here.agent(_checks(web)) as agent:
        await agent.start()
        await web.wait_more(1)  # from here on it answers for its status
        for number in range(_SAMPLES):
            # Failures and changes are part of the work; so is what they leave in tracebacks and texts.
            web.switch(500 if number % 3 == 1 else 200)
            await _wait_looks(agent, web, looks * (number + 1) // _SAMPLES)
            agent.reload([http_check(f"more-{number}", f"{web.url}/more", 1)])
            samples.append(psutil.Process(agent.pid).memory_info().rss / 1e6)
        await agent.terminate()
        await here.collector.terminate()
    settled = samples[_SAMPLES // 5 - 1]
    told = ", ".join(f"{one:.1f}" for one in samples)
    assert samples[-1] - settled <= ALLOWED_MEGABYTES, f"memory grew: {told} MB over {looks} looks"
    return f"{looks} looks, resident memory after each tenth of them: {told} MB"


async def _wait_looks(agent: Agent, web: HttpTarget, looks: int) -> None:
    async with asyncio.timeout(1800):
        while (made := (await agent.status())["counts"]["looks"]) < looks:
            await web.wait_more(max(1, min(looks - made, 5000)), deadline_seconds=600)
