"""A JSON POST to an address of the operator's, signed as Standard Webhooks describes. 2xx is taken."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time

from tenantwatch_collector.notify.channels.base import Message, Part
from tenantwatch_collector.notify.channels.http import HttpRequest, HttpSender
from tenantwatch_collector.notify.settings import WebhookSection
from tenantwatch_collector.settings import revealed


class WebhookChannel:
    """The payload as it is; the dedup key travels as Idempotency-Key and as webhook-id."""

    parts: tuple[Part, ...] = ()

    def __init__(self, section: WebhookSection) -> None:
        self.name = section.channel
        self._url = revealed(section.url)
        secret = revealed(section.signing_secret)
        self._key = signing_key(secret) if secret else None
        self._http = HttpSender(section.timeout_seconds, [self._url, secret])

    def compose(self, message: Message, now_seconds: int) -> HttpRequest:
        body = json.dumps(message.payload).encode()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message.dedup_key,
            "webhook-id": message.dedup_key,
            "webhook-timestamp": str(now_seconds),
        }
        if self._key is not None:
            headers["webhook-signature"] = signature(self._key, message.dedup_key, now_seconds, body)
        return HttpRequest(self._url, body, headers)

    def preview(self, message: Message) -> str:
        return self._http.shown(self.compose(message, int(time.time())))

    async def send(self, message: Message) -> None:
        await self._http.post(self.compose(message, int(time.time())))

    async def close(self) -> None:
        await self._http.close()


def signing_key(secret: str) -> bytes:
    """The bytes of a ``whsec_`` secret; any other text is taken as it is."""
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


def signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """What a receiver recomputes: HMAC-SHA256 over id, timestamp and body with dots between them."""
    signed = b".".join([message_id.encode(), str(timestamp).encode(), body])
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
