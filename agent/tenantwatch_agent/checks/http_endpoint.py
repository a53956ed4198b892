"""`http_endpoint`: status, body and latency conditions of an HTTP or HTTPS address."""

from __future__ import annotations

import re
import ssl
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from tenantwatch_wire.records import Status

from tenantwatch_agent.checks.base import Latency, Outcome, without_secrets
from tenantwatch_agent.checks.http_client import Exchange, ProbeFailed
from tenantwatch_agent.errors import ConfigurationError

_RANGE = re.compile(r"([1-5]\d\d)-([1-5]\d\d)|([1-5])xx|([1-5]\d\d)")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class Settings:
    """Keys of ``[[checks]]`` with kind http_endpoint."""

    url: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    expect_status: tuple[str, ...] = ("200-399",)
    expect_body_contains: str | None = None
    expect_body_matches: str | None = None
    degraded_after_ms: float | None = None
    unhealthy_after_ms: float | None = None
    verify_tls: bool = True
    ca_file: Path | None = None
    certificate_warning_days: float = 14.0


class HttpEndpoint:
    """Looks at one address on a connection of its own."""

    def __init__(self, settings: Settings) -> None:
        parts = _split(settings.url)
        self._settings = settings
        self._statuses = [_status_range(text) for text in settings.expect_status]
        self._pattern = _pattern(settings.expect_body_matches)
        self._latency = Latency(settings.degraded_after_ms, settings.unhealthy_after_ms)
        if settings.ca_file is not None and parts != "https":
            raise ConfigurationError("ca_file belongs to an https:// url")
        self._tls = _context(settings.ca_file, settings.verify_tls) if parts == "https" else None
        _check_headers(settings)
        self._exchange: Exchange | None = None
        self.target = without_secrets(settings.url)

    @property
    def phase(self) -> str:
        return "start" if self._exchange is None else self._exchange.phase

    async def look(self) -> Outcome:
        settings = self._settings
        self._exchange = exchange = Exchange(
            settings.url, settings.method, settings.headers, settings.body.encode(), self._tls
        )
        started = time.perf_counter()
        try:
            await exchange.run()
        except ProbeFailed as error:
            return Outcome(Status.UNHEALTHY, str(error), None, _metrics(exchange))
        total_us = round((time.perf_counter() - started) * 1_000_000)
        status, text = self._judge(exchange, total_us)
        return Outcome(status, text or f"HTTP {exchange.status}", total_us, _metrics(exchange))

    def _judge(self, exchange: Exchange, total_us: int) -> tuple[Status, str]:
        if not any(first <= exchange.status <= last for first, last in self._statuses):
            expected = ", ".join(self._settings.expect_status)
            return Status.UNHEALTHY, f"HTTP {exchange.status}, expected {expected}"
        if reason := self._body_problem(exchange):
            return Status.UNHEALTHY, reason
        status, text = self._latency.judge(total_us)
        days = _days_left(exchange)
        if status is Status.HEALTHY and days is not None and days < self._settings.certificate_warning_days:
            return Status.DEGRADED, f"the certificate expires in {days:.1f} days"
        return status, text

    def _body_problem(self, exchange: Exchange) -> str:
        wanted = self._settings.expect_body_contains
        seen = " (only the first MiB was read)" if exchange.cut_at_limit else ""
        if wanted is not None and wanted.encode() not in exchange.answer:
            return f"the body does not contain {wanted!r}{seen}"
        if self._pattern is not None and not self._pattern.search(exchange.answer):
            return f"the body does not match {self._pattern.pattern.decode()!r}{seen}"
        return ""


def _metrics(exchange: Exchange) -> dict[str, float]:
    metrics = {f"{phase}_ms": us / 1000 for phase, us in exchange.phases_us.items()}
    if exchange.status:
        metrics["http_status"] = float(exchange.status)
        metrics["body_bytes"] = float(len(exchange.answer))
    days = _days_left(exchange)
    if days is not None:
        metrics["certificate_days_left"] = days
    return metrics


def _days_left(exchange: Exchange) -> float | None:
    expires = (exchange.certificate or {}).get("notAfter")
    return None if expires is None else (ssl.cert_time_to_seconds(str(expires)) - time.time()) / 86400


def _split(url: str) -> str:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises on a port that is none
        good = parts.scheme in ("http", "https") and parts.hostname and parts.username is None
    except ValueError:
        good = False
    if not good or any(c in url for c in " \r\n\t"):
        raise ConfigurationError(
            f"url {without_secrets(url)!r} is not valid: write http://HOST[:PORT]/PATH or https://...;"
            " a login belongs into headers"
        )
    return parts.scheme


def _status_range(text: str) -> tuple[int, int]:
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        raise ConfigurationError(f'expect_status: {text!r} is none of "200", "2xx", "200-399"')
    first, last, hundreds, single = match.groups()
    if hundreds:
        return int(hundreds) * 100, int(hundreds) * 100 + 99
    return (int(single), int(single)) if single else (int(first), int(last))


def _pattern(text: str | None) -> re.Pattern[bytes] | None:
    try:
        return None if text is None else re.compile(text.encode())
    except re.error as error:
        raise ConfigurationError(f"expect_body_matches is not a regular expression: {error}") from None


@cache
def _context(ca_file: Path | None, verify: bool) -> ssl.SSLContext:
    """One context per trust store: each holds a copy of all its certificates, about a megabyte."""
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f"ca_file {ca_file}: {error}") from None
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _check_headers(settings: Settings) -> None:
    if not _TOKEN.fullmatch(settings.method):
        raise ConfigurationError(f"method {settings.method!r} is not an HTTP method")
    for name, value in settings.headers.items():
        if not _TOKEN.fullmatch(name) or "\r" in value or "\n" in value:
            raise ConfigurationError(f"headers: {name!r} is not a valid header")
