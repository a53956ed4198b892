"""One configured request, sent again and again: what http_endpoint is, and every step of external_apis."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from tenantwatch_wire.records import Status

from tenantwatch_agent.checks.base import Latency, Outcome, OwnTime, without_secrets
from tenantwatch_agent.checks.findings import Findings, since_us
from tenantwatch_agent.checks.http.address import Address
from tenantwatch_agent.checks.http.exchange import Route
from tenantwatch_agent.checks.http.expectations import Expectations
from tenantwatch_agent.checks.http.expiry import Expiry
from tenantwatch_agent.checks.http.failure import ProbeFailed
from tenantwatch_agent.checks.http.message import MAX_BODY_BYTES, Answer, Request
from tenantwatch_agent.checks.http.proxy import Proxy
from tenantwatch_agent.checks.http.settings import RequestSettings
from tenantwatch_agent.checks.http.tls import TlsOptions
from tenantwatch_agent.checks.http.visit import MOST_REDIRECTS, Visit
from tenantwatch_agent.checks.secrets import body_parts, header_parts, hidden, query_parts
from tenantwatch_agent.checks.template import fill
from tenantwatch_agent.errors import CheckerFailed, ConfigurationError, Mistakes

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = ("content-length", "transfer-encoding", "expect", "upgrade", "te")
_OPEN_HEADERS = ("accept", "accept-language", "content-type", "host", "user-agent")
"""Their values may be shown; those of any other header are taken for secrets."""
_PROXIES = ("proxy_url", "proxy_url_env", "proxy_url_file")


class Probe:
    """Raises ConfigurationError for settings that cannot work. Looks one at a time."""

    def __init__(self, settings: RequestSettings) -> None:
        self._settings = settings
        self._header_secrets = settings.header_secrets()
        self._body_secret = settings.body_secret()
        self._proxy_secret = settings.proxy_secret()
        self._proxy: Proxy | None = None
        self._visit: Visit | None = None
        self._secrets: list[str] = []
        self.target = without_secrets(settings.url)
        self._read_settings(settings)
        if settings.http_version == "2":
            # Here and not in the first look, whose time it would be.
            with contextlib.suppress(ImportError):
                import tenantwatch_agent.checks.http.http2  # noqa: F401

    def _read_settings(self, settings: RequestSettings) -> None:
        """Raises ConfigurationError with all that is wrong."""
        mistakes = Mistakes()
        with mistakes.noted():
            self._expectations = Expectations(settings)
        with mistakes.noted():
            self._latency = Latency(settings.degraded_after_ms, settings.unhealthy_after_ms)
        with mistakes.noted():
            self._expiry = Expiry(settings.certificate_warning_days, settings.certificate_error_days)
        with mistakes.noted():
            _check(settings)
        with mistakes.noted():
            self._address = _address(settings.url)
            _check_way(settings, self._address)
            self._home_tls, self._foreign_tls = _tls(settings)
        mistakes.demand_none()
        try:
            self._read_proxy()
        except CheckerFailed as error:
            raise ConfigurationError(str(error)) from None

    @property
    def phase(self) -> str:
        return "start" if self._visit is None else self._visit.phase

    @property
    def answer(self) -> Answer:
        """Of the last look, until ``forget``."""
        return Answer() if self._visit is None else self._visit.answer

    def forget(self) -> None:
        """Let go of the answer: between two looks a thousand checks must not hold a thousand bodies."""
        if self._visit is not None:
            self._visit.answer.clear()

    async def look(self, values: Mapping[str, str] | None = None) -> Outcome:
        """Send it with the values in their places. Raises CheckerFailed."""
        request = self._request(values or {})
        self._read_proxy()
        self._visit = visit = Visit(request, self._route, self._settings.max_redirects)
        started = time.perf_counter()
        try:
            await visit.run()
        except ProbeFailed as error:
            return Outcome(Status.UNHEALTHY, self.shown(str(error)), None, _metrics(visit))
        total_us = since_us(started)
        findings = await self._judge(visit, total_us)
        after = f", after {visit.redirects} redirects" if visit.redirects else ""
        outcome = findings.outcome(f"HTTP {visit.answer.status}{after}", total_us, _metrics(visit))
        return replace(outcome, text=self.shown(outcome.text))

    async def _judge(self, visit: Visit, total_us: int) -> Findings:
        findings = Findings()
        if problem := await self._expectations.problem(visit.answer, self._secrets):
            findings.add(Status.UNHEALTHY, problem)
        findings.judge(self._latency, total_us)
        findings.add(*self._expiry.judge(visit.first_ending))
        return findings

    def _request(self, values: Mapping[str, str]) -> Request:
        settings = self._settings
        secret_headers = self._header_secrets.read()
        headers = {name: fill(text, values) for name, text in (settings.headers | secret_headers).items()}
        secret_body = self._body_secret.read()
        body = secret_body.get("body", settings.body)
        self._secrets = [*_secret_parts(headers), *values.values()]
        for text in secret_body.values():
            self._secrets += body_parts(text)
        for name, value in headers.items():
            if any((c < " " and c != "\t") or c == "\x7f" for c in value):
                raise CheckerFailed(f"header {name}: its value holds a line break or a control character")
        address = self._address
        if values:
            try:
                address = _address(fill(settings.url, values, lambda value: quote(value, safe="")))
            except ConfigurationError as error:
                raise CheckerFailed(self.shown(str(error))) from None
        self._secrets += query_parts(address.target.partition("?")[2])
        return Request(address, settings.method, headers, fill(body, values).encode())

    def _route(self, address: Address, at_home: bool) -> Route:
        tls = self._home_tls if at_home else self._foreign_tls
        try:
            context = tls.context() if address.secure else None
        except ConfigurationError as error:
            raise CheckerFailed(str(error)) from None
        settings = self._settings
        return Route(context, settings.ip_version, settings.http_version == "2", self._proxy)

    def _read_proxy(self) -> None:
        url = self._proxy_secret.read().get("proxy_url", self._settings.proxy_url)
        try:
            self._proxy = Proxy.parse(url) if url else None
        except ConfigurationError as error:
            raise CheckerFailed(str(error)) from None

    def shown(self, text: str) -> str:
        """The text without the secrets of the last look."""
        return hidden(text, self._secrets)


def _address(url: str) -> Address:
    try:
        if any(not c.isprintable() or c == " " for c in url):
            raise ValueError("a URL holds no blanks, line breaks or control characters")
        return Address.parse(url)
    except ValueError as error:
        raise ConfigurationError(f"url {error}; a login belongs into headers") from None


def _check(settings: RequestSettings) -> None:
    """Raises ConfigurationError with all that is wrong whatever the address."""
    mistakes = Mistakes()
    for secrets in (settings.header_secrets(), settings.body_secret(), settings.proxy_secret()):
        with mistakes.noted():
            secrets.check()
    for demand in (_demand_method, _demand_headers, _demand_redirects, _demand_body, _demand_proxy):
        with mistakes.noted():
            demand(settings)
    mistakes.demand_none()


def _demand_method(settings: RequestSettings) -> None:
    if not _TOKEN.fullmatch(settings.method):
        raise ConfigurationError(f"method {settings.method!r} is not an HTTP method")


def _demand_headers(settings: RequestSettings) -> None:
    mistakes = Mistakes()
    for key in ("headers", "headers_env", "headers_file"):
        for name, value in getattr(settings, key).items():
            with mistakes.noted():
                if not _TOKEN.fullmatch(name) or any(c in str(value) for c in "\r\n"):
                    raise ConfigurationError(f"{key}: {name!r} is not a valid header")
                if name.lower() in _OURS:
                    raise ConfigurationError(f"{key}: {name!r} is for the agent to set")
    mistakes.demand_none()


def _demand_redirects(settings: RequestSettings) -> None:
    if not 0 <= settings.max_redirects <= MOST_REDIRECTS:
        raise ConfigurationError(f"max_redirects must be 0 to {MOST_REDIRECTS}")


def _demand_body(settings: RequestSettings) -> None:
    if len(settings.body) > MAX_BODY_BYTES:
        raise ConfigurationError(f"body may have {MAX_BODY_BYTES} characters")
    _demand_one(settings, "body", "body_env", "body_file")


def _demand_proxy(settings: RequestSettings) -> None:
    _demand_one(settings, *_PROXIES)


def _demand_one(settings: RequestSettings, *keys: str) -> None:
    given = [key for key in keys if getattr(settings, key)]
    if len(given) > 1:
        raise ConfigurationError(f"give only one of {', '.join(given)}")


def _check_way(settings: RequestSettings, address: Address) -> None:
    if not (address.secure or settings.max_redirects):
        for key in ("ca_file", "client_certificate_file"):
            if getattr(settings, key) is not None:
                raise ConfigurationError(f"{key} belongs to an https:// url")
    if settings.http_version == "2" and not address.secure and any(getattr(settings, k) for k in _PROXIES):
        raise ConfigurationError("http_version 2 through a proxy needs an https:// url")


def _tls(settings: RequestSettings) -> tuple[TlsOptions, TlsOptions]:
    """For the configured origin, and for others: a client certificate is shown to the former alone."""
    alpn = "h2" if settings.http_version == "2" else ""
    foreign = TlsOptions(settings.verify_tls, settings.ca_file, alpn=alpn)
    home = replace(
        foreign, certificate_file=settings.client_certificate_file, key_file=settings.client_key_file
    )
    if settings.url.startswith("https:") or settings.max_redirects:
        home.context()
    return home, foreign


def _secret_parts(headers: Mapping[str, str]) -> list[str]:
    values = [value for name, value in headers.items() if name.lower() not in _OPEN_HEADERS]
    return [part for value in values for part in header_parts(value)]


def _metrics(visit: Visit) -> dict[str, float]:
    metrics: dict[str, float] = {f"{phase}_ms": OwnTime(us / 1000) for phase, us in visit.phases_us.items()}
    if visit.answer.status:
        metrics["http_status"] = float(visit.answer.status)
        metrics["body_bytes"] = float(len(visit.answer.body))
    if visit.redirects:
        metrics["redirects"] = float(visit.redirects)
    if (ends := visit.first_ending) is not None:
        metrics["certificate_days_left"] = ends.days
    return metrics
