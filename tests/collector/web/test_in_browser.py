"""The pages in a real browser: what a person sees, and that no agent can put markup into them."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.collector.web.shown_board import HOME, TOKEN, ShownBoard, row, served
from tests.npm_tools import browser

pytestmark = pytest.mark.timeout(300)
# How long a browser takes to draw is no property of ours.
DEADLINE_MS = 60_000
expect.set_options(timeout=DEADLINE_MS)
ATTACK = "</td><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[Page, list[str]]]:
    """An empty page of a real browser, and what its pages complained about."""
    found = await asyncio.to_thread(browser, "the dashboard in a real browser")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=found.path,
            args=["--no-sandbox"],
            env={**os.environ, **found.environment},
            timeout=2 * DEADLINE_MS,
        )
        page = await (await chromium.new_context(locale="en-US")).new_page()
        page.set_default_timeout(DEADLINE_MS)
        troubles: list[str] = []
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
        try:
            yield page, troubles
        finally:
            await chromium.close()


async def sign_in(page: Page, address: str) -> None:
    await page.goto(address + HOME)
    await page.locator("input[name=token]").fill(TOKEN)
    await page.keyboard.press("Enter")
    await expect(page.locator("#live-word")).to_have_text("live")


async def test_agents_words_stay_words() -> None:
    board = ShownBoard()
    board.tenants[0]["tenant_name"] = board.alerts[0]["message"] = ATTACK
    board.checks[0].update(text=ATTACK, target=ATTACK, check_id=ATTACK, agent_id=ATTACK)
    async with served(board) as address, opened() as (page, troubles):
        await sign_in(page, address)
        await expect(page.locator(".tenants tbody tr").first).to_contain_text(ATTACK)
        await page.locator(".tenants tbody a").first.click()
        await expect(page.locator(".checks")).to_contain_text(ATTACK)
        await expect(page.locator(".headline")).to_have_text("Unhealthy")
        await expect(page).to_have_title(re.compile("^Unhealthy"))
        assert await page.locator("main script, main img").count() == 0
        assert troubles == []


async def test_a_tenants_page_lists_its_alerts_and_only_bars_that_are_measured() -> None:
    board = ShownBoard()
    board.alerts.append(
        board.alerts[0] | {"alert_id": "a-2", "severity": "warning", "status": "acknowledged"}
    )
    async with served(board) as address, opened() as (page, troubles):
        await sign_in(page, address)
        await page.locator(".tenants tbody a").first.click()
        alerts = page.locator(".alerts tbody tr")
        await expect(alerts).to_have_count(2)
        await expect(alerts.first).to_contain_text("shop-front on web-1")
        await expect(alerts.last).to_contain_text("acknowledged")
        assert await page.locator(".meter:visible small").all_inner_texts() == ["CPU", "Memory"]
        board.alerts.clear()
        await board.touch()
        await expect(page.locator(".alerts")).to_be_hidden()
        assert troubles == []


async def test_five_thousand_tenants_are_counted_filtered_and_never_all_drawn() -> None:
    board = ShownBoard({"healthy": 4_900, "degraded": 60, "unknown": 30, "unhealthy": 10})
    async with served(board) as address, opened() as (page, troubles):
        await sign_in(page, address)
        rows, note = page.locator(".tenants tbody tr"), page.locator(".tenants .bar small")
        await expect(note).to_have_text("first 200 of 5,000, the worst first")
        await expect(rows).to_have_count(200)
        await page.keyboard.press("/")
        await page.keyboard.type("-4999")
        await expect(note).to_have_text("1 of 5,000")
        await expect(rows).to_have_count(1)
        await page.locator("#filter").fill("")
        degraded = page.get_by_role("button", name="degraded")
        await degraded.press("Enter")
        await expect(degraded).to_have_attribute("aria-pressed", "true")
        await expect(rows).to_have_count(60)
        assert troubles == []


async def test_an_update_keeps_the_readers_place() -> None:
    board = ShownBoard()
    async with served(board) as address, opened() as (page, troubles):
        await sign_in(page, address)
        held = page.locator(f'.tenants a[href$="{board.tenants[6]["tenant_id"]}"]')
        await held.focus()
        board.tenants[6] = row(6, "unhealthy")
        await board.touch()
        first = page.locator(".tenants tbody tr").first
        await expect(first).to_contain_text(board.tenants[6]["tenant_name"])
        await expect(held).to_be_focused()
        assert troubles == []


async def test_a_page_whose_collector_went_away_says_that_it_is_stale() -> None:
    async with opened() as (page, _):
        async with served(ShownBoard()) as address:
            await sign_in(page, address)
            await expect(page.locator("#stale")).to_be_hidden()
        await expect(page.locator("#live-word")).to_have_text("reconnecting")
        await expect(page.locator("#stale")).to_contain_text("Not live: what you see is from")


async def test_an_ended_session_brings_the_sign_in_form_back() -> None:
    board = ShownBoard()
    async with served(board) as address, opened() as (page, _):
        await sign_in(page, address)
        (cookie,) = await page.context.cookies()
        await board.sign_out(cookie.get("value", ""))
        await board.touch()
        await expect(page.locator("input[name=token]")).to_be_visible()


async def test_a_link_of_another_site_opens_the_page_of_who_is_signed_in() -> None:
    board = ShownBoard()
    async with served(board) as address, opened() as (page, troubles):
        await sign_in(page, address)
        # To a browser, localhost and 127.0.0.1 are two sites.
        await page.goto(address.replace("127.0.0.1", "localhost") + HOME)
        target = f"{address}/admin/monitoring/tenants/{board.tenants[0]['tenant_id']}"
        async with page.expect_request(target) as request:
            await page.evaluate("address => { location.href = address }", target)
        assert (await (await request.value).all_headers())["sec-fetch-site"] == "cross-site"
        await expect(page.locator(".tenant-name")).to_have_text("Northwind Traders 0")
        assert troubles == []
