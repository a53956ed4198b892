"""From the failing response on the wire to the webhook's arrival."""

from __future__ import annotations

import math
from pathlib import Path

from tests.benchmarks.report import Figure, figure
from tests.fakes.http_target import HttpTarget
from tests.fakes.webhook import Webhook
from tests.system.ground import TENANT, ground, http_check
from tests.system.harness import CollectorSettings

ROUNDS = 25
CALM_RESULTS = 21
"""Between two turns: flapping is judged over that many results, and would rightly withhold messages."""
AIM_P50_SECONDS = 0.1
AIM_P99_SECONDS = 1.0
METHOD = (
    f"{ROUNDS} rounds, warm, one http_endpoint check every 0.1 s with confirm_failures=1; from the moment "
    "the target decided its first 500 to the webhook's arrival, both read from one clock in one process; "
    "real agent and collector processes, SQLite, loopback, no TLS; nearest-rank percentiles; against the aim"
)


def percentile(values: list[float], q: float) -> float:
    """Nearest rank."""
    return sorted(values)[math.ceil(q * len(values) / 100) - 1]


async def _one_round(web: HttpTarget, hook: Webhook) -> float:
    known = len(hook.calls)
    web.switch(500)
    fired = (await hook.wait_for(known + 1))[known]
    assert fired.json["kind"] == "firing", fired
    assert web.switched_answer_at is not None
    delay = fired.arrived_at - web.switched_answer_at
    await web.wait_more(CALM_RESULTS)
    web.switch(200)
    resolved = (await hook.wait_for(known + 2))[known + 1]
    assert resolved.json["kind"] == "resolved", resolved
    await web.wait_more(CALM_RESULTS)
    return delay


async def measure(folder: Path) -> list[Figure]:
    check_settings = {"confirm_failures": 1, "confirm_successes": 1}
    async with (
        HttpTarget() as web,
        Webhook() as hook,
        ground(folder, CollectorSettings(webhooks=[hook.url])) as here,
        here.caller() as tenant,
        here.agent([http_check("web", f"{web.url}/", **check_settings)]) as agent,
    ):
        await agent.start()
        await tenant.wait_checks(TENANT, {"web": "healthy"})
        await web.wait_more(CALM_RESULTS)
        delays = [await _one_round(web, hook) for _ in range(ROUNDS)]
        await agent.terminate()
        await here.collector.terminate()
    return [
        figure("failure_to_webhook_p50", percentile(delays, 50), "s", AIM_P50_SECONDS, METHOD),
        figure("failure_to_webhook_p99", percentile(delays, 99), "s", AIM_P99_SECONDS, METHOD),
    ]
