"""The dashboard in a real browser shows a real tenant, and changes while one looks at it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.fakes.http_target import HttpTarget
from tests.npm_tools import ROOT, browser
from tests.system.ground import TENANT, Ground, ground, http_check

pytestmark = pytest.mark.system
SCREENSHOTS = ROOT / "build" / "screenshots"


async def _sign_in(chromium: Browser, here: Ground) -> Page:
    context = await chromium.new_context(locale="en-US", viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    await page.goto(f"{here.collector.rest_url}/admin/monitoring/health")
    await page.locator("input[name=token]").fill(here.admin_token)
    await page.locator("button[type=submit], input[type=submit]").first.click()
    return page


async def test_the_dashboard_shows_a_real_tenant_live(tmp_path: Path) -> None:
    found = await asyncio.to_thread(browser, "the dashboard in a real browser")
    async with (
        HttpTarget() as web,
        ground(tmp_path) as here,
        here.caller() as tenant,
        here.agent([http_check("shop-front", f"{web.url}/health", confirm_failures=2)]) as agent,
        async_playwright() as playwright,
    ):
        await agent.start()
        await tenant.wait_checks(TENANT, {"shop-front": "healthy"})
        chromium = await playwright.chromium.launch(
            executable_path=found.path, args=["--no-sandbox"], env={**os.environ, **found.environment}
        )
        page = await _sign_in(chromium, here)
        troubles: list[str] = []
        page.on("pageerror", lambda error: troubles.append(str(error)))
        body = page.locator("body")
        await expect(body).to_contain_text(TENANT.title(), timeout=90_000)
        await expect(body).to_contain_text("shop-front", timeout=90_000)
        await expect(body).to_contain_text("healthy", timeout=90_000)
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=SCREENSHOTS / "dashboard-healthy.png", full_page=True)

        web.switch(500)
        # Nobody reloads the page: what it shows next was pushed to it.
        unhealthy = page.get_by_text("unhealthy", exact=True).locator("visible=true").first
        await expect(unhealthy).to_be_visible(timeout=90_000)
        await page.screenshot(path=SCREENSHOTS / "dashboard-unhealthy.png", full_page=True)
        assert troubles == []
        await chromium.close()
        await agent.terminate()
