"""One lane of the stream: what is read of it, what is sent, and what is acknowledged."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence

from tenantwatch_wire import limits
from tenantwatch_wire.codec import encode_batch
from tenantwatch_wire.records import Lane
from tenantwatch_wire.v1 import agent_pb2

from tenantwatch_agent.spool import Spool, Spooled

Write = Callable[[agent_pb2.ConnectRequest], Awaitable[None]]
_MAX_PAYLOAD_BYTES = limits.MAX_MESSAGE_BYTES // 4


class LaneSender:
    """Sends the lane in order; ``batch`` is what is read and not yet sent, without a hole in it."""

    def __init__(self, lane: Lane, spool: Spool, write: Write) -> None:
        self.lane = lane
        self._spool = spool
        self._generation = spool.generation
        self._write = write
        self.sent = 0
        """The newest sequence that this stream sent, or that the Welcome said is there."""
        self.acknowledged = 0
        self.in_flight: deque[int] = deque()
        self.batch: list[Spooled] = []
        self._room = _MAX_PAYLOAD_BYTES

    @property
    def is_full(self) -> bool:
        """Nothing more goes into this batch: it has its bytes, or a hole follows."""
        return self._room <= 0

    async def committed(self, sequence: int) -> int:
        """The collector has everything up to there; returns how many results were forgotten."""
        if sequence <= self.acknowledged:
            return 0
        self.sent, self.acknowledged = max(self.sent, sequence), sequence
        while self.in_flight and self.in_flight[0] <= sequence:
            self.in_flight.popleft()
        return await self._spool.acknowledge(self._generation, self.lane, sequence)

    async def fill(self, limit: int) -> Sequence[Spooled]:
        """Read on, up to so many results and the bytes of one message; returns what is new."""
        if self.is_full or len(self.batch) >= limit:
            return ()
        last = self.batch[-1].sequence if self.batch else self.sent
        fresh = await self._spool.read(self.lane, last, limit - len(self.batch), self._room)
        expected = last + 1 if self.batch else fresh[0].sequence if fresh else 0
        for position, one in enumerate(fresh):
            # A hole is reported before what stands behind it.
            if one.sequence != expected + position:
                self._room, fresh = 0, fresh[:position]
                break
        self.batch += fresh
        self._room -= sum(one.size for one in fresh)
        return fresh

    async def send(self, indices: Mapping[int, int]) -> None:
        """The batch, each result's check named by its index in the stream's dictionary."""
        batch, self.batch, self._room = self.batch, [], _MAX_PAYLOAD_BYTES
        rows = [(indices[one.index], one.result) for one in batch]
        message = encode_batch(self.lane, batch[0].sequence, rows)
        while len(rows) > 1 and _is_too_large(message):
            # What does not fit is read again for the next one.
            rows = rows[: len(rows) // 2]
            message = encode_batch(self.lane, batch[0].sequence, rows)
        await self._go(batch[len(rows) - 1].sequence, agent_pb2.ConnectRequest(batch=message))

    async def report_gaps(self) -> None:
        """Those that stand before the next result; of later ones when it is their turn."""
        if self.batch:
            return
        for gap in await self._spool.gaps(self.lane):
            if gap.last_sequence > self.sent and gap.first_sequence <= self.sent + 1:
                report = agent_pb2.GapReport(
                    lane=int(gap.lane),  # type: ignore[arg-type]
                    first_sequence=max(gap.first_sequence, self.sent + 1),
                    last_sequence=gap.last_sequence,
                    from_us=gap.from_us,
                    to_us=gap.to_us,
                    reason=gap.reason,
                )
                await self._go(gap.last_sequence, agent_pb2.ConnectRequest(gap=report))

    async def _go(self, last: int, request: agent_pb2.ConnectRequest) -> None:
        self.sent = last
        self.in_flight.append(last)
        await self._write(request)


def _is_too_large(batch: agent_pb2.Batch) -> bool:
    """Results whose names of metrics change each time may be few bytes and still too many names."""
    too_long = batch.ByteSize() > limits.MAX_MESSAGE_BYTES // 2
    return too_long or len(batch.metric_names) > limits.MAX_METRIC_NAMES
