"""`redis_connectivity`: pings a Redis or Valkey server and reads its INFO."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tenantwatch_wire.records import Status

from tenantwatch_agent.checks.base import (
    Latency,
    Outcome,
    missing_client,
    os_reason,
    secret_url,
    without_secrets,
)
from tenantwatch_agent.errors import ConfigurationError

_METRICS = (
    "used_memory",
    "maxmemory",
    "connected_clients",
    "blocked_clients",
    "evicted_keys",
    "uptime_in_seconds",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Keys of ``[[checks]]`` with kind redis_connectivity."""

    url: str = ""
    url_file: Path | None = None
    url_env: str = ""
    degraded_after_ms: float | None = None
    unhealthy_after_ms: float | None = None


class RedisConnectivity:
    """One connection per look: a cancelled command would leave an unread reply on a shared one."""

    def __init__(self, settings: Settings) -> None:
        self._url = secret_url(settings.url, settings.url_file, settings.url_env, ("redis", "rediss"))
        try:
            urlsplit(self._url).port  # noqa: B018 - raises on a port that is none
        except ValueError:
            raise ConfigurationError("the address holds a port that is not a number") from None
        self._latency = Latency(settings.degraded_after_ms, settings.unhealthy_after_ms)
        self.target = without_secrets(self._url)
        self.phase = "connect"

    async def look(self) -> Outcome:
        try:
            import redis.asyncio
            import redis.asyncio.retry
            import redis.backoff
        except ImportError:
            raise missing_client("redis", "redis") from None
        client = redis.asyncio.Redis.from_url(
            self._url,
            single_connection_client=True,
            retry=redis.asyncio.retry.Retry(redis.backoff.NoBackoff(), 0),
        )
        try:
            return await self._ask(client)
        except (redis.RedisError, OSError) as error:
            return Outcome(Status.UNHEALTHY, f"{self.phase} failed: {_reason(error)}")
        finally:
            await client.aclose()

    async def _ask(self, client: Any) -> Outcome:
        self.phase = "connect"
        started = time.perf_counter()
        await client.initialize()
        connected_us = _since(started)
        self.phase = "ping"
        started = time.perf_counter()
        await client.ping()
        ping_us = _since(started)
        self.phase = "info"
        info: dict[str, Any] = await client.info()
        metrics = {name: float(info[name]) for name in _METRICS if isinstance(info.get(name), int | float)}
        metrics |= {"connect_ms": connected_us / 1000, "ping_ms": ping_us / 1000}
        total_us = connected_us + ping_us
        status, text = self._latency.judge(total_us)
        return Outcome(
            status, text or f"answers, version {info.get('redis_version', '?')}", total_us, metrics
        )


def _reason(error: Exception) -> str:
    """The system's own words where the library wrapped its error, else the first line of the server's."""
    cause = error.__cause__ or error.__context__
    if isinstance(cause, OSError):
        return os_reason(cause)
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def _since(started: float) -> int:
    return round((time.perf_counter() - started) * 1_000_000)
