"""What http_endpoint expects of an answer, and the secrets that it sends and never shows."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from tenantwatch_agent.checks.http.address import Address
from tenantwatch_agent.checks.http.http1 import Http1Receiver
from tenantwatch_agent.checks.http.message import MAX_JSON_BYTES, Answer, Request
from tenantwatch_agent.checks.registry import build_check
from tenantwatch_agent.errors import ConfigurationError
from tenantwatch_wire.records import CheckDefinition, Status

from tests.agent.checks.looking import look
from tests.agent.checks.web import OK, Handler, says, seen, serving

ON_UVLOOP = True
SECRET = "tok-5f2a-never-shown"


def answer(body: bytes, *headers: str) -> bytes:
    lines = "".join(f"{header}\r\n" for header in (*headers, f"Content-Length: {len(body)}"))
    return f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode() + body


QUEUE = answer(
    b'{"queue": {"age": 70, "names": ["a"]}, "state": "ready"}', "Content-Type: application/json", "Age: 7"
)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (
            {"expect_json": ["$.queue.age < 100", '$.state == "ready"', '$.queue.names contains "a"']},
            "HTTP 200",
        ),
        ({"expect_json": ["$.queue.age < 60"]}, "$.queue.age < 60: it is 70"),
        ({"expect_json": ["$.queue.age_seconds exists"]}, "there is no $.queue.age_seconds"),
        ({"expect_headers": ['content-type contains "json"', "Age <= 7"]}, "HTTP 200"),
        ({"expect_headers": ["x-cache exists"]}, "header x-cache exists: there is no x-cache"),
        ({"expect_headers": ["age > 7"]}, 'header age > 7: it is "7"'),
        ({"expect_body_matches": r'"age": \d+'}, "HTTP 200"),
        ({"expect_body_matches": r"^\d+$"}, r"the body does not match '^\\d+$'"),
    ],
)
async def test_conditions_over_the_answer(settings: dict[str, Any], text: str) -> None:
    async with serving(says(QUEUE)) as url:
        result = await seen(url, **settings)
    assert text in result.text
    assert result.status is (Status.HEALTHY if text == "HTTP 200" else Status.UNHEALTHY)
    assert result.latency_us


@pytest.mark.parametrize(
    ("encoding", "charset"),
    [
        ("utf-8", ""),
        ("utf-8", "charset=utf-8"),
        ("iso-8859-1", "charset=ISO-8859-1"),
        ("utf-16", ""),
        ("utf-16", 'charset="utf-16"'),
        ("shift_jis", "charset=Shift_JIS"),
        ("utf-8", "charset=ISO-8859-1"),
        ("utf-8", "charset=punycode"),
    ],
)
async def test_a_page_is_read_in_its_charset(encoding: str, charset: str) -> None:
    words = "準備" if encoding == "shift_jis" else "Grüße"
    page = answer(f"<p>{words} 7</p>".encode(encoding), f"Content-Type: text/html; {charset}")
    async with serving(says(page)) as url:
        result = await seen(url, expect_body_contains=words, expect_body_matches=rf"{words} \d")
        assert (result.status, result.text) == (Status.HEALTHY, "HTTP 200")
        result = await seen(url, expect_body_contains="Ade")
        assert result.text == "the body does not contain 'Ade'"


async def test_a_body_that_came_packed_is_told_as_such() -> None:
    page = answer(gzip.compress(b'{"state": "ready"}'), "Content-Encoding: gzip")
    for expected, text in (
        (
            {"expect_json": ['$.state == "ready"']},
            "the body is not JSON: it came packed (content-encoding gzip)",
        ),
        ({"expect_body_contains": "ready"}, "'ready': it came packed (content-encoding gzip)"),
    ):
        async with serving(says(page)) as url:
            result = await seen(url, **expected)
        assert (result.status, text in result.text) == (Status.UNHEALTHY, True), result.text


async def test_the_values_of_a_query_are_not_shown() -> None:
    key = "SuperSecretKey/42"
    for query in ("api_key=SuperSecretKey%2F42&page=1", f"page=1&api_key={key}", key):
        async with serving(says(answer(f'{{"error": "key {key} is not valid"}}'.encode()))) as url:
            result = await seen(f"{url}?{query}", expect_json=['$.error == "none"'])
        assert result.status is Status.UNHEALTHY
        assert ("key *** is not valid" in result.text, key in result.text) == (True, False), result.text


async def test_what_is_no_json_is_told() -> None:
    for body, text in (
        (b"<html>", "the body is not JSON: Expecting value"),
        (b"[" * 100_000, "nested too deeply"),
    ):
        async with serving(says(answer(body))) as url:
            result = await seen(url, expect_json=["$.a exists"])
        assert (result.status, text in result.text) == (Status.UNHEALTHY, True), result.text


async def test_json_that_would_take_too_long_to_read_is_no_failure_of_the_target() -> None:
    text = b'["' + b"x" * (MAX_JSON_BYTES - 4) + b'"]'
    for body, status, said in (
        (text, Status.HEALTHY, "HTTP 200"),
        (text + b" ", Status.UNKNOWN, "longer than the 512 KiB that are read as JSON"),
    ):
        async with serving(says(answer(body))) as url:
            result = await seen(url, timeout_ms=60_000, expect_json=["$[0] exists"])
            assert (result.status, said in result.text) == (status, True), result.text
            # What asks nothing of its JSON may be longer.
            assert (await seen(url, timeout_ms=60_000)).status is Status.HEALTHY


async def test_a_pattern_that_would_search_for_ever_does_not_hold_up_the_loop() -> None:
    body = b"a" * 1_000_000
    async with serving(says(answer(body))) as url:
        # Python's own engine needs longer than the universe exists for a hundredth of this text.
        async with asyncio.timeout(60):
            result = await seen(url, timeout_ms=60_000, expect_body_matches="^(a+)+(a+)+b$")
    assert "does not match" in result.text


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"expect_body_matches": "(?=look)"}, "expect_body_matches: .* is not a regular expression of RE2"),
        ({"expect_body_matches": "("}, "missing \\)"),
        ({"expect_body_matches": "[a-z]{1,1000}[0-9]{1,1000}[x-z]{1,1000}"}, "repeats too much"),
        ({"expect_body_matches": "(a{1,900}b?){1,900}"}, "invalid repetition size"),
        ({"expect_body_matches": "a" * 1_001}, "may have 1000 characters"),
        ({"expect_status": ["2x"]}, "expect_status: '2x' is none of"),
        ({"expect_json": ["$.a is 1"]}, "expect_json: .* is no condition"),
        ({"method": "GE T"}, "method 'GE T' is not an HTTP method"),
        ({"headers": {"a b": "c"}}, "headers: 'a b' is not a valid header"),
        ({"headers": {"a": "b\r\nc: d"}}, "headers: 'a' is not a valid header"),
        ({"headers": {"Content-Length": "3"}}, "headers: 'Content-Length' is for the agent to set"),
        (
            {"headers_env": {"authorization": "NO_SUCH_VARIABLE"}},
            "headers_env: the environment variable NO_SUCH",
        ),
        ({"headers_file": {"authorization": "/no/such/file"}}, "headers_file /no/such/file: No such file"),
        ({"body": "a", "body_env": "PATH"}, "give only one of body, body_env"),
        ({"max_redirects": 21}, "max_redirects must be 0 to 20"),
        ({"ca_file": "/etc/hosts"}, "ca_file belongs to an https:// url"),
        ({"ip_version": "5"}, 'ip_version must be one of "any", "4", "6"'),
        ({"proxy_url": "socks5://a"}, r"proxy_url: write http://\[USER:PASSWORD@\]HOST"),
        ({"http_version": "2", "proxy_url": "http://a:1"}, "http_version 2 through a proxy needs an https"),
    ],
)
async def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        await seen("http://127.0.0.1:1/", **settings)


@pytest.mark.parametrize(
    "url", ["http://", "ftp://a/", "http://u:p@a/", "http://a:99999/", "http://a/ b", "http://a/\n"]
)
async def test_an_address_that_is_none_is_refused_without_its_secrets(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        await seen(url)
    assert "u:p" not in str(refused.value)


def echoing(got: list[bytes]) -> Handler:
    """Tells the whole request back, as a far end does that quotes in its errors what it was sent."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = (await reader.read(65_536)).decode()
        got.append(body.encode())
        writer.write(answer(f'{{"said": "{SECRET} {body}"}}'.encode(), f"X-Said: {SECRET}"))

    return handler


