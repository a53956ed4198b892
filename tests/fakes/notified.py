"""Far ends of channels: each checks a request as its service documents it, and keeps what it has taken."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import re
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from tests.fakes.http1 import HttpServer, Request, Response


class Refused(Exception):
    """The request is not what the service documents."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class NotifiedServer(HttpServer):
    """Answers what is in ``next_answers`` first; then checks, and keeps in ``taken`` what is right.

    ``arrived`` counts every request, ``complaints`` says why one was refused.
    """

    path = "/"

    def __init__(self) -> None:
        super().__init__()
        self.next_answers: deque[Response | None] = deque()
        """None is no answer at all."""
        self.arrived = 0
        self.taken: list[Any] = []
        self.complaints: list[str] = []
        self._changed = asyncio.Event()

    async def until(self, condition: Callable[[], bool], deadline_seconds: float = 90) -> None:
        """Return when the condition on what has arrived holds."""
        async with asyncio.timeout(deadline_seconds):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def answer(self, request: Request) -> Response:
        self.arrived += 1
        self._changed.set()
        try:
            return await self._decide(request)
        finally:
            self._changed.set()

    async def _decide(self, request: Request) -> Response:
        if self.next_answers:
            answer = self.next_answers.popleft()
            if answer is None:
                await asyncio.Event().wait()
            assert answer is not None
            return answer
        try:
            demand(request.method == "POST", "only POST", 405)
            demand(request.path == self.path, f"no {request.path} here", 404)
            self.taken.append(self.check(request))
        except Refused as refused:
            self.complaints.append(str(refused))
            return self.refusal(refused)
        return self.success()

    def check(self, request: Request) -> Any:
        """What to keep of a right request; raises Refused otherwise."""
        raise NotImplementedError

    def success(self) -> Response:
        return Response(200)

    def refusal(self, refused: Refused) -> Response:
        return Response(refused.status, str(refused).encode())


def demand(condition: bool, reason: str, status: int = 400) -> None:
    if not condition:
        raise Refused(status, reason)


def _json(request: Request) -> dict[str, Any]:
    demand(request.headers.get("content-type", "").startswith("application/json"), "not JSON")
    value = json.loads(request.body)
    demand(isinstance(value, dict), "no object")
    return dict(value)


class SlackServer(NotifiedServer):
    """An incoming webhook: a text or attachments; says `ok`, or a word that names the fault."""

    path = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"

    @property
    def address(self) -> str:
        return self.url + self.path

    def check(self, request: Request) -> dict[str, Any]:
        body = _json(request)
        demand(bool(body.get("text") or body.get("attachments")), "no_text")
        for attachment in body.get("attachments", ()):
            demand(len(attachment["fields"]) <= 10, "invalid_attachments")
            demand(isinstance(attachment["ts"], int), "invalid_attachments")
            for field in attachment["fields"]:
                demand(set(field) == {"title", "value", "short"}, "invalid_attachments")
        return body

    def refusal(self, refused: Refused) -> Response:
        return Response(refused.status, b"invalid_payload")


class TwilioServer(NotifiedServer):
    """The Messages resource of the API of 2010-04-01, with its form, its login and its errors."""

    account_sid = "AC" + "0" * 31 + "1"
    auth_token = "f" * 32
    path = f"/2010-04-01/Accounts/{account_sid}/Messages.json"

    def __init__(self) -> None:
        super().__init__()
        self.invalid_numbers: set[str] = set()

    def check(self, request: Request) -> dict[str, str]:
        login = base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        demand(request.headers.get("authorization") == f"Basic {login}", "20003: Authenticate", 401)
        demand(
            request.headers.get("content-type") == "application/x-www-form-urlencoded", "21603: not a form"
        )
        form = {
            name: values[0] for name, values in parse_qs(request.body.decode(), strict_parsing=True).items()
        }
        demand(bool(re.fullmatch(r"\+[1-9]\d{6,14}", form.get("To", ""))), "21211: invalid 'To'")
        demand(form["To"] not in self.invalid_numbers, "21211: invalid 'To'")
        demand(("From" in form) != ("MessagingServiceSid" in form), "21603: a 'From' is required")
        demand(0 < len(form.get("Body", "")) <= 1600, "21617: the body exceeds 1600 characters")
        return form

    def success(self) -> Response:
        body = {"sid": "SM" + "0" * 32, "status": "queued", "error_code": None}
        return Response(201, json.dumps(body).encode(), "application/json")

    def refusal(self, refused: Refused) -> Response:
        code, _, message = str(refused).partition(": ")
        body = {"code": int(code) if code.isdigit() else 0, "message": message, "status": refused.status}
        return Response(refused.status, json.dumps(body).encode(), "application/json")


class PagerDutyServer(NotifiedServer):
    """Events API v2; ``incidents`` holds each dedup key's state, as PagerDuty would show it."""

    path = "/v2/enqueue"
    routing_key = "r" * 32

    def __init__(self) -> None:
        super().__init__()
        self.incidents: dict[str, str] = {}

    @property
    def address(self) -> str:
        return self.url + self.path

    def check(self, request: Request) -> dict[str, Any]:
        event = _json(request)
        demand(event.get("routing_key") == self.routing_key, "invalid routing key")
        action, key = event.get("event_action"), event.get("dedup_key", "")
        demand(action in ("trigger", "acknowledge", "resolve"), "event_action is invalid")
        demand(0 < len(key) <= 255, "dedup_key is needed, of at most 255 characters")
        if action == "trigger":
            _check_trigger(event)
            if self.incidents.get(key, "resolved") == "resolved":
                self.incidents[key] = "triggered"
        elif key in self.incidents:
            self.incidents[key] = f"{action}d"
        return event

    def success(self) -> Response:
        body = {"status": "success", "message": "Event processed", "dedup_key": self.taken[-1]["dedup_key"]}
        return Response(202, json.dumps(body).encode(), "application/json")

    def refusal(self, refused: Refused) -> Response:
        body = {"status": "invalid event", "message": "Event object is invalid", "errors": [str(refused)]}
        return Response(refused.status, json.dumps(body).encode(), "application/json")


def _check_trigger(event: dict[str, Any]) -> None:
    payload = event.get("payload", {})
    demand(0 < len(payload.get("summary", "")) <= 1024, "summary is needed, of at most 1024 characters")
    demand(bool(payload.get("source")), "source is needed")
    demand(payload.get("severity") in ("critical", "error", "warning", "info"), "severity is invalid")
    demand(datetime.fromisoformat(payload["timestamp"]).tzinfo is not None, "timestamp is not ISO 8601")
    for link in event.get("links", ()):
        demand(set(link) <= {"href", "text"} and bool(link["href"]), "a link needs its href")


class SignedWebhook(NotifiedServer):
    """A receiver that takes only what is signed with its secret, lately, and only once."""

    path = "/hooks"
    secret = "whsec_" + base64.b64encode(b"k" * 32).decode()
    tolerance_seconds = 300

    def __init__(self, now: Any) -> None:
        super().__init__()
        self._now = now
        self.ids: list[str] = []

    @property
    def address(self) -> str:
        return self.url + self.path

    def check(self, request: Request) -> dict[str, Any]:
        message_id, stamp = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        demand(abs(self._now() - int(stamp)) <= self.tolerance_seconds, "too old", 401)
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        signed = f"{message_id}.{stamp}.".encode() + request.body
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        given = [each.partition(",") for each in request.headers["webhook-signature"].split(" ")]
        right = any(v == "v1" and hmac.compare_digest(value, expected) for v, _, value in given)
        demand(right, "the signature is wrong", 401)
        self.ids.append(message_id)
        return _json(request)
