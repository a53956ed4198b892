"""Secrets by name, from the environment and from files: read, sent, and never shown."""

from __future__ import annotations

import base64
import html
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote_plus

from tenantwatch_agent.checks.json_path import parse_json
from tenantwatch_agent.errors import CheckerFailed, ConfigurationError
from tenantwatch_agent.files import read_regular

MAX_SECRET_BYTES = 64 * 1024
_SHORTEST_HIDDEN = 6
"""Shorter ones would tear holes into every text; a secret of five letters is none."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """``key`` is the beginning of the keys that give them: ``headers`` for headers_env and headers_file."""

    key: str
    variables: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)

    def check(self) -> None:
        """Raises ConfigurationError unless every one can be had now."""
        if twice := self.variables.keys() & self.files.keys():
            raise ConfigurationError(
                f"{self.key}_env and {self.key}_file both give {', '.join(sorted(twice))}"
            )
        try:
            self.read()
        except CheckerFailed as error:
            raise ConfigurationError(str(error)) from None

    def read(self) -> dict[str, str]:
        """All of them; files anew each time, so that a changed one is enough. Raises CheckerFailed."""
        if not (self.variables or self.files):
            return {}
        found = {name: _variable(f"{self.key}_env", variable) for name, variable in self.variables.items()}
        return found | {name: _file(f"{self.key}_file", path) for name, path in self.files.items()}


def _variable(key: str, variable: str) -> str:
    value = os.environ.get(variable, "")
    if not value:
        raise CheckerFailed(f"{key}: the environment variable {variable} is not set")
    return value


def _file(key: str, path: Path) -> str:
    try:
        value = read_regular(path, MAX_SECRET_BYTES)
        text = value.decode().strip()
    except OSError as error:
        raise CheckerFailed(f"{key} {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CheckerFailed(f"{key} {path}: is not UTF-8") from None
    if not text or len(value) > MAX_SECRET_BYTES:
        raise CheckerFailed(f"{key} {path}: must hold 1 to {MAX_SECRET_BYTES} bytes")
    return text


def header_parts(value: str) -> list[str]:
    """The header, and what of it a far end would quote: the token of ``Bearer TOKEN``, a login in clear."""
    scheme, _, token = value.rpartition(" ")
    if scheme.strip().lower() != "basic":
        return [value, token]
    try:
        login = base64.b64decode(token, validate=True).decode()
    except ValueError:
        return [value, token]
    return [value, token, login, *login.split(":", 1)]


def body_parts(body: str) -> list[str]:
    """The body, and the texts in it if it is JSON or a form."""
    try:
        return [body, *_texts(parse_json(body.encode()))]
    except ValueError:
        return [body, *(value for _, value in parse_qsl(body))]


def query_parts(query: str) -> list[str]:
    """The values of a URL's query, as they stand there and as a server reads them."""
    values = [value or name for name, _, value in (part.partition("=") for part in query.split("&"))]
    return [*values, *map(unquote_plus, values)]


def hidden(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret taken out, also as a far end may write it: see ``_forms``, in any case."""
    # No form is shorter than the secret itself.
    found = {secret for secret in secrets if _SHORTEST_HIDDEN <= len(secret) <= len(text)}
    forms = {form for secret in found for form in _forms(secret)}
    lowered = text.lower()
    for form in sorted(forms, key=len, reverse=True):
        # Most are not there, and to see that is quick.
        if form.lower() in lowered:
            text = re.sub(re.escape(form), "***", text, flags=re.IGNORECASE)
            lowered = text.lower()
    return text


def _texts(document: Any) -> Iterator[str]:
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _forms(secret: str) -> Iterator[str]:
    """As it is, in an address, in JSON, in HTML, in hexadecimal digits, and in base64 among other bytes."""
    yield secret
    data = secret.encode("utf-8", "replace")
    quoted = quote(secret, safe="", errors="replace")
    yield from (quoted, quote(quoted, safe=""), quote_plus(secret, errors="replace"))
    yield from (data.hex(), "".join(f"%{byte:02x}" for byte in data))
    yield from (html.escape(secret), html.escape(secret, quote=False))
    for ascii_only in (False, True):
        once = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        yield from (once, once.replace("/", "\\/"))
        # JSON that was quoted as a text, and is shown as JSON again.
        yield json.dumps(once, ensure_ascii=False)[1:-1]
    yield from _base64_forms(data)


def _base64_forms(data: bytes) -> Iterator[str]:
    """Of each place that it may have among groups of three bytes, the letters that are its alone."""
    for before in range(3):
        first = (before * 8 + 5) // 6
        last = (before + len(data)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(b"\0" * before + data).decode()[first:last]
