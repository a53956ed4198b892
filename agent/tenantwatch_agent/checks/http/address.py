"""Where a request goes, taken out of a URL once and compared by origin."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from tenantwatch_agent.checks.base import without_secrets
from tenantwatch_agent.checks.names import in_ascii

MAX_URL_LENGTH = 8_192

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """``target`` is path and query, ready to be sent."""

    scheme: str
    host: str
    port: int
    target: str

    @classmethod
    def parse(cls, url: str) -> Address:
        """Raises ValueError without quoting what may be secret in it."""
        if len(url) > MAX_URL_LENGTH:
            raise ValueError(f"a URL may have {MAX_URL_LENGTH} characters")
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
            good = parts.scheme in _PORTS and host and parts.username is None and port != 0
        except ValueError:
            good = False
        if not good:
            raise ValueError(
                f"{without_secrets(url)!r} is not valid: write http://HOST[:PORT]/PATH or https://..."
            )
        query = f"?{parts.query}" if parts.query else ""
        return cls(
            parts.scheme, _ascii(host), port or _PORTS[parts.scheme], _sendable((parts.path or "/") + query)
        )

    @property
    def secure(self) -> bool:
        return self.scheme == "https"

    @property
    def origin(self) -> tuple[str, str, int]:
        """Credentials for one are for no other."""
        return self.scheme, self.host, self.port

    @property
    def host_and_port(self) -> str:
        return f"{self._bracketed}:{self.port}"

    @property
    def authority(self) -> str:
        """What the Host header says: the port only if it is not the usual one."""
        return self._bracketed if self.port == _PORTS[self.scheme] else self.host_and_port

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"

    @property
    def _bracketed(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    def join(self, location: str) -> Address:
        """Where a redirect from here leads. Raises ValueError."""
        return Address.parse(urljoin(self.url, location.strip()))


def _ascii(host: str) -> str:
    try:
        return _checked(in_ascii(host))
    except UnicodeError:
        raise ValueError("its host is not a valid name") from None


def _checked(host: str) -> str:
    if any(not "!" <= c <= "~" for c in host):
        raise ValueError("its host is not a valid name")
    return host


def _sendable(target: str) -> str:
    """Blanks, control and other characters that a request line cannot hold are percent-encoded."""
    return "".join(c if "!" <= c <= "~" else quote(c) for c in target)
