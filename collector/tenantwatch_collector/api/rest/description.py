"""The description of the interface (OpenAPI 3.1): what all paths have in common, and examples."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API token of the collector (`tw_...`), or a JWT of the issuer in `[jwt]`.",
    }
}
_TEXT = {"type": "string"}


def _header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "schema": _TEXT, "description": description}


_ASKED = {
    "get": [_header("If-None-Match", "the ETag that one has already: 304 if it is still that")],
    "put": [
        _header("If-Match", "the ETag of what is changed, or *; needed where there is one already"),
        _header("If-None-Match", "* : only if there is none yet"),
    ],
    "delete": [_header("If-Match", "the ETag of what is removed")],
    "post": [_header("Idempotency-Key", "16 to 128 visible characters: the same again is done once")],
}
_TOLD = {
    "X-Request-Id": "the request's id, as logs name it",
    "RateLimit": "what is left of the caller's requests",
    "RateLimit-Policy": "how many requests the caller has a minute",
}


def complete(description: dict[str, Any]) -> dict[str, Any]:
    """The description with security, headers, problem details and examples; twice is the same as once."""
    description["components"]["securitySchemes"] = _SECURITY
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            _tell_problems(operation)
            if path.startswith("/api/"):
                _tell_conventions(method, operation)
    for name, example in examples().items():
        if name in description["components"]["schemas"]:
            description["components"]["schemas"][name]["examples"] = [example]
    return description


def examples() -> dict[str, Any]:
    """An example of each thing that is sent or answered, by the name of its schema."""
    text = (resources.files("tenantwatch_collector.api.rest") / "examples.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def _tell_problems(operation: dict[str, Any]) -> None:
    for status, answer in operation["responses"].items():
        if status >= "400":
            answer["content"] = _PROBLEM


def _tell_conventions(method: str, operation: dict[str, Any]) -> None:
    operation["security"] = [{"bearer": []}]
    parameters = operation.setdefault("parameters", [])
    known = {parameter["name"] for parameter in parameters}
    parameters += [one for one in _ASKED.get(method, []) if one["name"] not in known]
    responses = operation["responses"]
    if method == "get":
        responses["304"] = {"description": "it is what If-None-Match names"}
    for status in {"412", "428"} & set(responses):
        if not (method == "put" or (method == "delete" and status == "412")):
            del responses[status]
    for status, answer in responses.items():
        told = dict(_TOLD) if status != "401" else {"X-Request-Id": _TOLD["X-Request-Id"]}
        if status in ("200", "304") and method in ("get", "put"):
            told["ETag"] = "of what is there"
        answer["headers"] = {name: {"schema": _TEXT, "description": text} for name, text in told.items()}
