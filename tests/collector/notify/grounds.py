"""Each kind of channel with its far end, made to behave alike, so that one suite can try them all."""

from __future__ import annotations

import importlib.util
import logging
import time
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tenantwatch_collector.alerts.rule import kind_of
from tenantwatch_collector.notify.channels.base import Channel, Message
from tenantwatch_collector.notify.registry import PARTS, build_channels
from tenantwatch_collector.notify.samples import sample_payload
from tenantwatch_collector.notify.settings import NotifySection
from tenantwatch_collector.notify.templates import Templates

from tests.fakes.http1 import Response
from tests.fakes.notified import NotifiedServer, PagerDutyServer, SignedWebhook, SlackServer, TwilioServer
from tests.fakes.smtp import PASSWORD, USERNAME, Mailbox, mail_server
from tests.fakes.webhook import Webhook
from tests.missing import not_tested

TEMPLATES = Templates(PARTS)
LINK = "https://monitoring.example.org/admin/monitoring/tenants/example-isp-001"


@dataclass(slots=True)
class Ground:
    """A channel whose far end works, until one of these is called."""

    channel: Channel
    arrived: Callable[[], int]
    busy: Callable[[], None] | None = None
    """The next answer is "later"; None where the far end cannot say so."""
    refuse: Callable[[], None] | None = None
    """The next answer is "never"; None where the far end cannot say so."""
    silent: Callable[[], None] | None = None
    stop: Callable[[], Any] | None = None
    secrets: list[str] = field(default_factory=list)


def message(channel: str, kind: str = "firing", dedup_key: str = "", **alert: Any) -> Message:
    payload = sample_payload(kind, LINK, time.time_ns() // 1000, dedup_key)
    payload["alert"] |= alert
    texts = TEMPLATES.render(kind_of(channel), payload)
    return Message(payload["dedup_key"], kind, payload, 1, texts)


def built(**sections: Any) -> Channel:
    """The one channel that these settings make."""
    (channel,) = build_channels(NotifySection.model_validate({"log": False, **sections})).values()
    return channel


def _http(channel: Channel, server: NotifiedServer, *secrets: str) -> Ground:
    return Ground(
        channel,
        lambda: len(server.taken),
        lambda: server.next_answers.append(Response(503, b"out of order")),
        lambda: server.next_answers.append(Response(403, f"go away {' '.join(secrets)}".encode())),
        lambda: server.next_answers.append(None),
        server.stop,
        list(secrets),
    )


@asynccontextmanager
async def slack(folder: Path, timeout_seconds: float) -> AsyncIterator[Ground]:
    async with SlackServer() as server:
        channel = built(slack=[{"url": server.address, "timeout_seconds": timeout_seconds}])
        yield _http(channel, server, server.path)


@asynccontextmanager
async def sms(folder: Path, timeout_seconds: float) -> AsyncIterator[Ground]:
    async with TwilioServer() as server:
        account = {
            "account_sid": server.account_sid,
            "auth_token": server.auth_token,
            "sender": "+15550001111",
            "api_url": server.url,
        }
        channel = built(twilio=account, sms=[{"to": ["+4915112345678"], "timeout_seconds": timeout_seconds}])
        yield _http(channel, server, server.auth_token)


@asynccontextmanager
async def pagerduty(folder: Path, timeout_seconds: float) -> AsyncIterator[Ground]:
    async with PagerDutyServer() as server:
        section = {
            "routing_key": server.routing_key,
            "url": server.address,
            "timeout_seconds": timeout_seconds,
        }
        yield _http(built(pagerduty=[section]), server, server.routing_key)


@asynccontextmanager
async def webhook(folder: Path, timeout_seconds: float) -> AsyncIterator[Ground]:
    async with SignedWebhook(time.time) as server:
        section = {
            "name": "ops",
            "url": f"http://user:passphrase@127.0.0.1:{server.port}{server.path}",
            "signing_secret": server.secret,
            "timeout_seconds": timeout_seconds,
        }
        yield _http(built(webhooks=[section]), server, server.secret, "passphrase")


@asynccontextmanager
async def email(folder: Path, timeout_seconds: float) -> AsyncIterator[Ground]:
    async with mail_server(folder) as box:
        channel = built(
            **mail_settings(box, folder),
            email=[{"to": ["ops@example.org"], "timeout_seconds": timeout_seconds}],
        )

        def answer(said: str) -> Callable[[], None]:
            return lambda: setattr(box, "data_answer", said)

        yield Ground(
            channel,
            lambda: len(box.mails),
            answer("451 try again later"),
            answer("554 no such thing"),
            box.fall_silent,
            box.stop,
            [PASSWORD],
        )


def mail_settings(box: Mailbox, folder: Path, security: str = "starttls") -> dict[str, Any]:
    server: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": box.port,
        "security": security,
        "sender": "tenantwatch@example.org",
    }
    if security != "none":
        server |= {"username": USERNAME, "password": PASSWORD, "ca_file": str(folder / "ca.pem")}
    return {"smtp": server}


@asynccontextmanager
async def apprise(folder: Path, timeout_seconds: float) -> AsyncIterator[Ground]:
    if importlib.util.find_spec("apprise") is None:
        not_tested("the channel apprise", "install the extra 'apprise'")
    async with Webhook() as server:
        address = f"json://user:passphrase@127.0.0.1:{server.port}/hooks"
        with warnings.catch_warnings():
            # What it imports is deprecated here; what we do is still an error.
            warnings.simplefilter("ignore", DeprecationWarning)
            channel = built(apprise=[{"name": "teams", "url": address, "timeout_seconds": timeout_seconds}])

        def busy() -> None:
            server.status = 503

        yield Ground(channel, lambda: len(server.calls), busy, stop=server.stop, secrets=["passphrase"])


@asynccontextmanager
async def log(folder: Path, timeout_seconds: float) -> AsyncIterator[Ground]:
    (channel,) = build_channels(NotifySection()).values()
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[assignment, method-assign]
    logger = logging.getLogger("tenantwatch.alerts")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield Ground(channel, lambda: len(records))
    finally:
        logger.removeHandler(handler)


GROUNDS: dict[str, Callable[[Path, float], AbstractAsyncContextManager[Ground]]] = {
    "log": log,
    "slack": slack,
    "email": email,
    "sms": sms,
    "pagerduty": pagerduty,
    "webhook": webhook,
    "apprise": apprise,
}
