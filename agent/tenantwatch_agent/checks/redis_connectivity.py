"""`redis_connectivity`: Redis and Valkey as a server, a replica, a node of a cluster or a sentinel."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from tenantwatch_wire.records import Status

from tenantwatch_agent.checks import redis_info
from tenantwatch_agent.checks.base import (
    Latency,
    Outcome,
    missing_client,
    os_reason,
    secret_url,
    without_secrets,
)
from tenantwatch_agent.checks.findings import Findings, Limit, Metrics
from tenantwatch_agent.checks.phases import Phases
from tenantwatch_agent.checks.redis_reader import BoundedReader
from tenantwatch_agent.errors import ConfigurationError

_T = TypeVar("_T")
_KEY_LIVES_MS = 60_000
_MOST_KEYS = 100
"""A node of a cluster takes only the keys of its slots: another key is tried until one is its own."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Keys of ``[[checks]]`` with kind redis_connectivity."""

    url: str = ""
    url_file: Path | None = None
    url_env: str = ""
    ca_file: Path | None = None
    allow_write: bool = False
    degraded_after_ms: float | None = None
    unhealthy_after_ms: float | None = None
    memory_degraded_percent: float | None = 90.0
    memory_unhealthy_percent: float | None = None
    evictions_degraded_per_second: float | None = None
    evictions_unhealthy_per_second: float | None = None
    clients_degraded_percent: float | None = 80.0
    clients_unhealthy_percent: float | None = 95.0
    replication_lag_degraded_seconds: float | None = 60.0
    replication_lag_unhealthy_seconds: float | None = None
    min_replicas: int = 0


class RedisConnectivity:
    """One connection per look: a cancelled command would leave an unread reply on a shared one."""

    def __init__(self, settings: Settings) -> None:
        self._url = secret_url(settings.url, settings.url_file, settings.url_env, ("redis", "rediss"))
        try:
            secure = urlsplit(self._url).scheme == "rediss"
            urlsplit(self._url).port  # noqa: B018 - raises on a port that is none
        except ValueError:
            raise ConfigurationError("the address holds a port that is not a number") from None
        if settings.ca_file is not None and not secure:
            raise ConfigurationError("ca_file belongs to a rediss:// address")
        if settings.ca_file is not None and not settings.ca_file.is_file():
            raise ConfigurationError(f"ca_file {settings.ca_file}: is not a file")
        self._ca_file = settings.ca_file
        self._options: dict[str, Any] = {} if self._ca_file is None else {"ssl_ca_certs": str(self._ca_file)}
        self._allow_write = settings.allow_write
        self._latency = Latency(settings.degraded_after_ms, settings.unhealthy_after_ms)
        self._judge = redis_info.Judge(
            memory=Limit.read(settings, "memory", "percent"),
            evictions=Limit.read(settings, "evictions", "per_second", "evictions"),
            clients=Limit.read(settings, "clients", "percent", "clients"),
            lag=Limit.read(settings, "replication_lag", "seconds"),
            min_replicas=settings.min_replicas,
        )
        self._evicted: tuple[float, float] | None = None
        self._phases = Phases()
        self.target = without_secrets(self._url)
        self._context: tuple[int, Any] | None = None
        # Here and not in the first look, whose time it would be: half a second in which nothing else runs.
        with contextlib.suppress(ImportError):
            import redis.asyncio  # noqa: F401

    @property
    def phase(self) -> str:
        return self._phases.now

    async def look(self) -> Outcome:
        try:
            import redis.asyncio
        except ImportError:
            raise missing_client("redis", "redis") from None
        self._phases = phases = Phases()
        findings, metrics = Findings(), Metrics()

        client = self._client(phases)
        text = "answers"
        try:
            text = await self._ask(client, findings, metrics)
        except (redis.RedisError, OSError) as error:
            findings.add(Status.UNHEALTHY, f"{phases.now} failed: {_reason(error)}")
        finally:
            await client.aclose()
        for name, took_us in phases.took_us.items():
            metrics.put(f"{name}_ms", took_us / 1000)
        answered = "ping" in phases.took_us
        return findings.outcome(text, self._latency_us() if answered else None, metrics)

    def _client(self, phases: Phases) -> Any:
        import redis.asyncio
        import redis.asyncio.retry
        import redis.backoff

        async def log_in(connection: Any) -> None:
            phases.enter("login")
            connection._reader = BoundedReader(connection._reader)
            await connection.on_connect()

        client = redis.asyncio.Redis.from_url(
            self._url,
            single_connection_client=True,
            decode_responses=True,
            redis_connect_func=log_in,
            # Whoever looks bounds the whole look.
            socket_timeout=None,
            socket_connect_timeout=None,
            retry=redis.asyncio.retry.Retry(redis.backoff.NoBackoff(), 0),
            **self._options,
        )
        pool = client.connection_pool
        if issubclass(pool.connection_class, redis.asyncio.SSLConnection):
            pool.connection_class = partial(self._secure, pool.connection_class)  # type: ignore[assignment]
        return client

    def _secure(self, make: Any, **options: Any) -> Any:
        """A connection with the trust store of those before: reading one takes 20 ms of the loop's time."""
        connection = make(**options)
        changed = self._ca_file.stat().st_mtime_ns if self._ca_file is not None else 0
        if self._context is None or self._context[0] != changed:
            self._context = changed, connection.ssl_context.get()
        connection.ssl_context.context = self._context[1]
        return connection

    def _latency_us(self) -> int:
        return sum(self._phases.took_us.get(name, 0) for name in ("connect", "login", "ping", "write"))

    async def _ask(self, client: Any, findings: Findings, metrics: Metrics) -> str:
        await _told(client.initialize())
        self._phases.enter("ping")
        await _told(client.ping())
        self._phases.enter("info")
        info = await _allowed(client.info())
        if info is None:
            # The login may not see it. That is no failure of the server.
            findings.judge(self._latency, self._latency_us())
            return "answers, but its login may not use INFO"
        mode = str(info.get("redis_mode", "standalone"))
        metrics.update(redis_info.figures(info))
        metrics.put("evicted_per_second", self._evictions(info))
        self._judge.server(info, metrics, findings)
        if mode == "cluster":
            self._judge.cluster(
                await _allowed(client.execute_command("CLUSTER INFO")) or {}, metrics, findings
            )
        elif mode == "sentinel":
            await self._ask_sentinel(client, info, metrics, findings)
        if self._allow_write and mode != "sentinel":
            self._phases.enter("write")
            if problem := await _round_trip(client):
                findings.add(Status.UNHEALTHY, problem)
        self._phases.enter("done")
        findings.judge(self._latency, self._latency_us())
        version = info.get("valkey_version") or info.get("redis_version", "?")
        return f"answers, version {version}, {mode if mode != 'standalone' else info.get('role', mode)}"

    async def _ask_sentinel(
        self, client: Any, info: dict[str, Any], metrics: Metrics, findings: Findings
    ) -> None:
        import redis

        for name in self._judge.sentinel(info, metrics, findings):
            try:
                await _told(client.execute_command("SENTINEL CKQUORUM", name))
            except redis.ResponseError as error:
                findings.add(Status.DEGRADED, f"sentinel: {name}: {_reason(error)}")

    def _evictions(self, info: dict[str, Any]) -> float | None:
        """Per second since the look before; a server that began anew counts from nothing."""
        evicted = info.get("evicted_keys")
        if not isinstance(evicted, int | float):
            return None
        before, self._evicted = self._evicted, (time.monotonic(), float(evicted))
        if before is None or evicted < before[1] or self._evicted[0] <= before[0]:
            return None
        return (self._evicted[1] - before[1]) / (self._evicted[0] - before[0])


