"""The id that a request is known by: in its answer, in the audit log, and in what is logged about it."""

from __future__ import annotations

import contextvars
import logging
import re
import secrets

HEADER = "X-Request-Id"
_SOUND = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")

current: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")
"""Of the request that is being served, for the log alone; empty elsewhere."""


def begin(given: str) -> str:
    """The id that was sent along, if it is a sound one, or a new one; from now on the log names it."""
    request_id = given if _SOUND.fullmatch(given) else secrets.token_hex(16)
    current.set(request_id)
    return request_id


class NamesRequest(logging.Filter):
    """Gives each line of the log its ``request``: a text to be put before the message."""

    def filter(self, record: logging.LogRecord) -> bool:
        request_id = current.get()
        record.request = f"[{request_id}] " if request_id else ""
        return True
