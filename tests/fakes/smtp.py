"""A real SMTP server with STARTTLS, login, and faults to order; its certificate is made for each test run."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.fakes.certificates import Authority

USERNAME, PASSWORD = "tenantwatch", "correct horse"


class Mailbox:
    """What the server took, and what it answers; the names are aiosmtpd's hooks."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.secured: list[bool] = []
        self.logins: list[bool] = []
        self.refuse: dict[str, str] = {}
        """By recipient, the answer to RCPT."""
        self.data_answer = "250 taken"
        self.port = 0
        self._silent = False
        self._server: asyncio.Server | None = None

    def fall_silent(self) -> None:
        """Never answer a mail again."""
        self._silent = True

    async def serve(self, protocol: Callable[[], SMTP], tls: ssl.SSLContext | None) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(protocol, "127.0.0.1", self.port, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Vanish; safe to call twice."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self._silent:
            await asyncio.Event().wait()
        if not self.data_answer.startswith("250"):
            return self.data_answer
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.recipients.append(list(envelope.rcpt_tos))
        assert server.transport is not None
        self.secured.append(server.transport.get_extra_info("sslcontext") is not None)
        return self.data_answer

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        known = LoginPassword(USERNAME.encode(), PASSWORD.encode())
        self.logins.append(data == known)
        # Not handled: the server is to say itself that it is refused.
        return AuthResult(success=data == known, handled=False)


@asynccontextmanager
async def mail_server(folder: Path, security: str = "starttls") -> AsyncIterator[Mailbox]:
    """Serve on loopback until left; ``folder/ca.pem`` is what a client must trust."""
    box = Mailbox()
    tls = None if security == "none" else server_context(folder)

    def protocol() -> SMTP:
        return SMTP(
            box,
            hostname="mail.test",
            tls_context=tls if security == "starttls" else None,
            require_starttls=security == "starttls",
            authenticator=box.authenticate,
            auth_required=security == "starttls",
            auth_require_tls=security == "starttls",
            loop=asyncio.get_running_loop(),
        )

    await box.serve(protocol, tls if security == "tls" else None)
    try:
        yield box
    finally:
        await box.stop()


def server_context(folder: Path) -> ssl.SSLContext:
    """A context with a certificate of its own for 127.0.0.1; ``folder/ca.pem`` is its authority."""
    authority = Authority(folder)
    (folder / "ca.pem").write_bytes(authority.file.read_bytes())
    return authority.mint("127.0.0.1").server()
