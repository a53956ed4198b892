"""`dns_record`: whether a name has the records that it should have, asked of one resolver or the system's."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tenantwatch_wire.records import Status

from tenantwatch_agent.checks import names, reach
from tenantwatch_agent.checks.base import Latency, Outcome, missing_client, os_reason
from tenantwatch_agent.checks.findings import Findings, since_us
from tenantwatch_agent.errors import CheckerFailed, ConfigurationError

if TYPE_CHECKING:
    import dns.asyncresolver
    import dns.resolver

_NO_LIMIT_SECONDS = 3600.0
"""The look's timeout ends the question; until then it is repeated, as UDP may lose it."""
_REPEAT_SECONDS = 2.0
_MAX_SHOWN = 10
_PIECE = re.compile(r'"((?:[^"\\]|\\.)*)"')
_QUOTED = re.compile(rf"\s*{_PIECE.pattern}(?:\s+{_PIECE.pattern})*\s*")
_ESCAPED = re.compile(r"\\(\d{3}|.)")


@dataclass(frozen=True, slots=True)
class Settings:
    """Keys of ``[[checks]]`` with kind dns_record; all ``expect_values`` must be among the records."""

    name: str
    record_type: Literal["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"] = "A"
    expect_values: tuple[str, ...] = ()
    resolver: str = ""
    degraded_after_ms: float | None = None
    unhealthy_after_ms: float | None = None


class DnsRecord:
    """Asks over UDP, and again over TCP where the answer is too long for that."""

    def __init__(self, settings: Settings) -> None:
        if not settings.name or len(settings.name) > 253 or not settings.name.isprintable():
            raise ConfigurationError("name must be a domain name of 1 to 253 characters")
        try:
            self._name = names.in_ascii(settings.name)
        except ValueError as error:
            raise ConfigurationError(f"name {settings.name!r} is not a valid name: {error}") from None
        self._settings = settings
        self._server = _server(settings.resolver) if settings.resolver else None
        self._latency = Latency(settings.degraded_after_ms, settings.unhealthy_after_ms)
        at = f"//{settings.resolver}/" if settings.resolver else ""
        self.target = f"dns:{at}{settings.name}?type={settings.record_type}"  # as RFC 4501 writes it
        self.phase = "query"
        # Here and not in the first look, whose time it would be: 0.2 s in which nothing else runs.
        with contextlib.suppress(ImportError):
            from tenantwatch_agent.checks import dns_sockets  # noqa: F401

    async def look(self) -> Outcome:
        try:
            import dns.exception
            import dns.resolver
        except ImportError:
            raise missing_client("dnspython", "dns") from None
        started = time.perf_counter()
        try:
            answer = await self._ask()
        except dns.resolver.NXDOMAIN:
            return Outcome(Status.UNHEALTHY, "there is no such name (NXDOMAIN)", since_us(started))
        except dns.resolver.NoAnswer:
            text = f"the name has no {self._settings.record_type} record"
            return Outcome(Status.UNHEALTHY, text, since_us(started))
        except dns.resolver.NoNameservers as error:
            return Outcome(Status.UNHEALTHY, f"no resolver answers: {_reason(error)}")
        except OSError as error:
            return Outcome(Status.UNHEALTHY, f"query failed: {os_reason(error)}")
        except dns.exception.DNSException as error:
            return Outcome(Status.UNHEALTHY, f"query failed: {error}")
        return self._judge(answer, since_us(started))

    async def _ask(self) -> dns.resolver.Answer:
        import dns.asyncresolver
        import dns.exception
        import dns.name
        import dns.resolver

        from tenantwatch_agent.checks.dns_sockets import Sockets

        try:
            resolver = dns.asyncresolver.Resolver(configure=self._server is None)
            name = dns.name.from_text(self._name)
        except (dns.resolver.NoResolverConfiguration, dns.name.LabelTooLong, dns.name.EmptyLabel) as error:
            raise CheckerFailed(str(error)) from None
        if self._server is not None:
            reach.demand(self._server[0], self._server[0])
            resolver.nameservers, resolver.port = [self._server[0]], self._server[1]
        resolver.timeout, resolver.lifetime = _REPEAT_SECONDS, _NO_LIMIT_SECONDS
        return await resolver.resolve(name, self._settings.record_type, backend=Sockets())

    def _judge(self, answer: dns.resolver.Answer, total_us: int) -> Outcome:
        kind = self._settings.record_type
        found = [_text(record, kind) for record in answer]
        normal = {_normal(value, kind) for value in found}
        findings = Findings()
        missing = [value for value in self._settings.expect_values if not _forms(value, kind) & normal]
        if missing:
            findings.add(Status.UNHEALTHY, f"{_list(missing)} is missing; there is {_list(found)}")
        findings.judge(self._latency, total_us)
        metrics = {"records": float(len(found))}
        if answer.rrset is not None:
            metrics["ttl_seconds"] = float(answer.rrset.ttl)
        return findings.outcome(_list(found), total_us, metrics)


def _server(text: str) -> tuple[str, int]:
    """``ADDRESS``, ``IPV4:PORT`` or ``[IPV6]:PORT``."""
    bracketed = text.startswith("[")
    if not bracketed and text.count(":") > 1:
        host, port = text, ""
    else:
        host, _, port = text.removeprefix("[").partition("]" if bracketed else ":")
    port = port.removeprefix(":") or "53"
    try:
        address = str(ipaddress.ip_address(host))
    except ValueError:
        address = ""
    if not address or not port.isdecimal() or len(port) > 5 or not 0 < int(port) < 65_536:
        raise ConfigurationError(f"resolver {text!r}: write an IP address, or ADDRESS:PORT")
    return address, int(port)


def _text(record: Any, kind: str) -> str:
    if kind == "TXT":
        return b"".join(record.strings).decode("utf-8", "replace")
    text: str = record.to_text()
    return text


def _forms(value: str, kind: str) -> set[str]:
    """What a record may be to be the value; texts may be written in quotes, in pieces, as dig shows them."""
    forms = {_normal(value, kind)}
    if kind == "TXT" and _QUOTED.fullmatch(value):
        forms.add("".join(_ESCAPED.sub(_unescaped, piece) for piece in _PIECE.findall(value)))
    return forms


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1])) if match[1].isdecimal() and len(match[1]) == 3 else match[1]


def _normal(value: str, kind: str) -> str:
    """Names are compared without regard to case and to the last dot, addresses by what they mean."""
    if kind == "TXT":
        return value
    try:
        return str(ipaddress.ip_address(value.strip()))
    except ValueError:
        return " ".join(value.lower().split()).removesuffix(".")


def _list(values: Iterable[str]) -> str:
    values = list(values)
    more = f" and {len(values) - _MAX_SHOWN} more" if len(values) > _MAX_SHOWN else ""
    return ", ".join(value[:200] for value in values[:_MAX_SHOWN]) + more


def _reason(error: dns.resolver.NoNameservers) -> str:
    """Of the last one that was asked: an answer's code, or the system's words."""
    errors = error.kwargs.get("errors") or []
    reason = errors[-1][3] if errors else "there is none"
    if isinstance(reason, OSError):
        return os_reason(reason)
    return str(reason) or type(reason).__name__
