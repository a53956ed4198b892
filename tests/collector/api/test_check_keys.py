"""What no agent could take is refused where it is assigned, in the agents' words."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from tenantwatch_collector.api.check_keys import problems
from tenantwatch_wire.records import CHECK_KINDS

from tests.check_keys import FILE, written

EXAMPLE = Path(__file__).parents[3] / "deploy" / "examples" / "agent.toml"


def test_what_is_written_down_is_what_agents_take() -> None:
    assert FILE.read_text() == written(), "run make check-keys and commit what it wrote"
    assert all(f'"{kind}": ' in written() for kind in CHECK_KINDS)


@pytest.mark.parametrize(
    "check", tomllib.loads(EXAMPLE.read_text())["checks"], ids=lambda check: str(check["id"])
)
def test_every_check_of_the_example_may_be_assigned(check: dict[str, Any]) -> None:
    kind = check["kind"]
    assert problems(kind, {key: value for key, value in check.items() if key not in ("id", "kind")}) == []


@pytest.mark.parametrize(
    ("kind", "check", "wrong"),
    [
        ("http_endpoint", {}, ["url is missing"]),
        (
            "http_endpoint",
            {"url": 1, "retries": "2", "metod": "GET"},
            [
                "url should be a valid string",
                "retries should be a valid integer",
                "unknown key 'metod'; did you mean 'method'?",
            ],
        ),
        ("http_endpoint", {"url": "ftp://a"}, ["url: write http://HOST or https://HOST"]),
        ("http_endpoint", {"url": "http://[a"}, ["url: write http://HOST or https://HOST"]),
        ("http_endpoint", {"url": "http://a", "ip_version": "5"}, ["ip_version should be 'any', '4' or '6'"]),
        ("http_endpoint", {"url": "http://a", "interval_seconds": 0}, ["interval_seconds must be 0.1 to"]),
        ("http_endpoint", {"url": "http://a", "critical": 1}, ["critical should be a valid boolean"]),
        ("redis_connectivity", {"url": "http://a"}, ["url: write redis://HOST or rediss://HOST"]),
        ("tcp_connection", {"address": "a"}, ["address: write HOST:PORT"]),
        ("tcp_connection", {"address": "a:65536"}, ["address: write HOST:PORT"]),
        ("tls_certificate", {"address": "https://a:443"}, ["address: write HOST:PORT"]),
        (
            "tcp_connection",
            {"address": "a:1", "degraded_after_ms": 9, "unhealthy_after_ms": 8.5},
            ["degraded_after_ms must be at most unhealthy_after_ms"],
        ),
        (
            "external_apis",
            {"steps": [{"name": "a", "url": "{b}/x"}, {"name": "b", "urk": "http://a", "headers": {"c": 1}}]},
            [
                "steps number 2: url is missing",
                "steps number 2: headers: c should be a valid string",
                "steps number 2: unknown key 'urk'; did you mean 'url'?",
            ],
        ),
        ("external_apis", {"steps": [{"name": "a", "url": "a"}]}, ["steps number 1: url: write http://"]),
    ],
)  # fmt: skip
def test_refused(kind: str, check: dict[str, Any], wrong: list[str]) -> None:
    found = problems(kind, check)
    assert len(found) == len(wrong), found
    assert all(any(one.startswith(expected) for one in found) for expected in wrong), found


def test_an_address_with_a_port_is_one() -> None:
    for address in ("a.example.org:443", "[::1]:5432", "10.0.0.1:1"):
        assert problems("tcp_connection", {"address": address}) == []
