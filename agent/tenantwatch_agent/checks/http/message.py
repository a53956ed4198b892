"""A request and its answer, whichever version of HTTP carries them."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tenantwatch_agent.checks.http.address import Address
from tenantwatch_agent.checks.json_path import parse_json
from tenantwatch_agent.errors import CheckerFailed

MAX_HEADER_BYTES = 64 * 1024
MAX_BODY_BYTES = 1024 * 1024
MAX_JSON_BYTES = 512 * 1024
"""Nothing else runs while it is read, which takes 50 ms for a MiB of the slowest JSON."""
USER_AGENT = "tenantwatch-agent"

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_OF_PAGES = re.compile(
    r"utf-?(8|16|32)([_-]?[bl]e)?|us-ascii|iso-?8859-\d+|latin-?1|windows-\d+|cp\d+|koi8-[ru]"
    r"|shift_jis|euc-(jp|kr)|iso-2022-jp|gb(k|2312|18030)|big5",
    re.IGNORECASE,
)
"""Python knows others, and some take time without measure."""


@dataclass(frozen=True, slots=True)
class Request:
    """Secrets in headers, body and address stay out of its repr."""

    address: Address = field(repr=False)
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    def all_headers(self) -> dict[str, str]:
        """What is sent besides Host, in lower case; the configured ones win."""
        given = {name.lower(): value for name, value in self.headers.items()}
        headers = {"user-agent": USER_AGENT, "accept": "*/*", **given}
        if self.body or self.method in ("POST", "PUT", "PATCH"):
            headers["content-length"] = str(len(self.body))
        return headers


@dataclass(slots=True)
class Answer:
    """``status`` is 0 until one came. Header names are in lower case; at most the first MiB of the body."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray, repr=False)
    cut_at_limit: bool = False
    _documents: list[Any] = field(default_factory=list, repr=False)

    @property
    def too_long_for_json(self) -> bool:
        return len(self.body) > MAX_JSON_BYTES

    def json(self) -> Any:
        """The body as JSON, read once however often it is asked. Raises ValueError saying what is wrong, and
        CheckerFailed for one that is too long to be read."""
        if self.too_long_for_json:
            most = f"{MAX_JSON_BYTES // 1024} KiB"
            raise CheckerFailed(f"the answer is longer than the {most} that are read as JSON: ask for less")
        if not self._documents:
            try:
                self._documents.append(parse_json(self.body))
            except ValueError:
                if self.coding:
                    raise ValueError(f"it came packed (content-encoding {self.coding})") from None
                raise
        return self._documents[0]

    @property
    def coding(self) -> str:
        """What the body is packed in, as a server may do unasked: nothing unpacks it. Empty for nothing."""
        coding = (self.header("content-encoding") or "").strip().lower()
        return "" if coding == "identity" else coding[:20]

    @property
    def readings(self) -> list[bytes | bytearray]:
        """The body in UTF-8 if it says that it is in another charset, and as it came."""
        named = _CHARSET.search(self.header("content-type") or "")
        charset = named[1].lower() if named else "utf-8"
        if self.body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            charset = "utf-16"
        if charset == "utf-8" or not _OF_PAGES.fullmatch(charset):
            return [self.body]
        try:
            return [self.body.decode(charset, "replace").encode("utf-8", "replace"), self.body]
        except LookupError:
            return [self.body]

    def header(self, name: str) -> str | None:
        """The first of that name."""
        return next((value for each, value in self.headers if each == name), None)

    def clear(self) -> None:
        self.headers, self.body, self._documents = [], bytearray(), []

    def add_body(self, part: bytes) -> None:
        self.body += part[: MAX_BODY_BYTES - len(self.body)]
        self.cut_at_limit = len(self.body) >= MAX_BODY_BYTES


def header_text(value: bytes) -> str:
    """In UTF-8 where it is that, as many servers write it; else in Latin-1, as HTTP had it."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
