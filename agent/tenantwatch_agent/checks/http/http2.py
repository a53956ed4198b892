"""HTTP/2 of the probes: one stream on a new connection. Imported only when a check asks for it."""

from __future__ import annotations

import asyncio

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

from tenantwatch_agent.checks.http.message import MAX_HEADER_BYTES, Request, header_text
from tenantwatch_agent.checks.http.receiver import Receiver
from tenantwatch_agent.checks.http.tls import reason

_OF_HTTP1_ALONE = {"host", "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}


class Http2Receiver(Receiver):
    """Sends the request when told; the rest of a large body when the server has room for it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport) -> None:
        super().__init__(loop)
        self._transport = transport
        self._connection = h2.connection.H2Connection(
            # Values may be of any bytes, and one that cannot be decoded would break the reader.
            h2.config.H2Configuration(client_side=True, header_encoding=None)
        )
        self._connection.local_settings = h2.settings.Settings(
            client=True,
            initial_values={
                h2.settings.SettingCodes.ENABLE_PUSH: 0,
                h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE: MAX_HEADER_BYTES,
            },
        )
        self._stream = 0
        self._unsent = memoryview(b"")
        self._head_bytes = self._after_head_bytes = self._body_bytes = 0

    def send(self, request: Request) -> None:
        headers = request.all_headers()
        head = [
            (":method", request.method),
            (":scheme", request.address.scheme),
            (":authority", headers.get("host", request.address.authority)),
            (":path", request.address.target),
            *((name, value) for name, value in headers.items() if name not in _OF_HTTP1_ALONE),
        ]
        self._connection.initiate_connection()
        self._stream = self._connection.get_next_available_stream_id()
        self._connection.send_headers(self._stream, head, end_stream=not request.body)
        self._unsent = memoryview(request.body)
        self._send_body()

    def take(self, data: bytes) -> None:
        if not self._head_bytes and data.startswith(b"HTTP/"):
            self.fail("the server does not speak HTTP/2")
            return
        if self.answer.status:
            self._after_head_bytes += len(data)
        else:
            # Counts interim answers too: they could go on for ever.
            self._head_bytes += len(data)
        try:
            for event in self._connection.receive_data(data):
                self._on(event)
            self._send_body()
        except h2.exceptions.ProtocolError as error:
            self.fail(f"not valid HTTP/2: {error or type(error).__name__}")
            return
        if not self.answer.status and self._head_bytes > 2 * MAX_HEADER_BYTES:
            self.fail(f"headers are larger than {MAX_HEADER_BYTES} bytes")
        # Each frame has nine bytes of its own, however little of the body it brings.
        around_bytes = self._after_head_bytes - self._body_bytes
        if around_bytes > MAX_HEADER_BYTES + self._body_bytes:
            self.fail(f"more than {MAX_HEADER_BYTES} bytes came around the body")

    def ended(self, error: Exception | None) -> None:
        if error is not None:
            self.fail(f"connection broke: {reason(error)}")
        else:
            self.fail("the body is truncated" if self.answer.status else "closed before a whole answer came")

    def _on(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.InformationalResponseReceived():
                self.started()
            case h2.events.ResponseReceived(headers=headers):
                self._take_head([(header_text(name), header_text(value)) for name, value in headers or ()])
            case h2.events.DataReceived(data=data, flow_controlled_length=length):
                self._body_bytes += len(data or b"")
                self.answer.add_body(data or b"")
                self._connection.acknowledge_received_data(length or 0, self._stream)
                if self.answer.cut_at_limit:
                    self.finish()
            case h2.events.StreamEnded():
                self.finish()
            case h2.events.StreamReset(error_code=code):
                self.fail(f"the server reset the stream: {_named(code)}")
            case h2.events.ConnectionTerminated(error_code=code) if code:
                self.fail(f"the server ended the connection: {_named(code)}")

    def _take_head(self, headers: list[tuple[str, str]]) -> None:
        self.started()
        self.answer.status = next(
            (int(value) for name, value in headers if name == ":status" and value.isdecimal()), 0
        )
        self.answer.headers = [(name, value) for name, value in headers if not name.startswith(":")]

    def _send_body(self) -> None:
        while self._unsent:
            room = self._connection.local_flow_control_window(self._stream)
            part = self._unsent[: min(room, self._connection.max_outbound_frame_size)]
            if not part:
                break
            self._unsent = self._unsent[len(part) :]
            self._connection.send_data(self._stream, bytes(part), end_stream=not self._unsent)
        self._transport.write(self._connection.data_to_send())


def _named(code: int | None) -> str:
    try:
        return h2.errors.ErrorCodes(code or 0).name
    except ValueError:
        return f"error {code}"
