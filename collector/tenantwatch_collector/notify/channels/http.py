"""One POST and what its answer means: taken, later, or never. Secrets do not get out by way of errors."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx2

from tenantwatch_collector import __version__
from tenantwatch_collector.errors import RefusedForEver, RetryLater

MAX_RETRY_AFTER_SECONDS = 3600.0
# Answers that may change by themselves; any other 4xx means that this will never be taken.
_TEMPORARY = {408, 409, 425, 429}
_MAX_ANSWER_BYTES = 4096
_MAX_REASON_CHARACTERS = 200
# A path this long holds a secret, as Slack's do; a shorter one says where, as /hooks does.
_LONG_PATH_CHARACTERS = 20


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A POST, ready to go."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    auth: tuple[str, str] | None = field(default=None, repr=False)


class HttpSender:
    """Posts to one far end. Answers are read up to 4 KiB, redirects are not followed."""

    def __init__(self, timeout_seconds: float, secrets: Sequence[str] = ()) -> None:
        self._timeout_seconds = timeout_seconds
        self._masks = [mask for secret in secrets for mask in _masks(secret)]
        self._client = httpx2.AsyncClient(
            timeout=timeout_seconds, headers={"User-Agent": f"tenantwatch/{__version__}"}
        )

    async def post(self, request: HttpRequest) -> str:
        """Return the body of a 2xx answer. Raises RetryLater or RefusedForEver."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                status, headers, body = await self._exchange(request)
        except TimeoutError:
            raise RetryLater(f"no answer within {self._timeout_seconds:g} s") from None
        except httpx2.InvalidURL as error:
            raise RefusedForEver(f"the address is not valid: {self.masked(str(error))}") from None
        except httpx2.HTTPError as error:
            raise RetryLater(f"{type(error).__name__}: {self.masked(str(error))}") from None
        if 200 <= status < 300:
            return body
        reason = self.masked(" ".join(body.split()))[:_MAX_REASON_CHARACTERS]
        said = f"answered {status}" + (f": {reason}" if reason else "")
        if status < 400 or status in _TEMPORARY or status >= 500:
            raise RetryLater(said, retry_after_seconds(headers.get("Retry-After", ""), datetime.now(UTC)))
        raise RefusedForEver(said)

    async def _exchange(self, request: HttpRequest) -> tuple[int, httpx2.Headers, str]:
        post = self._client.stream(
            "POST", request.url, content=request.body, headers=dict(request.headers), auth=request.auth
        )
        async with post as answer:
            body = b""
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) >= _MAX_ANSWER_BYTES:
                    break
            return answer.status_code, answer.headers, body[:_MAX_ANSWER_BYTES].decode("utf-8", "replace")

    def shown(self, request: HttpRequest) -> str:
        """The request as text, with every secret masked."""
        lines = [f"POST {self.masked(request.url)}"]
        lines += [f"{name}: {self.masked(value)}" for name, value in request.headers.items()]
        lines += [f"Authorization: Basic {self.masked(':'.join(request.auth))}"] if request.auth else []
        return "\n".join([*lines, "", self.masked(request.body.decode())])

    def masked(self, text: str) -> str:
        """The text without what must not be seen."""
        for secret, shown in self._masks:
            text = text.replace(secret, shown)
        return text

    async def close(self) -> None:
        await self._client.aclose()


def _masks(secret: str) -> list[tuple[str, str]]:
    """What to look for and what to show instead. Of an address the host may be seen, and nothing else."""
    if "://" not in secret:
        return [(secret, "***")] if secret else []
    parts = urlsplit(secret)
    masks = [(secret, f"{parts.scheme}://{parts.hostname}/***")]
    masks += [(parts.password, "***")] if parts.password else []
    if len(parts.path) >= _LONG_PATH_CHARACTERS:
        masks.append((parts.path, "/***"))
    return masks


def retry_after_seconds(value: str, now: datetime) -> float | None:
    """What a Retry-After header asks for, in either of its forms; None if it says nothing usable."""
    if value.isdigit():
        return min(float(value), MAX_RETRY_AFTER_SECONDS)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    if until.tzinfo is None:
        return None
    return min(max((until - now).total_seconds(), 1.0), MAX_RETRY_AFTER_SECONDS)
