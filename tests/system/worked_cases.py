"""The worked cases of service levels, as an agent's stream brings them to a running collector."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from tenantwatch_collector.identity import issue_token
from tenantwatch_collector.store.opening import open_store
from tenantwatch_wire import limits
from tenantwatch_wire.codec import encode_batch
from tenantwatch_wire.records import Lane, Result, Status
from tenantwatch_wire.v1 import agent_pb2, agent_pb2_grpc

from tests.system.ground import Ground

FILE = Path(__file__).parents[1] / "collector" / "sla" / "cases.json"
CASES = {case["id"]: case for case in json.loads(FILE.read_text())["cases"]}
KINDS = {
    "web": "http_endpoint",
    "edge": "http_endpoint",
    "db": "database_connectivity",
    "ext": "external_apis",
    "info": "host_resources",
}
"""By the cases' names of groups, whose roles they have."""
ENTERPRISE = {"tier": "enterprise"}
DAY = 86_400
YESTERDAY = (int(time.time()) // DAY - 1) * DAY
Request = agent_pb2.ConnectRequest


def results_of(case: Mapping[str, Any]) -> list[tuple[str, int, str, int | None]]:
    """(check, time, status, latency) in order of time."""
    found = [(check, at, status, latency) for check, at, status, latency, _ in case.get("results", ())]
    for run in case.get("runs", ()):
        times = range(run["from"], run["to"], run["every"])
        found += [(run["check"], at, run["status"], run.get("latency_us")) for at in times]
    return sorted(found, key=lambda each: each[1])


async def make_tenant(here: Ground, tenant_id: str, contract: Mapping[str, Any]) -> str:
    """A tenant, straight into the store, on these terms from the beginning; returns its agents' token."""
    store = await open_store(here.collector.database)
    tenant = await store.create_tenant(tenant_id, tenant_id, contract["tier"])
    if contract.keys() > {"tier"}:
        await store.add_contract(tenant.tenant_key, 0, "a test", "as it always was", json.dumps(contract))
    _, secret = await issue_token(store, "agent", tenant, "")
    await store.close()
    return secret


async def send(
    here: Ground,
    tenant_id: str,
    case: Mapping[str, Any],
    moved: int,
    contract: Mapping[str, Any] | None = None,
    metrics: Mapping[int, Mapping[str, float]] | None = None,
) -> None:
    """What an agent of a new tenant would send of the case, and one more healthy result of now."""
    token = await make_tenant(here, tenant_id, contract or ENTERPRISE)
    await deliver(here, token, case, moved, metrics)


async def deliver(
    here: Ground,
    token: str,
    case: Mapping[str, Any],
    moved: int,
    metrics: Mapping[int, Mapping[str, float]] | None = None,
    *,
    spool: str = "g",
    until_now: bool = True,
) -> None:
    """What an agent would send of the case, and one more healthy result of now.

    Acknowledged is enough: whoever asks afterwards is told of all of it."""
    batches = _batches_of(case, moved, metrics or {}, until_now)
    async with grpc.aio.insecure_channel(here.collector.grpc_address) as channel:
        stub = agent_pb2_grpc.AgentServiceStub(channel)
        call = stub.Connect(metadata=(("authorization", f"Bearer {token}"),))
        hello = agent_pb2.Hello(
            protocol_version=limits.PROTOCOL_VERSION, agent_id="a", spool_generation=spool
        )
        await call.write(Request(hello=hello))
        await call.read()
        await call.write(Request(dictionary=agent_pb2.CheckDictionary(entries=_entries_of(case))))
        sequence = 1
        for batch in batches:
            await call.write(Request(batch=encode_batch(Lane.LIVE, sequence, batch)))
            await call.read()
            sequence += len(batch)
        await call.write(Request(farewell=agent_pb2.Farewell()))
        await call.done_writing()
        while await call.read() is not grpc.aio.EOF:
            pass


def _entries_of(case: Mapping[str, Any]) -> list[agent_pb2.CheckEntry]:
    """The case's checks as a stream names them, by their order."""
    return [
        agent_pb2.CheckEntry(
            index=index,
            check_id=check["id"],
            kind=KINDS[check["group"]],
            interval_ms=(check["stale_after_s"] - 100) * 500,
            timeout_ms=70_000,
            confirm_failures=check["confirm_failures"],
            confirm_successes=check["confirm_successes"],
            active=True,
        )
        for index, check in enumerate(case["checks"])
    ]


def _batches_of(
    case: Mapping[str, Any], moved: int, metrics: Mapping[int, Mapping[str, float]], until_now: bool
) -> list[list[tuple[int, Result]]]:
    index = {check["id"]: number for number, check in enumerate(case["checks"])}
    results = [
        (
            index[check],
            Result(check, (at + moved) * 10**6, Status[status.upper()], latency, metrics=metrics.get(at, {})),
        )
        for check, at, status, latency in results_of(case)
    ]
    batches = [results[at : at + 500] for at in range(0, len(results), 500)]
    now = Result(case["checks"][0]["id"], time.time_ns() // 1000, Status.HEALTHY, 1000)
    return [*batches, [(0, now)]] if until_now else batches
