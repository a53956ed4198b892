"""The far end of an agent's stream: keeps batches, acknowledges when told to, and can be taken away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Self

import grpc
import grpc.aio
from grpc.aio import ServicerContext as Context
from tenantwatch_wire import limits
from tenantwatch_wire.columns import decode_batch
from tenantwatch_wire.records import Lane
from tenantwatch_wire.v1 import agent_pb2, agent_pb2_grpc

from tests.ports import stable_port


class FakeCollector(agent_pb2_grpc.AgentServiceServicer):
    """Speaks the documented protocol; commits in memory, by sequence, and survives ``stop`` and ``start``."""

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._writing = asyncio.Lock()
        self._server: grpc.aio.Server | None = None
        self.address = f"127.0.0.1:{stable_port()}"
        self.token = "tw_right"
        self.acknowledging = True
        self.silent = False
        """Never answers a Hello."""
        self.welcome_version = limits.PROTOCOL_VERSION
        self.batches: list[agent_pb2.Batch] = []
        self.messages: list[agent_pb2.ConnectRequest] = []
        self.lanes: dict[Lane, dict[int, tuple[str, int]]] = {lane: {} for lane in Lane}
        """(check, time_us) by lane and sequence."""
        self.told_of: dict[Lane, int] = dict.fromkeys(Lane, 0)
        """The newest sequence of each lane that the agent was told is committed."""
        self.arrivals: list[tuple[Lane, int]] = []
        """(lane, time_us) of each result, in order of arrival, repetitions included."""
        self.contexts: list[Context] = []
        self.refused_calls = 0

    async def start(self) -> None:
        self._server = grpc.aio.server()
        agent_pb2_grpc.add_AgentServiceServicer_to_server(self, self._server)
        self._server.add_insecure_port(self.address)
        await self._server.start()

    async def stop(self) -> None:
        """Cut every stream and listen no more."""
        if self._server is not None:
            await self._server.stop(0)
            self._server = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def committed(self) -> dict[int, tuple[str, int]]:
        """Of the live lane."""
        return self.lanes[Lane.LIVE]

    @committed.setter
    def committed(self, kept: dict[int, tuple[str, int]]) -> None:
        self.lanes[Lane.LIVE] = kept

    @property
    def told(self) -> int:
        return self.told_of[Lane.LIVE]

    async def send(self, **message: Any) -> None:
        """Answer on the newest stream."""
        await self._write(self.contexts[-1], **message)

    async def _write(self, context: Context, **message: Any) -> None:
        """gRPC takes one write of a stream at a time."""
        async with self._writing:
            await context.write(agent_pb2.ConnectResponse(**message))

    async def until(self, condition: Callable[[], bool], deadline_seconds: float = 60) -> None:
        """Return when it holds; it is looked at after every message."""
        async with asyncio.timeout(deadline_seconds), self._changed:
            await self._changed.wait_for(condition)

    def of_kind(self, kind: str) -> list[Any]:
        return [getattr(m, kind) for m in self.messages if m.WhichOneof("message") == kind]

    async def _note(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def Connect(self, requests: AsyncIterator[agent_pb2.ConnectRequest], context: Context) -> None:
        if dict(context.invocation_metadata() or ()).get("authorization") != f"Bearer {self.token}":
            self.refused_calls += 1
            await self._note()
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "token unknown")
        self.contexts.append(context)
        names: list[str] = []
        async for request in requests:
            self.messages.append(request)
            kind = request.WhichOneof("message")
            if kind == "hello" and not self.silent:
                await self._write(context, welcome=self._welcome())
            elif kind == "dictionary":
                names += [entry.check_id for entry in request.dictionary.entries]
            elif kind == "batch":
                await self._take(request.batch, names, context)
            elif kind == "gap" and self.acknowledging:
                await self._acknowledge(Lane(request.gap.lane), request.gap.last_sequence, context)
            await self._note()
            if kind == "farewell":
                return

    def _welcome(self) -> agent_pb2.Welcome:
        for lane, kept in self.lanes.items():
            self.told_of[lane] = max(kept, default=self.told_of[lane])
        positions = [
            agent_pb2.LanePosition(lane=int(lane), sequence=told)  # type: ignore[arg-type]
            for lane, told in self.told_of.items()
        ]
        return agent_pb2.Welcome(
            protocol_version=self.welcome_version,
            tenant_id="acme",
            committed=positions,
            max_batch_results=50,
            max_message_bytes=limits.MAX_MESSAGE_BYTES,
            max_in_flight_batches=2,
        )

    async def _take(self, batch: agent_pb2.Batch, names: list[str], context: Context) -> None:
        columns = decode_batch(batch, len(names))
        self.batches.append(batch)
        rows = zip(columns.check_index.tolist(), columns.time_us.tolist(), strict=True)
        lane = Lane(batch.lane)
        for offset, (index, time_us) in enumerate(rows):
            self.lanes[lane].setdefault(batch.first_sequence + offset, (names[index], time_us))
            self.arrivals.append((lane, time_us))
        if self.acknowledging:
            await self._acknowledge(lane, batch.first_sequence + len(columns) - 1, context)

    async def _acknowledge(self, lane: Lane, sequence: int, context: Context) -> None:
        self.told_of[lane] = max(self.told_of[lane], sequence)
        answer = agent_pb2.Acknowledgement(lane=int(lane), sequence=sequence)  # type: ignore[arg-type]
        await self._write(context, acknowledgement=answer)
