"""A shop's interface, walked through step by step, and status pages of vendors."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tenantwatch_agent.errors import ConfigurationError
from tenantwatch_wire.records import Result, Status

from tests.agent.checks.looking import given_up
from tests.agent.checks.web import checked, says, serving
from tests.fakes.http1 import HttpServer, Request, Response
from tests.ports import stable_port

ON_UVLOOP = True
PASSWORD = "hunter2-never-shown"
TOKEN = "eyJ-session-token-never-shown"


class Shop(HttpServer):
    """Log in, order, read the order back, cancel it; demands what it gave out before."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Request] = []
        self.broken_at = ""

    async def answer(self, request: Request) -> Response:
        self.requests.append(request)
        path = request.path.partition("?")[0]
        if path == self.broken_at:
            return Response(500, f'{{"error": "no luck with {TOKEN}"}}'.encode())
        if path == "/login":
            good = json.loads(request.body) == {"user": "probe", "password": PASSWORD}
            return Response(200 if good else 401, json.dumps({"session": {"token": TOKEN}, "n": 7}).encode())
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Response(401)
        if path == "/orders":
            return Response(201, b'<a href="/orders/ab%20/1">order: AB / 1</a>')
        return Response(200, json.dumps({"state": "open", "id": path.rpartition("/")[2]}).encode())


def walk(shop: Shop, **login: Any) -> dict[str, Any]:
    bearer = {"authorization": "Bearer {token}"}
    return {
        "secrets_env": {"password": "SHOP_PASSWORD"},
        "steps": [
            {
                "name": "login",
                "url": f"{shop.url}/login",
                "method": "POST",
                "body": '{"user": "probe", "password": "{password}"}',
                "extract": {"token": "$.session.token", "number": "$.n"},
                **login,
            },
            {
                "name": "order",
                "url": f"{shop.url}/orders?n={{number}}",
                "method": "POST",
                "headers": bearer,
                "expect_status": ["201"],
                "extract": {"order_id": "regex order: ([A-Z /0-9]+)", "kind": "header content-type"},
            },
            {
                "name": "read",
                "url": f"{shop.url}/orders/{{order_id}}",
                "headers": {**bearer, "x-kind": "{kind}"},
                "expect_json": ['$.state == "open"'],
            },
        ],
    }


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)


async def test_values_are_carried_from_step_to_step() -> None:
    async with Shop() as shop:
        result = await checked("external_apis", **walk(shop))
    assert (result.status, result.text) == (Status.HEALTHY, "3 steps")
    asked = [f"{request.method} {request.path}" for request in shop.requests]
    assert asked == ["POST /login", "POST /orders?n=7", "GET /orders/AB%20%2F%201"]
    assert shop.requests[2].headers["x-kind"] == "text/plain"
    names = {"login_ms", "order_ms", "read_ms", "login_first_byte_ms", "read_http_status"}
    assert names <= result.metrics.keys()
    assert result.latency_us is not None
    total_ms = sum(result.metrics[f"{name}_ms"] for name in ("login", "order", "read"))
    assert result.latency_us / 1000 == pytest.approx(total_ms)


async def test_it_ends_at_the_step_that_fails_and_shows_no_secret() -> None:
    async with Shop() as shop:
        shop.broken_at = "/orders"
        settings = walk(shop)
        settings["steps"][1]["expect_status"] = ["500"]
        settings["steps"][1]["expect_json"] = ["$.error == 1"]
        result = await checked("external_apis", **settings)
    assert result.status is Status.UNHEALTHY
    assert result.text == 'order: $.error == 1: it is "no luck with ***"'
    assert len(shop.requests) == 2


async def test_a_value_that_is_not_there_is_told() -> None:
    async with Shop() as shop:
        for extract, text in (
            ({"token": "$.session.key"}, "login: its answer holds no $.session.key"),
            ({"token": "$.session"}, "login: $.session is neither a text nor a number"),
            ({"token": "header x-token"}, "login: its answer holds no header x-token"),
            ({"token": "regex token=([a-z]+)"}, "login: its answer holds no regex token=([a-z]+)"),
        ):
            result = await checked("external_apis", **walk(shop, extract={**extract, "number": "$.n"}))
            assert (result.status, result.text) == (Status.UNHEALTHY, text)


