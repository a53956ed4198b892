"""One request with its answer on a connection of its own.

A library would hide the phases, follow redirects or reuse connections; a probe must see what a new visitor
sees.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from tenantwatch_agent.checks import reach
from tenantwatch_agent.checks.base import missing_client
from tenantwatch_agent.checks.http import dial, tls
from tenantwatch_agent.checks.http.address import Address
from tenantwatch_agent.checks.http.certificate import Chain
from tenantwatch_agent.checks.http.early import Early
from tenantwatch_agent.checks.http.failure import CertificateRefused, ProbeFailed
from tenantwatch_agent.checks.http.http1 import Http1Receiver, encode
from tenantwatch_agent.checks.http.message import Answer, Request
from tenantwatch_agent.checks.http.proxy import Proxy
from tenantwatch_agent.checks.http.receiver import Receiver

PROXY_SECONDS = 3.0
"""A proxy that has not taken the connection by then has failed, and not the target."""


@dataclass(frozen=True, slots=True)
class Route:
    """How to get there. ``context`` is needed for https alone."""

    context: ssl.SSLContext | None = None
    ip_version: dial.IpVersion = "any"
    http2: bool = False
    proxy: Proxy | None = None


@dataclass(slots=True)
class Exchange:
    """Phases are in microseconds; those not reached are absent. ``chain`` is what the server showed."""

    request: Request
    route: Route
    phase: str = "dns"
    phases_us: dict[str, int] = field(default_factory=dict)
    answer: Answer = field(default_factory=Answer)
    chain: Chain = ()

    async def run(self) -> None:
        """Carry it out; raises ProbeFailed, or CheckerFailed. Cancelling closes the connection."""
        transport, early = await self._open()
        try:
            if self.route.proxy is not None and self.request.address.secure:
                started = self._enter("proxy")
                # Where this ends in silence, nobody knows whether it is the proxy's or the target's.
                self.phase = f"proxy: {self.route.proxy.address.host_and_port} has not answered the CONNECT"
                early = await self.route.proxy.open_tunnel(transport, early, self.request.address)
                self._leave("proxy", started)
            if self.request.address.secure:
                transport = await self._secure(transport, early)
            await self._talk(transport, early)
        finally:
            transport.abort()

    async def _open(self) -> tuple[asyncio.Transport, Early]:
        proxy = self.route.proxy
        if proxy is None:
            return await self._dial(self.request.address)
        reach.demand_unresolved(self.request.address.host)
        try:
            async with asyncio.timeout(PROXY_SECONDS):
                return await self._dial(proxy.address)
        except ProbeFailed as error:
            raise proxy.failed(error) from None
        except TimeoutError:
            raise proxy.failed(f"takes no connection within {PROXY_SECONDS:g} s") from None

    async def _dial(self, address: Address) -> tuple[asyncio.Transport, Early]:
        started = self._enter("dns")
        places = await dial.resolve(address.host, address.port, self.route.ip_version)
        self._leave("dns", started)
        started = self._enter("connect")
        opened = await dial.connect(places)
        self._leave("connect", started)
        return opened

    async def _secure(self, transport: asyncio.Transport, early: Early) -> asyncio.Transport:
        started = self._enter("tls")
        assert self.route.context is not None
        try:
            secured = await tls.start_tls(transport, early, self.route.context, self.request.address.host)
        except CertificateRefused as error:
            self.chain = error.chain
            raise
        self._leave("tls", started)
        self.chain = tls.shown_chain(secured)
        return secured

    async def _talk(self, transport: asyncio.Transport, early: Early) -> None:
        receiver, send = self._http2(transport) if self.route.http2 else self._http1(transport)
        self.answer = receiver.answer
        try:
            started = self._enter("first_byte")
            send()
            early.hand_over(transport, receiver)
            await receiver.first_byte
            self._leave("first_byte", started)
            started = self._enter("body")
            await receiver.done
            self._leave("body", started)
        finally:
            receiver.let_go()
        if self.route.proxy is not None and not self.request.address.secure:
            self.route.proxy.check_plain(self.answer)

    def _http1(self, transport: asyncio.Transport) -> tuple[Receiver, Callable[[], None]]:
        address, proxy = self.request.address, self.route.proxy
        if proxy is None or address.secure:
            data = encode(self.request, address.target)
        else:
            data = encode(self.request, address.url, proxy.login)
        receiver = Http1Receiver(asyncio.get_running_loop(), without_body=self.request.method == "HEAD")
        return receiver, partial(transport.write, data)

    def _http2(self, transport: asyncio.Transport) -> tuple[Receiver, Callable[[], None]]:
        try:
            from tenantwatch_agent.checks.http.http2 import Http2Receiver
        except ImportError:
            raise missing_client("h2", "http2") from None
        secured: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        if secured is not None and secured.selected_alpn_protocol() != "h2":
            raise ProbeFailed("the server does not speak HTTP/2")
        receiver = Http2Receiver(asyncio.get_running_loop(), transport)
        return receiver, partial(receiver.send, self.request)

    def _enter(self, phase: str) -> float:
        self.phase = phase
        return time.perf_counter()

    def _leave(self, phase: str, started: float) -> None:
        self.phases_us[phase] = round((time.perf_counter() - started) * 1_000_000)