async def test_secrets_come_from_the_environment_and_files_and_are_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    file.write_text(f"Bearer {SECRET}\n")
    monkeypatch.setenv("BODY", "password=tiger")
    got: list[bytes] = []
    async with serving(echoing(got)) as url:
        result = await seen(
            url,
            method="POST",
            headers_file={"authorization": str(file)},
            body_env="BODY",
            expect_json=['$.said == "x"'],
            expect_headers=["x-said exists"],
        )
    assert got == [b"password=tiger"]
    assert result.status is Status.UNHEALTHY
    assert SECRET not in result.text
    assert "tiger" not in result.text
    assert "***" in result.text


async def test_a_long_secret_is_hidden_before_it_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "".join(f"{number:04}-" for number in range(50))
    monkeypatch.setenv("TOKEN", f"Bearer {secret}")
    said = answer(json.dumps({"said": secret}).encode(), f"X-Said: {secret}")
    async with serving(says(said)) as url:
        for key, condition in (("expect_json", '$.said == "x"'), ("expect_headers", 'x-said == "x"')):
            expected: dict[str, Any] = {key: [condition]}
            result = await seen(url, headers_env={"authorization": "TOKEN"}, **expected)
            assert result.text.endswith('said == "x": it is "***"')


async def test_a_text_of_a_secret_body_is_hidden(tmp_path: Path) -> None:
    file = tmp_path / "body"
    file.write_text(json.dumps({"login": {"password": 'tiger"lily'}}))
    said = answer(json.dumps({"said": 'no: tiger"lily'}).encode())
    async with serving(says(said)) as url:
        result = await seen(url, method="POST", body_file=str(file), expect_json=['$.said == "x"'])
    assert result.text.endswith('it is "no: ***"')