async def test_a_wrong_password_is_the_steps_failure_and_a_missing_one_is_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Shop() as shop:
        monkeypatch.setenv("SHOP_PASSWORD", "wrong-password")
        result = await checked("external_apis", **walk(shop))
        assert (result.status, result.text) == (Status.UNHEALTHY, "login: HTTP 401, expected 200-399")
        monkeypatch.delenv("SHOP_PASSWORD")
        with pytest.raises(ConfigurationError, match="the environment variable SHOP_PASSWORD is not set"):
            await checked("external_apis", **walk(shop))


async def test_a_slow_step_and_a_slow_whole_are_degraded() -> None:
    async with Shop() as shop:
        result = await checked("external_apis", **walk(shop, degraded_after_ms=0.001))
        assert (result.status, result.text.startswith("login: took ")) == (Status.DEGRADED, True)
        assert len(shop.requests) == 3
        result = await checked("external_apis", **walk(shop), unhealthy_after_ms=0.001)
        assert (result.status, result.text.startswith("took ")) == (Status.UNHEALTHY, True)


async def test_a_timeout_names_step_and_phase() -> None:
    class Mute(Shop):
        async def answer(self, request: Request) -> Response:
            if request.path != "/login":
                await asyncio.Event().wait()
            return await super().answer(request)

    async with Mute() as shop:
        settings = walk(shop)
        await given_up(lambda ms: checked("external_apis", ms, **settings), "order: first_byte")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": []}, "give either"),
        ({"status_page": {"url": "http://a/"}}, "give either"),
        ({"steps": [{"name": "a", "url": "http://a/{who}"}]}, r"steps number 1 \(a\): url: {who} is neither"),
        (
            {"steps": [{"name": "a", "url": "http://a/", "headers": {"x": "{who}"}}]},
            "headers: {who} is neither",
        ),
        ({"steps": [{"url": "http://a/"}]}, "without name.*: name must be unique"),
        ({"steps": [{"name": "a", "url": "http://a/"}] * 2}, "number 2 .*: name must be unique"),
        ({"steps": [{"name": "a", "url": "http://a/"}] * 21}, "steps may be 20 at most"),
        (
            {"steps": [{"name": "a", "url": "http://a/", "extract": {"X": "$.a"}}]},
            "extract: 'X' must be of a-z",
        ),
        (
            {"steps": [{"name": "a", "url": "http://a/", "extract": {"x": "a.b"}}]},
            "extract.x: 'a.b' is none of",
        ),
        ({"steps": [{"name": "a", "url": "http://a/", "extract": {"x": "$a"}}]}, "extract.x: .* is no path"),
        ({"steps": [{"name": "a", "url": "ftp://a/"}]}, r"steps number 1 \(a\): url "),
        ({"steps": [{"name": "a", "urk": "http://a/"}]}, "steps number 1: unknown key 'urk'"),
        (
            {"steps": [], "status_page": {"url": "http://a/", "degraded_after_ms": 1}},
            "status_page: degraded_after_ms: how fast the page is",
        ),
        ({"secrets_file": {"password": "/no/such"}}, "secrets_env and secrets_file both give password"),
        ({"secrets_file": {"key": "/no/such"}}, "secrets_file /no/such: No such file"),
        ({"secrets_env": {"A-B": "PATH"}}, "secrets: 'A-B' must be of a-z"),
    ],
)
async def test_settings_that_cannot_work_are_refused(change: dict[str, Any], message: str) -> None:
    settings = {"steps": [{"name": "a", "url": "http://a/"}], "secrets_env": {"password": "PATH"}, **change}
    with pytest.raises(ConfigurationError, match=message):
        await checked("external_apis", **settings)


def summary(indicator: str, *components: tuple[str, str], incident: str = "") -> bytes:
    """As statuspage.io documents it."""
    return json.dumps(
        {
            "page": {"id": "kctbh9vrtdwd", "name": "Vendor", "url": "https://status.example"},
            "status": {"indicator": indicator, "description": f"description of {indicator}"},
            "components": [
                {"id": name, "name": name, "status": status, "group": False} for name, status in components
            ],
            "incidents": [{"name": incident, "status": "investigating", "impact": "minor"}]
            if incident
            else [],
            "scheduled_maintenances": [],
        }
    ).encode()


class Page(HttpServer):
    def __init__(self, body: bytes, status: int = 200) -> None:
        super().__init__()
        self.body, self.status = body, status
        self.paths: list[str] = []

    async def answer(self, request: Request) -> Response:
        self.paths.append(request.path)
        return Response(self.status, self.body, "application/json")


