"""Redirects: followed only if asked, never for ever, and no credential goes to another origin."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
from tenantwatch_wire.records import Status

from tests.agent.checks.web import OK, seen, serving
from tests.fakes.certificates import Authority

ON_UVLOOP = True
SECRET = "tok-5f2a-never-shown"


class Site:
    """Redirects by path; keeps what it was asked."""

    def __init__(self, **redirects: tuple[int, str]) -> None:
        self.redirects = redirects
        self.heads: list[str] = []
        self.bodies: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        if "content-length: 4" in head:
            self.bodies.append(await reader.readexactly(4))
        path = head.split()[1].strip("/")
        status, location = self.redirects.get(path, (200, ""))
        if status == 200:
            writer.write(OK)
        else:
            writer.write(
                f"HTTP/1.1 {status} Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
            )

    @property
    def asked(self) -> list[str]:
        return [" ".join(head.split()[:2]) for head in self.heads]


def at(url: str, path: str) -> str:
    return url.removesuffix("/path") + path


async def test_a_redirect_is_an_answer_unless_it_may_be_followed() -> None:
    site = Site(path=(302, "/other"))
    async with serving(site, wait=False) as url:
        assert (await seen(url)).text == "HTTP 302"
        result = await seen(url, max_redirects=1, expect_status=["200"])
    assert (result.status, result.text) == (Status.HEALTHY, "HTTP 200, after 1 redirects")
    assert site.asked == ["GET /path", "GET /path", "GET /other"]
    assert result.metrics["redirects"] == 1


async def test_every_hop_counts_into_the_phases_and_the_latency() -> None:
    pause_seconds = 0.05
    site = Site(path=(302, "/other"))

    async def slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(pause_seconds)  # what is measured
        await site(reader, writer)

    async with serving(slowly, wait=False) as url:
        result = await seen(url, max_redirects=1)
    assert result.metrics["first_byte_ms"] >= 1.5 * pause_seconds * 1000  # more than one hop
    assert result.latency_us is not None
    phases = ("dns_ms", "connect_ms", "first_byte_ms", "body_ms")
    assert sum(result.metrics[name] for name in phases) <= result.latency_us / 1000


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (301, "POST", "GET /b"),
        (302, "POST", "GET /b"),
        (303, "PUT", "GET /b"),
        (307, "POST", "POST /b"),
        (308, "PUT", "PUT /b"),
        (303, "HEAD", "HEAD /b"),
    ],
)
async def test_the_method_changes_as_browsers_change_it(status: int, method: str, then: str) -> None:
    site = Site(a=(status, "b"))
    async with serving(site, wait=False) as url:
        await seen(at(url, "/a"), method=method, body="data" if method != "HEAD" else "", max_redirects=2)
    assert site.asked[1] == then
    assert len(site.bodies) == (2 if status in (307, 308) else 1 if method != "HEAD" else 0)


async def test_a_loop_ends_at_the_limit() -> None:
    site = Site(a=(302, "/b"), b=(302, "/a"))
    async with serving(site, wait=False) as url:
        result = await seen(at(url, "/a"), max_redirects=5)
    assert (result.status, result.text) == (Status.UNHEALTHY, "redirected more than 5 times")
    assert len(site.heads) == 6


@pytest.mark.parametrize("location", ["ftp://a/", "http://", "http://a:99999/", "//"])
async def test_a_redirect_to_nowhere_is_told(location: str) -> None:
    async with serving(Site(a=(302, location)), wait=False) as url:
        result = await seen(at(url, "/a"), max_redirects=5)
    assert result.status is Status.UNHEALTHY
    assert "redirected to where nothing can be" in result.text or "redirected more" in result.text


async def test_a_location_of_raw_characters_is_followed_as_browsers_do() -> None:
    site = Site(a=(302, "/grüße?q=ü"))
    async with serving(site, wait=False) as url:
        result = await seen(at(url, "/a"), max_redirects=1)
    assert result.status is Status.HEALTHY, result.text
    assert site.asked[1] == "GET /gr%C3%BC%C3%9Fe?q=%C3%BC"


async def test_credentials_stay_at_their_origin() -> None:
    other = Site()
    async with serving(other, wait=False) as other_url:
        site = Site(a=(302, "/b"), b=(302, at(other_url, "/c")))
        async with serving(site, wait=False) as url:
            headers = {"Authorization": f"Bearer {SECRET}", "X-Api-Key": SECRET, "Accept": "text/html"}
            result = await seen(at(url, "/a"), max_redirects=5, headers=headers)
    assert result.status is Status.HEALTHY, result.text
    assert all(SECRET in head for head in site.heads)
    assert SECRET not in other.heads[0]
    assert "accept: text/html" in other.heads[0]


async def test_credentials_do_not_come_back_from_a_foreign_redirect() -> None:
    site, other = Site(), Site()
    async with serving(other, wait=False) as other_url, serving(site, wait=False) as url:
        site.redirects = {"a": (302, at(other_url, "/c"))}
        other.redirects = {"c": (302, at(url, "/d"))}
        await seen(at(url, "/a"), max_redirects=5, headers={"X-Api-Key": SECRET})
    assert [SECRET in head for head in site.heads] == [True, False]


async def test_a_body_is_not_sent_to_another_origin() -> None:
    other = Site()
    async with serving(other, wait=False) as other_url, serving(site := Site(), wait=False) as url:
        site.redirects = {"a": (307, at(other_url, "/c"))}
        result = await seen(at(url, "/a"), max_redirects=5, method="POST", body="data")
    assert (result.status, "not sent to another origin" in result.text) == (Status.UNHEALTHY, True)
    assert other.heads == []


async def test_every_certificate_on_the_way_counts(tmp_path: Path) -> None:
    authority, site = Authority(tmp_path), Site()
    ending, lasting = authority.mint("127.0.0.1", days=2.5), authority.mint("127.0.0.1", days=80)
    async with serving(site, wait=False) as plain, serving(site, lasting.server(), wait=False) as last:
        for target in (plain, last):
            site.redirects["first"] = (301, target)
            async with serving(site, ending.server(), wait=False) as first:
                result = await seen(at(first, "/first"), max_redirects=1, ca_file=str(authority.file))
            text = "the certificate of 127.0.0.1 expires in 2.5 days"
            assert (result.status, result.text) == (Status.UNHEALTHY, text)
            assert result.metrics["certificate_days_left"] == pytest.approx(2.5, abs=0.1)


async def test_a_client_certificate_is_not_shown_to_another_origin(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    asked: list[Any] = []

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(writer.get_extra_info("ssl_object").getpeercert(binary_form=True))
        writer.write(OK)

    client, server = authority.mint("agent"), authority.mint("127.0.0.1")
    strict, curious = server.server(authority.file), server.server(authority.file)
    curious.verify_mode = ssl.CERT_OPTIONAL
    site = Site()
    async with serving(other, curious) as other_url, serving(site, strict, wait=False) as url:
        site.redirects = {"a": (302, other_url)}
        result = await seen(
            at(url, "/a"), max_redirects=1, ca_file=str(authority.file),
                client_certificate_file=str(client.file),
            )  # fmt: skip
    assert result.status is Status.HEALTHY, result.text
    assert asked == [None]
