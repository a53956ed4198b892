"""Mail by SMTP, with a plain and an HTML part; all messages of an alert make one thread."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import aiosmtplib

from tenantwatch_collector.errors import ConfigurationError, RefusedForEver, RetryLater
from tenantwatch_collector.notify.channels.base import Message, Part
from tenantwatch_collector.notify.settings import EmailSection, SmtpSection
from tenantwatch_collector.settings import revealed

_PORTS = {"starttls": 587, "tls": 465, "none": 25}

log = logging.getLogger(__name__)


class EmailChannel:
    """A connection for each message: alerts are rare, and an idle connection is a dead one."""

    parts = (
        Part("subject", 200, one_line=True),
        Part("text", 20_000),
        Part("html", 60_000, html=True),
    )

    def __init__(self, section: EmailSection, server: SmtpSection) -> None:
        self.name = section.channel
        self._to = tuple(section.to)
        self._server = server
        self._timeout_seconds = section.timeout_seconds
        self._tls = None if server.security == "none" else _tls_context(server)

    def compose(self, message: Message, now: datetime) -> EmailMessage:
        mail = EmailMessage(policy=SMTP)
        mail["Subject"] = message.texts["subject"]
        mail["From"] = self._server.sender
        mail["To"] = ", ".join(self._to)
        mail["Date"] = format_datetime(now)
        self._thread(mail, message)
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        mail.set_content(message.texts["text"])
        mail.add_alternative(message.texts["html"], subtype="html")
        return mail

    def _thread(self, mail: EmailMessage, message: Message) -> None:
        """The first message of an alert is the root; the same message sent again keeps its id."""
        domain = self._server.sender.rpartition("@")[2]
        root = f"<{message.alert['alert_id']}@{domain}>"
        if message.kind == "firing":
            mail["Message-ID"] = root
            return
        mail["Message-ID"] = f"<{message.dedup_key.replace('/', '.')}@{domain}>"
        mail["In-Reply-To"] = root
        mail["References"] = root

    def preview(self, message: Message) -> str:
        return self.compose(message, datetime.now(UTC)).as_bytes().decode().replace("\r\n", "\n")

    async def send(self, message: Message) -> None:
        server = self._server
        try:
            refused, _ = await aiosmtplib.send(
                self.compose(message, datetime.now(UTC)),
                sender=server.sender,
                recipients=message.reached.missing(self._to),
                hostname=server.host,
                port=server.port or _PORTS[server.security],
                username=server.username or None,
                password=revealed(server.password) or None,
                timeout=self._timeout_seconds,
                use_tls=server.security == "tls",
                start_tls=server.security == "starttls",
                tls_context=self._tls,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            await self._note(message, {answer.recipient: answer.code for answer in error.recipients})
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _failure(error) from None
        else:
            await self._note(message, {address: answer.code for address, answer in refused.items()})

    async def _note(self, message: Message, refused: Mapping[str, int]) -> None:
        """Whom the server takes mail for now, never, or perhaps another time."""
        asked = message.reached.missing(self._to)
        never = {address: f"answered {code}" for address, code in refused.items() if code >= 500}
        for address, why in never.items():
            log.error("%s: %s was not told: %s", self.name, address, why)
        await message.reached.note({**{one: "" for one in asked if one not in refused}, **never})
        later = sorted({code for code in refused.values() if code < 500})
        if later:
            raise RetryLater(f"recipients were refused for now: answered {', '.join(map(str, later))}")
        if len(message.reached.refused) == len(self._to):
            raise RefusedForEver(f"every recipient was refused: {next(iter(never.values()))}")

    async def close(self) -> None:
        return None


def _tls_context(server: SmtpSection) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=server.ca_file)
    except OSError as error:
        raise ConfigurationError(f"notify.smtp.ca_file: {server.ca_file}: {error}") from None


def _failure(error: Exception) -> RetryLater | RefusedForEver:
    """5xx will never work, unless it is only how the server greets us: it may do better another time."""
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        # The server may repeat what it was given.
        said = f"the login was refused: answered {error.code}"
        return RefusedForEver(said) if error.code >= 500 else RetryLater(said)
    if isinstance(error, aiosmtplib.SMTPConnectResponseError):
        return RetryLater(f"the server does not serve us: answered {error.code}")
    if isinstance(error, aiosmtplib.SMTPResponseException):
        said = f"answered {error.code}: {' '.join(error.message.split())[:200]}"
        return RefusedForEver(said) if error.code >= 500 else RetryLater(said)
    if type(error) in (aiosmtplib.SMTPException, aiosmtplib.SMTPNotSupported):
        # No STARTTLS, no AUTH, or none that we know: nothing was sent, and nothing will be.
        return RefusedForEver(f"the server cannot do what is demanded: {error}")
    return RetryLater(f"{type(error).__name__}: {error}")