async def read(body: bytes, status: int = 200, **settings: Any) -> Result:
    async with Page(body, status) as page:
        result = await checked("external_apis", status_page={"url": page.url, **settings})
        assert page.paths == ["/api/v2/summary.json"]
    return result


@pytest.mark.parametrize(
    ("indicator", "status"),
    [
        ("none", Status.HEALTHY),
        ("minor", Status.DEGRADED),
        ("maintenance", Status.DEGRADED),
        ("major", Status.UNHEALTHY),
        ("critical", Status.UNHEALTHY),
    ],
)
async def test_a_status_page_is_believed(indicator: str, status: Status) -> None:
    result = await read(summary(indicator, incident="queues are slow" if status else ""))
    assert (result.status, result.latency_us) == (status, None)
    assert "first_byte_ms" in result.metrics
    expected = (
        f"description of {indicator} ({indicator}): queues are slow" if status else "all systems operational"
    )
    assert result.text == expected


async def test_of_components_with_one_name_the_worst_counts_and_a_group_tells_them_apart() -> None:
    page = json.loads(summary("major"))
    page["components"] = [
        {"id": "1", "name": "Europe", "status": "major_outage", "group": True, "group_id": None},
        {"id": "2", "name": "America", "status": "operational", "group": True, "group_id": None},
        {"id": "3", "name": "API", "status": "major_outage", "group": False, "group_id": "1"},
        {"id": "4", "name": "API", "status": "operational", "group": False, "group_id": "2"},
    ]
    body = json.dumps(page).encode()
    result = await read(body, components=["API"])
    assert (result.status, result.text) == (Status.UNHEALTHY, "API: major outage")
    assert (await read(body, components=["America / API"])).status is Status.HEALTHY
    assert (await read(body, components=["Europe / API"])).status is Status.UNHEALTHY


async def test_named_components_alone_count() -> None:
    page = summary(
        "critical", ("API", "operational"), ("Mail", "partial_outage"), ("Web", "degraded_performance")
    )
    assert (await read(page, components=["API"])).status is Status.HEALTHY
    result = await read(page, components=["API", "Web"])
    assert (result.status, result.text) == (Status.DEGRADED, "Web: degraded performance")
    result = await read(page, components=["Web", "Mail"])
    assert (result.status, result.text) == (
        Status.UNHEALTHY,
        "Mail: partial outage; Web: degraded performance",
    )
    result = await read(page, components=["Api"])
    assert result.status is Status.UNKNOWN
    assert result.text == "the status page knows no component 'Api'; it has API, Mail, Web"


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        (b"<html>", 200, "not JSON|line 1"),
        (b"{}", 200, "not the format of statuspage.io"),
        (b'{"status": []}', 200, "not the format of statuspage.io"),
        (b'{"status": {"indicator": "odd", "description": ""}}', 200, "not the format of statuspage.io"),
        (b"", 503, "HTTP 503"),
    ],
)
async def test_a_page_that_cannot_be_read_says_nothing_about_the_vendor(
    body: bytes, status: int, text: str
) -> None:
    result = await read(body, status)
    assert result.status is Status.UNKNOWN
    assert result.text.startswith("the status page cannot be read: ")
    assert any(part in result.text for part in text.split("|"))


async def test_a_page_that_is_not_there_and_one_with_a_path(tmp_path: Path) -> None:
    result = await checked("external_apis", status_page={"url": f"http://127.0.0.1:{stable_port()}"})
    assert result.status is Status.UNKNOWN
    async with Page(summary("none")) as page:
        result = await checked("external_apis", status_page={"url": f"{page.url}/own/status.json"})
        assert (result.status, page.paths) == (Status.HEALTHY, ["/own/status.json"])


async def test_a_status_page_that_quotes_its_login_does_not_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "".join(f"{number:04}-" for number in range(100))
    monkeypatch.setenv("TOKEN", f"Bearer {secret}")
    page = {
        "status": {"indicator": "major", "description": f"for {secret}"},
        "components": [{"name": secret, "status": "operational"}],
    }
    body = json.dumps(page).encode()
    said = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    async with serving(says(said)) as url:
        settings = {"url": url, "headers_env": {"authorization": "TOKEN"}}
        whole = await checked("external_apis", status_page=settings)
        part = await checked("external_apis", status_page=settings | {"components": ["API"]})
    assert whole.text == "for *** (major)"
    assert part.text.endswith("knows no component 'API'; it has ***")
