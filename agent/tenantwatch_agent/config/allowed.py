"""What the collector may make this agent do: each assigned check is held against it, key by key.

What names something of this machine is refused unless ``[assignment] local_keys`` names the key: files,
programs and variables, and sockets and files that stand within an address.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tenantwatch_agent.config.checks import keys_of
from tenantwatch_agent.config.sections import AssignmentLimits
from tenantwatch_agent.errors import ConfigurationError

_LOCAL_ENDINGS = ("_file", "_env", "_files", "_path", "_paths", "_folder")
_LOCAL_KEYS = (
    "command",
    "arguments",
    "program",
    "entry_point",
    "environment",
    "secrets",
    "kubeconfig",
    "socket",
)
_DATABASES = ("postgresql", "postgres", "mysql", "mariadb", "redis", "rediss")
# Of what may follow the ? of a database's or cache's address, all that names neither file nor socket.
_HARMLESS = (
    "application_name",
    "channel_binding",
    "client_encoding",
    "client_name",
    "connect_timeout",
    "db",
    "dbname",
    "gssencmode",
    "host",
    "hostaddr",
    "keepalives",
    "options",
    "password",
    "port",
    "protocol",
    "require_auth",
    "ssl_cert_reqs",
    "ssl_check_hostname",
    "sslmode",
    "target_session_attrs",
    "user",
    "username",
)


_PLACES = ("address", "host", "proxy_url", "resolver", "server", "time_server", "url")
"""Keys whose texts say where to look; what they resolve to is judged when it is dialled."""


def demand_allowed(table: Mapping[str, Any], limits: AssignmentLimits) -> None:
    """Raises ConfigurationError unless this check may be assigned here. Reads and builds nothing."""
    if table.get("kind") not in limits.kinds:
        raise ConfigurationError(f"kind {table.get('kind')!r} is not among [assignment] kinds of this agent")
    reach = limits.reach
    for key, value in keys_of(table):
        if key in _PLACES:
            for host in filter(None, map(_host, _texts(value))):
                if reason := reach.reason_against_written(host):
                    raise ConfigurationError(f"{key}: {reason}")
        if _is_local(key) and key not in limits.local_keys:
            raise ConfigurationError(_named_here(key))
        for text in _texts(value):
            for part in _local_parts(text):
                if part not in limits.local_keys:
                    raise ConfigurationError(f"{key}: {_named_here(part)}")


def _host(text: str) -> str:
    """Of an address, HOST:PORT or HOST; empty where it cannot be said, or is still to be filled in."""
    text = text.strip()
    if "{" in text:
        return ""
    if "://" not in text and text.count(":") > 1 and not text.startswith("["):
        return text
    try:
        return urlsplit(text if "://" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""


def _named_here(key: str) -> str:
    return f"{key} names something of this machine: [assignment] local_keys of this agent does not allow it"


def _is_local(key: str) -> bool:
    return key in _LOCAL_KEYS or key.endswith(_LOCAL_ENDINGS)


def _texts(value: Any) -> Iterator[str]:
    """What stands behind a key itself; what is in tables is behind keys of its own."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str):
            yield one


def _local_parts(text: str) -> Iterator[str]:
    """By what keys an address of a database or cache reaches for something of this machine. Raises
    ConfigurationError where that cannot be said: what is not understood is not allowed."""
    scheme = text.strip().partition("://")[0].lower()
    if "://" not in text or scheme not in (*_DATABASES, "unix", "file"):
        return
    if scheme in ("unix", "file"):
        yield "socket" if scheme == "unix" else "file"
        return
    try:
        parts = urlsplit(text.strip())
        given = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        raise ConfigurationError("an address cannot be read, or has over 100 parts behind its ?") from None
    named = [value for name, value in given if name in ("host", "hostaddr")]
    authority = parts.netloc.rpartition("@")[2]
    hosts = [unquote(authority), *named] if authority or not named else named
    if any(not host or host.startswith((":", "/", "@")) for each in hosts for host in each.split(",")):
        yield "socket"
    yield from (name for name, _ in given if name not in _HARMLESS)
