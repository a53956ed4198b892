"""One collector's REST address and a token: asks, and turns every failure into a ClientError."""

from __future__ import annotations

import ipaddress
import ssl
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2

from tenantwatch_client.errors import ClientError, NotFound, Unreachable, answered

MONITORING = "/api/v1/monitoring"
ORCHESTRATION = "/api/v1/tenant-orchestration"
TIMEOUT_SECONDS = 90.0
"""A look on demand is answered within a minute, whatever the agents do."""

LONGEST_WAIT_SECONDS = 10
# A POST has a key, by which the collector knows it again. A DELETE done twice would be told as not found.
_MAY_COME_TWICE = ("GET", "POST")

Query = Mapping[str, str | int | float | bool | None]


class Connection:
    """Keeps its connections open until ``close``. Not for several threads at once."""

    def __init__(self, url: str, token: str, ca_file: Path | None = None) -> None:
        """Raises ClientError if the address is none, or would send the token over a network in clear."""
        self.url = _checked(url)
        verify = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
        headers = {"User-Agent": "tenantwatch-client"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._http = httpx2.Client(
            base_url=self.url, headers=headers, verify=verify, timeout=TIMEOUT_SECONDS, trust_env=False
        )

    def get(self, *path: str, query: Query | None = None) -> Any:
        return self._ask("GET", path, query=query).json()

    def text(self, *path: str, query: Query | None = None) -> str:
        """An answer that is text for people, given as JSON or as it is."""
        answer = self._ask("GET", path, query=query)
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        return str(answer.json()) if is_json else answer.text

    def file(self, *path: str, query: Query | None = None) -> bytes:
        return self._ask("GET", path, query=query).content

    def post(self, *path: str, body: Mapping[str, Any] | None = None, under: str = MONITORING) -> Any:
        # The same key on a repetition makes twice harmless, wherever the answer was lost.
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        answer = self._ask("POST", path, body=body or {}, headers=headers, under=under)
        return answer.json() if answer.content else None

    def put(self, *path: str, body: Mapping[str, Any]) -> Any:
        """In place of what is there now; Refused (412) if somebody else changes it at the same moment."""
        try:
            headers = {"If-Match": self._ask("GET", path).headers["etag"]}
        except NotFound:
            headers = {"If-None-Match": "*"}
        answer = self._ask("PUT", path, body=body, headers=headers)
        return answer.json() if answer.content else None

    def delete(self, *path: str) -> None:
        self._ask("DELETE", path)

    def pages(self, *path: str, key: str, query: Query | None = None) -> Iterator[Any]:
        """The items under ``key`` of this page and of all that follow."""
        asked = dict(query or {})
        while True:
            page = self.get(*path, query=asked)
            yield from page[key]
            asked["cursor"] = page.get("next_cursor")
            if not asked["cursor"]:
                return

    def close(self) -> None:
        self._http.close()

    def _ask(
        self,
        method: str,
        path: tuple[str, ...],
        query: Query | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        under: str = MONITORING,
    ) -> httpx2.Response:
        address = "/".join([under, *(quote(part, safe="") for part in path)])
        given = {key: value for key, value in (query or {}).items() if value is not None}
        answer = self._answer(method, address, given, body, headers)
        wait_seconds = _wait_seconds(answer)
        if wait_seconds is not None:
            time.sleep(wait_seconds)
            answer = self._answer(method, address, given, body, headers)
        if not answer.is_success:
            raise _failure(answer)
        return answer

    def _answer(
        self,
        method: str,
        address: str,
        query: Query,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
    ) -> httpx2.Response:
        """Asks again once where the connection broke and what is asked may come twice."""
        for may_repeat in (method in _MAY_COME_TWICE, False):
            try:
                return self._http.request(method, address, params=query, json=body, headers=headers)
            except httpx2.TimeoutException:
                raise Unreachable(f"{self.url} did not answer within {TIMEOUT_SECONDS:.0f} s") from None
            except httpx2.HTTPError as error:
                if not may_repeat:
                    raise Unreachable(f"{self.url} cannot be reached: {error}") from None
        raise AssertionError("the second failure is raised")


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
        raise ClientError(f"{url!r}: write the collector's address as https://HOST:PORT")
    if parts.scheme == "http" and not _is_this_machine(parts.hostname):
        raise ClientError(f"{url}: a token is sent to other machines by https only")
    return url.rstrip("/")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _wait_seconds(answer: httpx2.Response) -> float | None:
    """How long to wait before asking again, where the collector says so and it is not long."""
    told = answer.headers.get("retry-after", "")
    if answer.status_code not in (429, 503) or not told.isdigit() or int(told) > LONGEST_WAIT_SECONDS:
        return None
    return float(told)


def _failure(answer: httpx2.Response) -> ClientError:
    """By the problem details of RFC 9457, where the answer has any."""
    try:
        problem = answer.json()
        text = str(problem.get("detail") or problem["title"])
    except (ValueError, KeyError, AttributeError):
        text = f"answered {answer.status_code} {answer.reason_phrase}"
    return answered(answer.status_code, text, answer.headers.get("x-request-id", ""))
