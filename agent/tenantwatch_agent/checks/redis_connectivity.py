"""`redis_connectivity`: Redis and Valkey as a server, a replica, a node of a cluster or a sentinel."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tenantwatch_wire.records import Status

from tenantwatch_agent.checks import redis_info
from tenantwatch_agent.checks.base import Latency, Outcome, OwnTime, os_reason, secret_url, without_secrets
from tenantwatch_agent.checks.findings import Findings, Limit, Metrics
from tenantwatch_agent.checks.phases import Phases
from tenantwatch_agent.checks.redis_client import Address, RedisClient, RedisFailed, Refused, named_values
from tenantwatch_agent.checks.redis_round_trip import round_trip
from tenantwatch_agent.checks.secrets import hidden
from tenantwatch_agent.errors import CheckerFailed, ConfigurationError
from tenantwatch_agent.files import Identity, changed_at


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
        self._allow_write = settings.allow_write
        self._latency = Latency(settings.degraded_after_ms, settings.unhealthy_after_ms)
        self._judge = redis_info.Judge(
            memory=Limit.read(settings, "memory", "percent"),
            evictions=Limit.read(settings, "evictions", "per_second", "evictions"),
            clients=Limit.read(settings, "clients", "percent", "clients"),
            lag=Limit.read(settings, "replication_lag", "seconds"),
            min_replicas=settings.min_replicas,
        )
        url = secret_url(settings.url, settings.url_file, settings.url_env, ("redis", "rediss"))
        self._address = Address.read(url)
        self._ca_file = settings.ca_file
        if self._ca_file is not None and not self._address.is_secure:
            raise ConfigurationError("ca_file belongs to a rediss:// address")
        if self._ca_file is not None:
            changed_at("ca_file", self._ca_file)
        self._evicted: tuple[float, float] | None = None
        self._phases = Phases()
        self.target = without_secrets(url)
        self._context: tuple[Identity, ssl.SSLContext] | None = None

    @property
    def phase(self) -> str:
        return self._phases.now

    async def look(self) -> Outcome:
        context = self._trust()
        self._phases = phases = Phases()
        findings, metrics = Findings(), Metrics()
        client: RedisClient | None = None
        text = "answers"
        try:
            client = await RedisClient.open(self._address, context)
            phases.enter("login")
            await client.log_in(self._address)
            text = await self._ask(client, findings, metrics)
        except (RedisFailed, OSError) as error:
            findings.add(Status.UNHEALTHY, f"{phases.now} failed: {_reason(error)}")
        finally:
            if client is not None:
                client.close()
        for name, took_us in phases.took_us.items():
            metrics.put(f"{name}_ms", OwnTime(took_us / 1000))
        answered = "ping" in phases.took_us
        outcome = findings.outcome(text, self._latency_us() if answered else None, metrics)
        # A server that knows no AUTH quotes what came with it.
        return replace(outcome, text=hidden(outcome.text, [self._address.password]))

    def _trust(self) -> ssl.SSLContext | None:
        """As of the look before, unless the file has changed: reading one takes 20 ms of the loop's time.

        Raises CheckerFailed.
        """
        if not self._address.is_secure:
            return None
        try:
            changed = () if self._ca_file is None else changed_at("ca_file", self._ca_file)
            if self._context is None or self._context[0] != changed:
                self._context = changed, ssl.create_default_context(cafile=self._ca_file)
        except ConfigurationError as error:
            raise CheckerFailed(str(error)) from None
        except OSError as error:
            raise CheckerFailed(f"ca_file {self._ca_file}: {error.strerror or error}") from None
        return self._context[1]

    def _latency_us(self) -> int:
        return sum(self._phases.took_us.get(name, 0) for name in ("connect", "login", "ping", "write"))

    async def _ask(self, client: RedisClient, findings: Findings, metrics: Metrics) -> str:
        self._phases.enter("ping")
        if await client.ask("PING") != "PONG":
            raise RedisFailed("its answer is not understood")
        self._phases.enter("info")
        info = await _allowed(client, "INFO")
        if info is not None:
            await self._judge_info(client, info, findings, metrics)
        if self._allow_write and not (info and _takes_no_writes(info)):
            self._phases.enter("write")
            if problem := await round_trip(client, in_cluster=_mode(info or {}) == "cluster"):
                findings.add(Status.UNHEALTHY, problem)
        self._phases.enter("done")
        findings.judge(self._latency, self._latency_us())
        # The login may not see it. That is no failure of the server.
        return "answers, but its login may not use INFO" if info is None else _described(info)

    async def _judge_info(
        self, client: RedisClient, info: dict[str, Any], findings: Findings, metrics: Metrics
    ) -> None:
        metrics.update(redis_info.figures(info))
        metrics.put("evicted_per_second", self._evictions(info))
        if "min_slaves_good_slaves" in info:
            info["min_replicas_to_write"] = await _setting(client, "min-replicas-to-write")
        self._judge.server(info, metrics, findings)
        if _mode(info) == "cluster":
            self._judge.cluster(await _allowed(client, "CLUSTER", "INFO") or {}, metrics, findings)
        elif _mode(info) == "sentinel":
            await self._ask_sentinel(client, info, metrics, findings)

    async def _ask_sentinel(
        self, client: RedisClient, info: dict[str, Any], metrics: Metrics, findings: Findings
    ) -> None:
        for name in self._judge.sentinel(info, metrics, findings):
            try:
                await client.ask("SENTINEL", "CKQUORUM", name)
            except Refused as error:
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


async def _allowed(client: RedisClient, *words: str) -> dict[str, Any] | None:
    """The named values of the answer; None where the login may not ask."""
    try:
        found = await client.ask(*words)
    except Refused as error:
        if error.code == "NOPERM":
            return None
        raise
    if not isinstance(found, str):
        raise RedisFailed("its answer is not understood")
    return named_values(found)


async def _setting(client: RedisClient, name: str) -> str | None:
    """None where the login may not ask for it, and where nobody may."""
    try:
        found = await client.ask("CONFIG", "GET", name)
    except Refused:
        return None
    return str(found[1]) if isinstance(found, list) and len(found) == 2 else None


def _mode(info: dict[str, Any]) -> str:
    # Valkey has another word for it since its version 8.
    return str(info.get("redis_mode") or info.get("server_mode") or "standalone")


def _takes_no_writes(info: dict[str, Any]) -> bool:
    return _mode(info) == "sentinel" or info.get("role") == "slave"


def _described(info: dict[str, Any]) -> str:
    version = info.get("valkey_version") or info.get("redis_version", "?")
    mode = _mode(info)
    return f"answers, version {version}, {mode if mode != 'standalone' else info.get('role', mode)}"


def _reason(error: Exception) -> str:
    """The system's own words, or the server's."""
    if verify := getattr(error, "verify_message", ""):
        return f"the server's certificate: {verify}"
    if isinstance(error, OSError):
        return os_reason(error)
    return next(iter(str(error).splitlines()), "") or type(error).__name__
