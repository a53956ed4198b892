"""The way through an HTTP proxy, taken only where a check is told to."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from tenantwatch_agent.checks.http.address import Address
from tenantwatch_agent.checks.http.early import Early
from tenantwatch_agent.checks.http.failure import ProbeFailed
from tenantwatch_agent.checks.http.http1 import Http1Receiver, encode
from tenantwatch_agent.checks.http.message import Answer, Request
from tenantwatch_agent.errors import CheckerFailed, ConfigurationError

LOGIN_REQUIRED = 407


@dataclass(frozen=True, slots=True)
class Proxy:
    """``login`` is a whole header line, or empty."""

    address: Address
    login: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> Proxy:
        """Of ``http://[USER:PASSWORD@]HOST[:PORT]``. Raises ConfigurationError."""
        try:
            parts = urlsplit(url)
            user, password = unquote(parts.username or ""), unquote(parts.password or "")
            address = Address.parse(f"http://{parts.netloc.rpartition('@')[2]}")
            if parts.scheme != "http" or parts.path not in ("", "/") or parts.query:
                raise ValueError
        except ValueError:
            raise ConfigurationError("proxy_url: write http://[USER:PASSWORD@]HOST[:PORT]") from None
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        return cls(address, f"proxy-authorization: Basic {token}\r\n" if user else "")

    def failed(self, reason: object) -> CheckerFailed:
        """A proxy that does not do its work says nothing about the target."""
        return CheckerFailed(f"the proxy {self.address.host_and_port}: {reason}")

    def check_plain(self, answer: Answer) -> None:
        """Fails where the proxy tells that the answer is its own: Squid does, others look like the target."""
        if answer.status == LOGIN_REQUIRED or answer.header("x-squid-error") is not None:
            self._check(answer.status)

    async def open_tunnel(self, transport: asyncio.Transport, early: Early, to: Address) -> Early:
        """Returns what takes over the connection. Raises ProbeFailed if the target cannot be reached."""
        receiver = Http1Receiver(asyncio.get_running_loop(), without_body=True)
        try:
            early.hand_over(transport, receiver)
            request = Request(Address("http", to.host, to.port, ""), "CONNECT", {"host": to.host_and_port})
            transport.write(encode(request, to.host_and_port, self.login))
            await receiver.first_byte
            await receiver.done
        except ProbeFailed as error:
            raise self.failed(error) from None
        finally:
            receiver.let_go()
        self._check(receiver.answer.status)
        after = Early()
        transport.set_protocol(after)
        return after

    def _check(self, status: int) -> None:
        if status == LOGIN_REQUIRED:
            raise self.failed("asks for a login, or refuses the one in proxy_url")
        if status in (502, 503, 504):
            raise ProbeFailed(f"connect failed: the proxy does not reach it (HTTP {status})")
        if not 200 <= status < 300:
            raise self.failed(f"refuses the connection (HTTP {status})")