async def _told(asking: Awaitable[_T]) -> _T:
    """The answer; what redis-py stumbles over is an answer that no Redis gives."""
    import redis

    try:
        return await asking
    except RecursionError:
        raise redis.InvalidResponse("its answer is nested too deeply") from None
    except (ValueError, TypeError, AttributeError, LookupError):
        raise redis.InvalidResponse("its answer is not understood") from None


async def _allowed(asking: Awaitable[Any]) -> dict[str, Any] | None:
    """The named values of the answer; None where the login may not ask."""
    import redis

    try:
        found = await _told(asking)
    except redis.exceptions.NoPermissionError:
        return None
    if not isinstance(found, dict):
        raise redis.InvalidResponse("its answer is not understood")
    return found


async def _round_trip(client: Any) -> str:
    """Writes, reads and deletes a key of its own; what went wrong in words, empty if nothing did."""
    import redis

    for _ in range(_MOST_KEYS):
        key, value = f"tenantwatch:{secrets.token_hex(8)}", secrets.token_hex(8)
        try:
            await _told(client.set(key, value, px=_KEY_LIVES_MS))
        except redis.exceptions.MovedError:
            continue
        found = await _told(client.get(key))
        deleted = await _told(client.delete(key))
        if found != value:
            return "what was written was not read back"
        return "" if deleted == 1 else "what was written could not be deleted"
    return f"the node takes none of {_MOST_KEYS} keys: it serves no slots"


def _reason(error: Exception) -> str:
    """The system's own words where the library wrapped its error, else the first line of the server's."""
    cause = error.__cause__ or error.__context__
    if isinstance(cause, OSError) and not getattr(cause, "verify_message", ""):
        return os_reason(cause)
    if verify := getattr(cause, "verify_message", ""):
        return f"the server's certificate: {verify}"
    return next(iter(str(error).splitlines()), "") or type(error).__name__
