"""What counts as a secret, and that no way of writing one is shown."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, urlencode

import pytest
from tenantwatch_agent.checks.secrets import body_parts, header_parts, hidden

SECRET = 'pa"ss\\wörd /+&='


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        json.dumps(json.dumps({"said": SECRET}), ensure_ascii=False),
        quote(SECRET, safe=""),
        urlencode({"said": SECRET}),
        SECRET.upper(),
        quote(SECRET, safe="").lower(),
        quote(quote(SECRET, safe=""), safe=""),
        html.escape(SECRET),
        json.dumps(SECRET).replace("/", "\\/"),
        json.dumps(SECRET).upper(),
        SECRET.encode().hex(),
        SECRET.encode().hex().upper(),
        "".join(f"%{byte:02X}" for byte in SECRET.encode()),
    ],
)
def test_a_secret_is_hidden_however_it_is_written(written: str) -> None:
    text = hidden(f"it said {written}.", [SECRET])
    assert "***" in text
    assert "ss" not in text.replace("***", "").lower()
    assert "7373" not in text


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "keeper:"])
@pytest.mark.parametrize("after", ["", "z", "zy"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_secret_is_hidden_within_base64(before: str, after: str, encode: Callable[[bytes], bytes]) -> None:
    written = encode(f"{before}{SECRET}{after}".encode()).decode()
    text = hidden(f"it said {written}.", [SECRET])
    assert "***" in text
    # What is left are the letters that it shares with its neighbours.
    rest = text.removeprefix("it said ").removesuffix(".").replace("***", "")
    assert len(rest.rstrip("=")) <= len(encode(f"{before}{after}".encode()).decode()) + 2


def test_what_only_resembles_a_secret_stays() -> None:
    text = "tiger lilies are no Tiger-Lily-"
    assert hidden(text, ["tiger-lily-of-mine", "lion"]) == text
    assert hidden("İstanbul TIGER-LILY ıi", ["tiger-lily"]) == "İstanbul *** ıi"


def test_a_secret_inside_of_a_longer_one_leaves_no_rest() -> None:
    assert hidden("tiger-lily and tiger-", ["tiger-", "tiger-lily"]) == "*** and ***"


def test_texts_of_a_secret_body_are_secrets() -> None:
    assert {"tiger-lily", "lion-tamer"} <= set(
        body_parts('{"a": [{"b": "tiger-lily"}, 1], "c": "lion-tamer"}')
    )
    assert {"tiger lily", "lion-tamer"} <= set(body_parts("a=tiger+lily&b=lion-tamer"))
    assert body_parts("tiger-lily") == ["tiger-lily"]


def test_tokens_and_logins_of_a_header_are_secrets() -> None:
    assert header_parts("Bearer tiger-lily") == ["Bearer tiger-lily", "tiger-lily"]
    login = base64.b64encode(b"keeper:tiger:lily").decode()
    assert {"keeper", "tiger:lily", "keeper:tiger:lily", login} <= set(header_parts(f"Basic {login}"))
    assert header_parts("Basic ?") == ["Basic ?", "?"]
