"""Who may see the pages, what they carry, and that nothing an agent says becomes HTML."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import httpx2
import pytest
from tenantwatch_collector.web.live import MAX_FIRST_ROWS
from tenantwatch_collector.web.sessions import LIFETIME_SECONDS, MAX_FAILURES_PER_MINUTE

from tests.collector.web.shown_board import HOME, TOKEN, ShownBoard, browsing

SIGN_IN, SIGN_OUT = "/admin/monitoring/sign-in", "/admin/monitoring/sign-out"
ATTACK = "\"'></main><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}\u202e"


def first_data(page: str) -> Any:
    found = re.search(r'data-first="([^"]*)"', page)
    assert found is not None
    return json.loads(html.unescape(found[1]))


def assert_guarded(answer: httpx2.Response) -> None:
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    # With "no-referrer" browsers would send `Origin: null` with the page's own forms.
    assert answer.headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("path", [HOME, "/admin/monitoring/tenants/northwind-0000"])
async def test_a_stranger_sees_the_sign_in_form_and_no_data(path: str) -> None:
    async with browsing(ShownBoard(), signed_in=False) as client:
        answer = await client.get(path)
        assert 'name="token"' in answer.text
        assert "make run" in answer.text
        assert "Northwind" not in answer.text
        assert_guarded(answer)
        assert (await client.get(f"{HOME}/events")).status_code == 401


@pytest.mark.parametrize("path", ["/", "/admin/monitoring", "/admin/monitoring/"])
async def test_the_bare_address_leads_to_the_dashboard(path: str) -> None:
    async with browsing(ShownBoard(), signed_in=False) as client:
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (307, HOME)


async def test_signing_in_sets_a_strict_cookie_and_shows_the_overview() -> None:
    board = ShownBoard()
    async with browsing(board, signed_in=False) as client:
        answer = await client.post(SIGN_IN, data={"token": f"  {TOKEN}\n"})
        assert (answer.status_code, answer.headers["location"]) == (303, HOME)
        cookie = answer.headers["set-cookie"]
        for wanted in (
            "tw_session=",
            "HttpOnly",
            "SameSite=strict",
            "Path=/admin",
            f"Max-Age={LIFETIME_SECONDS}",
        ):
            assert wanted in cookie
        assert "Secure" not in cookie
        page = await client.get(HOME)
        assert_guarded(page)
        assert page.headers["cache-control"] == "no-store"
        data = first_data(page.text)
        assert data["platform_health"]["total_tenants"] == 48
        assert data["platform_health"]["sla_compliance"] is None
        assert data["tenants"][0]["state"] == "unhealthy"
        assert "<script>" not in page.text
        assert not re.search(r"\son\w+=|style=", page.text)


async def test_behind_tls_the_cookie_is_secure() -> None:
    async with browsing(ShownBoard(), signed_in=False) as client:
        answer = await client.post(SIGN_IN, data={"token": TOKEN}, headers={"x-forwarded-proto": "https"})
        assert "Secure" in answer.headers["set-cookie"]


async def test_a_wrong_token_says_so_and_many_of_them_are_stopped() -> None:
    async with browsing(ShownBoard(), signed_in=False) as client:
        for _ in range(MAX_FAILURES_PER_MINUTE):
            answer = await client.post(SIGN_IN, data={"token": "tw_wrong"})
            assert answer.status_code == 401
            assert "unknown, revoked" in answer.text
            assert "tw_wrong" not in answer.text
        answer = await client.post(SIGN_IN, data={"token": TOKEN})
        assert answer.status_code == 429
        assert "Wait a minute" in answer.text
        assert_guarded(answer)


async def test_signing_in_leads_to_the_tenant_that_was_asked_for_and_nowhere_else() -> None:
    async with browsing(ShownBoard(), signed_in=False) as client:
        asked = await client.get("/admin/monitoring/tenants/northwind-0000")
        assert 'name="tenant" value="northwind-0000"' in asked.text
        for tenant, location in (
            ("northwind-0000", "/admin/monitoring/tenants/northwind-0000"),
            ("//evil.example", HOME),
            ("..%2f..", HOME),
        ):
            answer = await client.post(SIGN_IN, data={"token": TOKEN, "tenant": tenant})
            assert answer.headers["location"] == location


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}],
)
async def test_a_form_of_another_site_is_refused(headers: dict[str, str]) -> None:
    async with browsing(ShownBoard()) as client:
        for path in (SIGN_IN, SIGN_OUT):
            answer = await client.post(path, data={"token": TOKEN}, headers=headers)
            assert answer.status_code == 403
        assert "data-first" in (await client.get(HOME)).text


async def test_a_form_of_the_same_origin_is_served_and_signing_out_ends_the_session() -> None:
    board = ShownBoard()
    async with browsing(board) as client:
        session_id = client.cookies["tw_session"]
        own = f"{client.base_url.scheme}://{client.base_url.netloc.decode()}"
        answer = await client.post(SIGN_OUT, headers={"origin": own, "sec-fetch-site": "same-origin"})
        assert answer.status_code == 303
        assert await board.session(session_id) is None
        assert 'name="token"' in (await client.get(HOME, headers={"cookie": f"tw_session={session_id}"})).text


async def test_an_oversized_form_is_not_read() -> None:
    async with browsing(ShownBoard(), signed_in=False) as client:
        assert (await client.post(SIGN_IN, data={"token": "x" * 5_000})).status_code == 413
        many = "&".join(f"f{i}=1" for i in range(20))
        form = {"content-type": "application/x-www-form-urlencoded"}
        assert (await client.post(SIGN_IN, content=many, headers=form)).status_code == 400


async def test_a_link_from_another_site_asks_again_so_that_the_strict_cookie_comes() -> None:
    async with browsing(ShownBoard(), signed_in=False) as client:
        answer = await client.get(HOME, headers={"sec-fetch-site": "cross-site"})
        assert 'http-equiv="refresh"' in answer.text
        assert 'name="token"' not in answer.text


async def test_what_agents_and_tenants_say_stays_text() -> None:
    board = ShownBoard()
    board.tenants[0]["tenant_name"] = ATTACK
    board.checks[0]["text"] = board.checks[0]["target"] = board.alerts[0]["message"] = ATTACK
    board.checks[1]["response_time"] = float("nan")
    async with browsing(board) as client:
        for path in (HOME, f"/admin/monitoring/tenants/{board.tenants[0]['tenant_id']}"):
            page = (await client.get(path)).text
            assert "<script>alert" not in page
            assert "<img src=x" not in page
            assert ATTACK in json.dumps(first_data(page), ensure_ascii=False).replace('\\"', '"')
        missing = await client.get("/admin/monitoring/tenants/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
        assert "<script>alert" not in missing.text


async def test_a_tenants_page_carries_its_checks_and_an_unknown_one_is_not_found() -> None:
    board = ShownBoard()
    async with browsing(board) as client:
        page = await client.get(f"/admin/monitoring/tenants/{board.tenants[0]['tenant_id']}")
        data = first_data(page.text)
        assert data["checks"][1]["target"] == "postgresql://orders.internal/orders"
        assert data["resource_usage"]["cpu_percent"] == 37.2
        missing = await client.get("/admin/monitoring/tenants/nobody")
        assert missing.status_code == 404
        assert "No such tenant" in missing.text
        assert_guarded(missing)


async def test_of_five_thousand_tenants_the_first_page_carries_the_worst_200() -> None:
    board = ShownBoard({"healthy": 4_900, "degraded": 60, "unknown": 30, "unhealthy": 10})
    board.tenants.reverse()
    async with browsing(board) as client:
        page = await client.get(HOME)
        data = first_data(page.text)
        assert data["platform_health"]["total_tenants"] == 5_000
        states = [tenant["state"] for tenant in data["tenants"]]
        assert len(states) == MAX_FIRST_ROWS
        assert states[:100] == ["unhealthy"] * 10 + ["degraded"] * 60 + ["unknown"] * 30
        assert len(page.content) < 250_000


async def test_files_are_served_with_their_kind_and_only_when_they_changed() -> None:
    async with browsing(ShownBoard(), signed_in=False) as client:
        for name, kind in (
            ("dashboard.js", "text/javascript"),
            ("style.css", "text/css"),
            ("icon.svg", "image/svg+xml"),
        ):
            answer = await client.get(f"/admin/monitoring/static/{name}")
            assert answer.headers["content-type"].startswith(kind)
            assert_guarded(answer)
            again = await client.get(
                f"/admin/monitoring/static/{name}", headers={"if-none-match": answer.headers["etag"]}
            )
            assert (again.status_code, again.content) == (304, b"")
        for name in ("pages.py", "..%2fpages.py", "%2e%2e/pages.py"):
            assert (await client.get(f"/admin/monitoring/static/{name}")).status_code == 404
        home = await client.get("/admin/monitoring/")
        assert home.headers["location"] == HOME


ALERT_ID = "0123456789abcdef0123456789abcdef"


async def test_an_alert_has_a_page_with_its_record_where_nothing_becomes_html() -> None:
    board = ShownBoard()
    board.alerts[0] |= {"alert_id": ALERT_ID, "message": ATTACK, "notes": ATTACK}
    async with browsing(board) as client:
        answer = await client.get(f"/admin/monitoring/alerts/{ALERT_ID}")
        assert answer.status_code == 200
        assert_guarded(answer)
        assert "<script>alert(1)" not in answer.text
        assert "onerror=alert(1)>" not in answer.text
        for told in ("slack:shop", "answered 503", "retry", "by <bdi>ada</bdi>", "7 times"):
            assert told in answer.text
        missing = await client.get("/admin/monitoring/alerts/none")
        assert (missing.status_code, "No such alert" in missing.text) == (404, True)


async def test_who_follows_an_alerts_link_comes_to_it_after_signing_in() -> None:
    async with browsing(ShownBoard(), signed_in=False) as client:
        page = await client.get(f"/admin/monitoring/alerts/{ALERT_ID}")
        assert f'value="alerts/{ALERT_ID}"' in page.text
        answer = await client.post(SIGN_IN, data={"token": TOKEN, "tenant": f"alerts/{ALERT_ID}"})
        assert answer.headers["location"] == f"/admin/monitoring/alerts/{ALERT_ID}"
        answer = await client.post(SIGN_IN, data={"token": TOKEN, "tenant": "alerts/../../x"})
        assert answer.headers["location"] == HOME
