"""Reads the API, page by page; every failure has a kind."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from tenantwatch_agent.checks.http.address import Address
from tenantwatch_agent.checks.http.exchange import Exchange, Route
from tenantwatch_agent.checks.http.message import MAX_JSON_BYTES, Request
from tenantwatch_agent.checks.kubernetes.access import Access
from tenantwatch_agent.checks.secrets import header_parts, hidden
from tenantwatch_agent.errors import CheckerFailed

PAGE = 50
"""Pods with all that their fields say have some 10 KB, and an answer is read up to a MiB."""
MAX_OBJECTS = 5_000
_MOST_SAID = 300


class ApiFailed(Exception):
    """The API answered with an error; ``status`` is HTTP's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Api:
    """One look's reading; ``phase`` says what is being read."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._headers = access.headers()
        self._what = ""
        self._exchange: Exchange | None = None
        self.first_us = 0
        """How long the first answer took, from the name's lookup to its last byte."""

    @property
    def phase(self) -> str:
        return self._what if self._exchange is None else f"{self._what}: {self._exchange.phase}"

    async def list(self, path: str, what: str, **query: str) -> list[dict[str, Any]]:
        """All objects there. Raises ApiFailed, ProbeFailed or CheckerFailed."""
        found: list[dict[str, Any]] = []
        limit, going_on = PAGE, ""
        while True:
            page = {"limit": str(limit), **({"continue": going_on} if going_on else {})}
            answer = await self._get(path, what, {k: v for k, v in query.items() if v} | page)
            if answer is None:
                limit = _smaller(limit, what)
                continue
            items = answer.get("items")
            found += [item for item in items or [] if isinstance(item, dict)]
            metadata = answer.get("metadata") or {}
            going_on = str(metadata.get("continue") or "") if isinstance(metadata, dict) else ""
            if not going_on:
                return found
            if len(found) >= MAX_OBJECTS:
                raise CheckerFailed(f"there are more than {MAX_OBJECTS} {what}: narrow it by label_selector")

    async def _get(self, path: str, what: str, query: dict[str, str]) -> dict[str, Any] | None:
        """The object there; None if it is too long to be read."""
        self._what = what
        address = Address.parse(f"{self._access.server}{path}?{urlencode(query)}")
        self._exchange = exchange = Exchange(
            Request(address, "GET", self._headers), Route(self._access.context)
        )
        await exchange.run()
        answer = exchange.answer
        self.first_us = self.first_us or sum(exchange.phases_us.values())
        if answer.too_long_for_json:
            return None
        try:
            document = answer.json()
        except ValueError:
            document = None
        if answer.status != 200:
            said = hidden(_message(document), header_parts(self._headers.get("authorization", "")))
            raise ApiFailed(answer.status, said[:_MOST_SAID] or f"HTTP {answer.status}")
        if not isinstance(document, dict):
            raise ApiFailed(answer.status, "the answer is not that of a Kubernetes API")
        return document


def _smaller(limit: int, what: str) -> int:
    if limit == 1:
        raise CheckerFailed(f"{what}: the answer is longer than {MAX_JSON_BYTES // 1024} KiB")
    return limit // 2


def _message(document: Any) -> str:
    """Of a Status object."""
    return str(document.get("message", "")) if isinstance(document, dict) else ""
