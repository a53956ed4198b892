"""`tls_certificate`: how long the certificate of a TLS service is good for, and what is wrong with it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from tenantwatch_wire.records import Status

from tenantwatch_agent.checks import names
from tenantwatch_agent.checks.base import Latency, Outcome, OwnTime
from tenantwatch_agent.checks.findings import Findings, since_us
from tenantwatch_agent.checks.http import dial, tls
from tenantwatch_agent.checks.http.certificate import Chain
from tenantwatch_agent.checks.http.expiry import Expiry, first_ending
from tenantwatch_agent.checks.http.failure import CertificateRefused, ProbeFailed
from tenantwatch_agent.errors import CheckerFailed, ConfigurationError


@dataclass(frozen=True, slots=True)
class Settings:
    """Keys of ``[[checks]]`` with kind tls_certificate; ``server_name`` is asked for and must be in it."""

    address: str
    server_name: str = ""
    ca_file: Path | None = None
    client_certificate_file: Path | None = None
    client_key_file: Path | None = None
    certificate_warning_days: float = 14.0
    certificate_error_days: float = 3.0
    ip_version: dial.IpVersion = "any"
    degraded_after_ms: float | None = None
    unhealthy_after_ms: float | None = None


class TlsCertificate:
    """Shakes hands and says nothing; the days are told also where the handshake is refused."""

    def __init__(self, settings: Settings) -> None:
        self._host, self._port = _host_and_port(settings.address)
        self._settings = settings
        try:
            self._name = names.for_certificate(settings.server_name or self._host)
        except ValueError as error:
            raise ConfigurationError(f"server_name or address is not a valid name: {error}") from None
        self._tls = tls.TlsOptions(
            True, settings.ca_file, settings.client_certificate_file, settings.client_key_file
        )
        self._tls.context()
        self._expiry = Expiry(settings.certificate_warning_days, settings.certificate_error_days)
        self._latency = Latency(settings.degraded_after_ms, settings.unhealthy_after_ms)
        self.target = f"tls://{settings.address}"
        self.phase = "start"

    async def look(self) -> Outcome:
        metrics: dict[str, float] = {}
        started = time.perf_counter()
        try:
            chain = await self._shake_hands(metrics)
        except CertificateRefused as error:
            if (ends := first_ending(error.chain)) is not None:
                metrics["certificate_days_left"] = ends.days
            return Outcome(Status.UNHEALTHY, str(error), None, metrics)
        except ProbeFailed as error:
            return Outcome(Status.UNHEALTHY, str(error), None, metrics)
        total_us = since_us(started)
        ends = first_ending(chain)
        if ends is None:
            raise CheckerFailed("the certificate's dates cannot be read")
        metrics["certificate_days_left"] = ends.days
        findings = Findings()
        findings.add(*self._expiry.judge(ends))
        findings.judge(self._latency, total_us)
        return findings.outcome(f"good for {ends.days:.0f} days", total_us, metrics)

    async def _shake_hands(self, metrics: dict[str, float]) -> Chain:
        try:
            context = self._tls.context()
        except ConfigurationError as error:
            raise CheckerFailed(str(error)) from None
        started = self._enter("dns")
        places = await dial.resolve(self._host, self._port, self._settings.ip_version)
        metrics["dns_ms"] = OwnTime(since_us(started) / 1000)
        started = self._enter("connect")
        transport, early = await dial.connect(places)
        metrics["connect_ms"] = OwnTime(since_us(started) / 1000)
        try:
            started = self._enter("tls")
            transport = await tls.start_tls(transport, early, context, self._name)
            metrics["tls_ms"] = OwnTime(since_us(started) / 1000)
            return tls.shown_chain(transport)
        finally:
            transport.abort()

    def _enter(self, phase: str) -> float:
        self.phase = phase
        return time.perf_counter()


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or len(port) > 5 or not 0 < int(port) < 65_536:
        raise ConfigurationError(f"address {address!r}: write HOST:PORT")
    return host.strip("[]"), int(port)