async def test_a_changed_secret_is_sent_and_one_that_is_gone_is_unknown(tmp_path: Path) -> None:
    file = tmp_path / "token"
    heads: list[bytes] = []

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(OK)

    file.write_text("first")
    definition = CheckDefinition("a", "http_endpoint", 1000, 60_000)
    async with serving(keep, wait=False) as url:
        check = build_check("http_endpoint", {"url": url, "headers_file": {"x-key": str(file)}}, "test")
        for text in ("first", "second"):
            file.write_text(text)
            await look(definition, check)
            assert f"x-key: {text}\r\n".encode() in heads[-1]
        file.write_text("two\nlines")
        result = await look(definition, check)
        assert (result.status, "line break" in result.text) == (Status.UNKNOWN, True)
        file.unlink()
        result = await look(definition, check)
        assert result.status is Status.UNKNOWN
        assert result.text == f"headers_file {file}: No such file or directory"
    assert len(heads) == 2


def test_a_request_shows_no_secret() -> None:
    request = Request(Address.parse(f"http://a/?key={SECRET}"), "GET", {"x-key": SECRET}, SECRET.encode())
    assert SECRET not in repr(request)


def test_an_answer_is_read_as_json_once_and_forgotten_whole() -> None:
    held = Answer(200, [], bytearray(b'{"a": [1]}'))
    assert held.json() is held.json()
    held.clear()
    with pytest.raises(ValueError, match="Expecting value"):
        held.json()


async def test_nothing_of_an_answer_is_held_between_two_looks() -> None:
    async with serving(says(answer(b"x" * 900_000))) as url:
        check = build_check("http_endpoint", {"url": url, "expect_body_contains": "xx"}, "test")
        gc.collect()
        gc.disable()
        try:
            for _ in range(3):
                await look(CheckDefinition("a", "http_endpoint", 1000, 60_000), check)
            held = [each for each in gc.get_objects() if isinstance(each, Answer) and each.body]
            assert held == []
            receivers = sum(isinstance(each, Http1Receiver) for each in gc.get_objects())
            assert receivers <= 1, "receivers wait for the collector of garbage"
        finally:
            gc.enable()
