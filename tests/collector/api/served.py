"""A collector in this process with both doors open, its callers, and an agent that keeps to the wire."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import httpx2
import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from tenantwatch_collector.access.permissions import PLATFORM_ROLES, Role
from tenantwatch_collector.access.settings import JwtSection
from tenantwatch_collector.api import alerts
from tenantwatch_collector.api.settings import ApiSection
from tenantwatch_collector.app import Collector
from tenantwatch_collector.config import CollectorConfig, GrpcListener, RestListener
from tenantwatch_collector.identity import issue_token
from tenantwatch_collector.notify.settings import NotifySection
from tenantwatch_collector.store.base import Store
from tenantwatch_collector.store.opening import open_store
from tenantwatch_wire import limits
from tenantwatch_wire.codec import encode_batch
from tenantwatch_wire.records import Lane, Result, Status
from tenantwatch_wire.v1 import agent_pb2, agent_pb2_grpc, monitoring_pb2_grpc, query_pb2_grpc

_MILLISECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
DEADLINE_SECONDS = 60
"""How long an answer is waited for; and an alert's command for the engine, which is less in earnest."""
TENANT = "acme"
OTHER = "other"
Request = agent_pb2.ConnectRequest


def _as_rest_writes(value: Any) -> Any:
    """Protobuf leaves out the last three digits of a time where they are zeros."""
    if isinstance(value, dict):
        return {key: _as_rest_writes(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_as_rest_writes(each) for each in value]
    is_short = isinstance(value, str) and _MILLISECONDS.fullmatch(value)
    return f"{value[:-1]}000Z" if is_short else value


@dataclass(slots=True)
class Caller:
    """Somebody with a token, at both doors."""

    http: httpx2.AsyncClient
    stub: monitoring_pb2_grpc.MonitoringServiceStub
    query: query_pb2_grpc.QueryServiceStub
    token: str

    async def rest(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """JSON of the answer, whose status must be that; problems must be what RFC 9457 says."""
        headers = {"authorization": f"Bearer {self.token}"}
        if method == "PUT":
            seen = await self.http.get(f"/api/v1{path}", headers=headers)
            headers |= {"if-match": seen.headers["etag"]} if "etag" in seen.headers else {}
        answer = await self.http.request(method, f"/api/v1{path}", json=body, headers=headers)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        if status >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == status
        return answer.json() if answer.content else None

    async def call(self, operation: str, request: Message) -> Any:
        """The answer as REST would tell it: with the names of its fields."""
        metadata = (("authorization", f"Bearer {self.token}"),)
        answer = await getattr(self.stub, operation)(request, metadata=metadata, timeout=DEADLINE_SECONDS)
        return _as_rest_writes(MessageToDict(answer, preserving_proto_field_name=True))

    async def refused(self, operation: str, request: Message) -> tuple[grpc.StatusCode, str]:
        """How a call failed."""
        try:
            answer = await self.call(operation, request)
        except grpc.aio.AioRpcError as error:
            return error.code(), error.details() or ""
        raise AssertionError(f"{operation} answered {answer}")


@dataclass(slots=True)
class Served:
    store: Store
    grpc_address: str
    admin: Caller
    second_admin: Caller
    tenant: Caller
    agent_token: str
    roles: Mapping[Role, Caller]
    """One of each role; those of a tenant's are the first tenant's."""
    foreign: Mapping[Role, Caller]
    """One of each of a tenant's roles, of the other tenant."""

    @asynccontextmanager
    async def agent(
        self, checks: Sequence[tuple[str, str, Status, dict[str, float]]], *, answers: bool = True
    ) -> AsyncIterator[StandInAgent]:
        """An agent whose looks always see the same; without ``answers`` it never looks."""
        async with grpc.aio.insecure_channel(self.grpc_address) as channel:
            stub = agent_pb2_grpc.AgentServiceStub(channel)
            call = stub.Connect(metadata=(("authorization", f"Bearer {self.agent_token}"),))
            agent = StandInAgent(call, checks, answers)
            await agent.introduce()
            reading = asyncio.create_task(agent.read())
            try:
                yield agent
            finally:
                if not call.done():
                    await agent.leave()
                await reading


class StandInAgent:
    """The agent's end of a stream, as the wire describes it."""

    def __init__(
        self, call: Any, checks: Sequence[tuple[str, str, Status, dict[str, float]]], answers: bool
    ) -> None:
        self._call = call
        self._checks = checks
        self._answers = answers
        self._sequence = 1
        self.asked: list[list[str]] = []
        self.was_asked = asyncio.Event()
        self.given: asyncio.Queue[agent_pb2.Configuration] = asyncio.Queue()
        """The checks that the collector assigned."""

    async def introduce(self) -> None:
        hello = agent_pb2.Hello(protocol_version=limits.PROTOCOL_VERSION, agent_id="a1", spool_generation="g")
        await self._call.write(Request(hello=hello))
        for position in (await self._call.read()).welcome.committed:
            self._sequence = position.sequence + 1
        entries = [
            agent_pb2.CheckEntry(
                index=index,
                check_id=check_id,
                kind=kind,
                interval_ms=60_000,
                timeout_ms=50_000,  # as long as a look on demand is waited for
                confirm_failures=3,
                confirm_successes=1,
                active=True,
            )
            for index, (check_id, kind, _, _) in enumerate(self._checks)
        ]
        await self._call.write(Request(dictionary=agent_pb2.CheckDictionary(entries=entries)))
        await self.look([])
        while (answer := await self._call.read()).WhichOneof("message") != "acknowledgement":
            self._take(answer)

    async def ended(self) -> grpc.StatusCode:
        """Returns when the collector has ended the stream, and how."""
        code: grpc.StatusCode = await self._call.code()
        return code

    async def leave(self) -> None:
        await self._call.write(Request(farewell=agent_pb2.Farewell()))
        await self._call.done_writing()

    async def look(self, check_ids: Sequence[str]) -> int:
        """Send what the checks see, all where none is named; returns the last sequence."""
        now_us = time.time_ns() // 1000
        results = [
            (index, Result(check_id, now_us, status, 2_000, "seen", metrics))
            for index, (check_id, _, status, metrics) in enumerate(self._checks)
            if not check_ids or check_id in check_ids
        ]
        await self._call.write(Request(batch=encode_batch(Lane.LIVE, self._sequence, results)))
        self._sequence += len(results)
        return self._sequence - 1

    async def read(self) -> None:
        while (answer := await self._call.read()) is not grpc.aio.EOF:
            self._take(answer)
            if answer.WhichOneof("message") == "run_now":
                self.asked.append(sorted(answer.run_now.check_ids))
                self.was_asked.set()
                if self._answers:
                    await self._run(answer.run_now)

    def _take(self, answer: agent_pb2.ConnectResponse) -> None:
        if answer.WhichOneof("message") == "configuration":
            self.given.put_nowait(answer.configuration)

    async def say(self, **message: Any) -> None:
        await self._call.write(Request(**message))

    async def _run(self, asked: agent_pb2.RunNow) -> None:
        # The answer before the results: they travel side by side.
        last = self._sequence - 1 + len(asked.check_ids)
        said = agent_pb2.RunResult(request_id=asked.request_id, lane=agent_pb2.LANE_LIVE, last_sequence=last)
        await self._call.write(Request(run_result=said))
        assert await self.look(asked.check_ids) == last


@asynccontextmanager
async def served(
    folder: Path,
    notify: NotifySection | None = None,
    requests_per_minute: int = 6_000,
    jwt: JwtSection | None = None,
) -> AsyncIterator[Served]:
    """A collector on SQLite with two tenants, of which only the first has agents."""
    store = await open_store(folder / "store.sqlite3")
    config = CollectorConfig(
        grpc=GrpcListener(listen="127.0.0.1:0"),
        rest=RestListener(listen="127.0.0.1:0"),
        data_folder=folder,
        notify=notify or NotifySection(),
        api=ApiSection(requests_per_minute=requests_per_minute),
        jwt=jwt,
    )
    collector = Collector(config, store)
    grpc_address, rest_url = await collector.start()
    patience = pytest.MonkeyPatch()
    patience.setattr(alerts, "WAIT_SECONDS", DEADLINE_SECONDS)
    try:
        tokens, second, strange = await _tokens(store)
        async with (
            httpx2.AsyncClient(base_url=rest_url, trust_env=False, timeout=DEADLINE_SECONDS) as http,
            grpc.aio.insecure_channel(grpc_address) as channel,
        ):
            stub = monitoring_pb2_grpc.MonitoringServiceStub(channel)
            query = query_pb2_grpc.QueryServiceStub(channel)
            roles = {role: Caller(http, stub, query, token) for role, token in tokens.items()}
            yield Served(
                store,
                grpc_address,
                roles[Role.ADMIN],
                Caller(http, stub, query, second),
                roles[Role.TENANT_VIEWER],
                tokens[Role.AGENT],
                roles,
                {role: Caller(http, stub, query, token) for role, token in strange.items()},
            )
    finally:
        patience.undo()
        await collector.stop()


async def _tokens(store: Store) -> tuple[Mapping[Role, str], str, Mapping[Role, str]]:
    """One of each role, a second admin's, and those of another tenant."""
    tenant = await store.create_tenant(TENANT, "Acme", "professional")
    other = await store.create_tenant(OTHER, "Other", "basic")
    own = {role: None if role in PLATFORM_ROLES else tenant for role in Role}
    tokens = {
        role: (await issue_token(store, role, whose, "", subject=f"one {role}"))[1]
        for role, whose in own.items()
    }
    second = (await issue_token(store, Role.ADMIN, None, "", subject="another admin"))[1]
    strange = {
        role: (await issue_token(store, role, other, ""))[1]
        for role in (Role.TENANT_ADMIN, Role.TENANT_VIEWER)
    }
    return tokens, second, strange


def without_nulls(told: Any) -> Any:
    """An answer as both doors can tell it: protobuf leaves nulls, zeros and empty values unsaid."""
    if isinstance(told, dict):
        said = {name: without_nulls(value) for name, value in told.items()}
        return {name: value for name, value in said.items() if value not in (None, "", 0, [], {})}
    return [without_nulls(each) for each in told] if isinstance(told, list) else told


async def both_doors(
    by_rest: Callable[[], Awaitable[Any]], by_grpc: Callable[[], Awaitable[Any]]
) -> tuple[Any, Any]:
    """What both doors answer at one moment: engines work on meanwhile, so REST is asked before and after."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            before, between, after = await by_rest(), await by_grpc(), await by_rest()
            if before == after:
                return without_nulls(after), without_nulls(between)
