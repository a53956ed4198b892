"""A JSON POST to an address of the operator's. 2xx is taken; the dedup key travels as Idempotency-Key."""

from __future__ import annotations

import httpx2

from tenantwatch_collector import __version__
from tenantwatch_collector.errors import RefusedForEver, RetryLater
from tenantwatch_collector.notify.channels.base import Message

_MAX_RETRY_AFTER_SECONDS = 3600.0
# Answers that may change by themselves; any other 4xx means that this will never be taken.
_TEMPORARY = {408, 409, 425, 429}


class WebhookChannel:
    """Answers are read for their status alone; redirects are not followed."""

    def __init__(self, name: str, url: str, timeout_seconds: float) -> None:
        self.name = f"webhook:{name}"
        self._url = url
        self._client = httpx2.AsyncClient(
            timeout=timeout_seconds, headers={"User-Agent": f"tenantwatch/{__version__}"}
        )

    async def send(self, message: Message) -> None:
        try:
            answer = await self._client.post(
                self._url,
                json=message.payload,
                headers={"Idempotency-Key": message.dedup_key},
            )
        except httpx2.InvalidURL as error:
            raise RefusedForEver(f"the address is not valid: {error}") from error
        except httpx2.HTTPError as error:
            raise RetryLater(f"{type(error).__name__}: {error}") from error
        if answer.is_success:
            return
        if answer.status_code < 400 or answer.status_code in _TEMPORARY or answer.status_code >= 500:
            raise RetryLater(f"answered {answer.status_code}", _retry_after(answer))
        raise RefusedForEver(f"answered {answer.status_code}")

    async def close(self) -> None:
        await self._client.aclose()


def _retry_after(answer: httpx2.Response) -> float | None:
    value = answer.headers.get("Retry-After", "")
    return min(float(value), _MAX_RETRY_AFTER_SECONDS) if value.isdigit() else None
