"""Where checks that the collector assigned may look: every address is held against it when it is dialled.

Names are judged by what they resolve to at that moment, so neither a redirect nor a name that changes its
address leads elsewhere. Checks of the agent's own files are not limited.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass

from tenantwatch_agent.errors import CheckerFailed

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_DISCARD_PORT = 9
_LOCALHOST = ("127.0.0.0/8", "::1/128")
# This machine, and where clouds hand out credentials to whoever asks from it.
_CLOSED = [
    ipaddress.ip_network(network)
    for network in (
        *_LOCALHOST,
        *("0.0.0.0/8", "::/128"),
        *("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "100.100.100.200/32", "192.0.0.192/32"),
    )
]


@dataclass(frozen=True, slots=True)
class Reach:
    """Names, ``*.`` for all below a name, and networks. None of them: everything but what is closed."""

    names: tuple[str, ...] = ()
    networks: tuple[_Network, ...] = ()

    @classmethod
    def of(cls, hosts: Sequence[str]) -> Reach:
        """Raises ValueError for what is neither a name nor a network."""
        names: list[str] = []
        networks: list[_Network] = []
        for host in hosts:
            if host.lower() == "localhost":
                networks += map(ipaddress.ip_network, _LOCALHOST)
            elif (network := _network(host)) is not None:
                networks.append(network)
            else:
                names.append(_name(host))
        return cls(tuple(names), tuple(networks))

    def reason_against(self, host: str, address: str) -> str:
        """Why an assigned check may not look there; empty where it may."""
        found = _address(address)
        if found is None:
            return f"{address} is no address"
        if any(found in network for network in self.networks):
            return ""
        if any(found in network for network in _CLOSED):
            return _reason(host, address)
        if self.names or self.networks:
            return "" if self._is_named(host) else _reason(host, address)
        return _reason(host, address) if _is_own(found) else ""

    def reason_against_written(self, host: str) -> str:
        """The same before anything is resolved: of a name only where no network could allow it later."""
        if self.networks and not _literal(host):
            return ""
        return self.reason_against_unresolved(host)

    def reason_against_unresolved(self, host: str) -> str:
        """The same where somebody else resolves it: a name has to be among the names."""
        if address := _literal(host):
            return self.reason_against(host, address)
        is_allowed = self._is_named(host) or not (self.names or self.networks)
        return "" if is_allowed else _reason(host, "")

    def _is_named(self, host: str) -> bool:
        name = host.lower().removesuffix(".")
        return any(name.endswith(one[1:]) if one.startswith("*.") else name == one for one in self.names)


_bound: ContextVar[Reach | None] = ContextVar("reach", default=None)


def bind(reach: Reach | None) -> None:
    """For the task that calls it and all that it starts."""
    _bound.set(reach)


def demand(host: str, address: str) -> None:
    """Raises CheckerFailed where this check may not look there."""
    reach = _bound.get()
    if reach is not None and (reason := reach.reason_against(host, address)):
        raise CheckerFailed(reason)


def demand_unresolved(host: str) -> None:
    """The same for what somebody else resolves, as a proxy does."""
    reach = _bound.get()
    if reach is not None and (reason := reach.reason_against_unresolved(host)):
        raise CheckerFailed(reason)


def _is_own(address: _Address) -> bool:
    """Whether it is one of this machine: only from those the kernel would answer them by themselves."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as unsent:
            unsent.connect((str(address), _DISCARD_PORT))
            return bool(unsent.getsockname()[0] == str(address))
    except OSError:
        return False


def _literal(host: str) -> str:
    """The address that is written there; empty for a name, which only its resolver knows."""
    if host.lower().removesuffix(".") == "localhost":
        return "127.0.0.1"
    return host if _address(host) is not None else ""


def _reason(host: str, address: str) -> str:
    shown = f"{host} ({address})" if address and host != address else host
    return (
        f"the collector's checks may not look at {shown}: [assignment] hosts of this agent does not name it"
    )


def _address(text: str) -> _Address | None:
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _network(text: str) -> _Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _name(text: str) -> str:
    name = text.lower().removesuffix(".")
    labels = name.removeprefix("*.").split(".")
    if not all(label and label.replace("-", "").replace("_", "").isalnum() for label in labels):
        raise ValueError(f"{text!r}: write a name, *.NAME, an address or a network as 10.0.0.0/8")
    return name
