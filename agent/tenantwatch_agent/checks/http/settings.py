"""The keys of one HTTP request, its way and what is expected of its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tenantwatch_agent.checks.http.dial import IpVersion
from tenantwatch_agent.checks.secrets import Secrets


@dataclass(frozen=True, slots=True)
class RequestSettings:
    """Keys of ``[[checks]]`` with kind http_endpoint, and of every step of external_apis."""

    url: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    headers_env: dict[str, str] = field(default_factory=dict)
    headers_file: dict[str, Path] = field(default_factory=dict)
    body: str = ""
    body_env: str = ""
    body_file: Path | None = None
    max_redirects: int = 0
    expect_status: tuple[str, ...] = ("200-399",)
    expect_body_contains: str | None = None
    expect_body_matches: str | None = None
    expect_json: tuple[str, ...] = ()
    expect_headers: tuple[str, ...] = ()
    degraded_after_ms: float | None = None
    unhealthy_after_ms: float | None = None
    verify_tls: bool = True
    ca_file: Path | None = None
    client_certificate_file: Path | None = None
    client_key_file: Path | None = None
    certificate_warning_days: float = 14.0
    certificate_error_days: float = 3.0
    http_version: Literal["1.1", "2"] = "1.1"
    ip_version: IpVersion = "any"
    proxy_url: str = ""
    proxy_url_env: str = ""
    proxy_url_file: Path | None = None

    def header_secrets(self) -> Secrets:
        return Secrets("headers", self.headers_env, self.headers_file)

    def body_secret(self) -> Secrets:
        return _one("body", self.body_env, self.body_file)

    def proxy_secret(self) -> Secrets:
        return _one("proxy_url", self.proxy_url_env, self.proxy_url_file)


def _one(key: str, variable: str, path: Path | None) -> Secrets:
    variables: Mapping[str, str] = {key: variable} if variable else {}
    files: Mapping[str, Path] = {key: path} if path is not None else {}
    return Secrets(key, variables, files)
