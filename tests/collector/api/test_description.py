"""The description of the interface: OpenAPI 3.1, with examples that are right, and all that is answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel
from tenantwatch_collector import api
from tenantwatch_collector.__main__ import main
from tenantwatch_collector.api import (
    agreements,
    alerting,
    assigned,
    auditing,
    deployments,
    looks,
    measured,
    models,
    routing,
    tenancy,
)
from tenantwatch_collector.api.rest.description import examples

SENT = ("RuleBody", "RouteBody", "TenantBody", "Resolve", "Acknowledge")
MODULES = (agreements, alerting, assigned, auditing, deployments, looks, measured, models, routing, tenancy)
MODELS = {
    name: model
    for module in MODULES
    for name, model in vars(module).items()
    if isinstance(model, type) and issubclass(model, BaseModel)
}


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        written: list[str] = []
        patch.setattr("sys.stdout.write", written.append)
        assert main(["openapi"]) == 0
    found: dict[str, Any] = json.loads("".join(written))
    return found


def operations(description: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in description["paths"].items():
        if path.startswith("/api/"):
            for method, operation in methods.items():
                yield method, path, operation


def named(content: dict[str, Any]) -> str:
    """The schema of a body or an answer; empty where it has none of its own."""
    schema = content.get("application/json", {}).get("schema", {})
    chosen = next((one for one in schema.get("anyOf", []) if "$ref" in one), schema)
    return str(chosen.get("$ref", "")).rpartition("/")[2]


def test_it_is_of_the_version_that_was_promised(description: dict[str, Any]) -> None:
    assert description["openapi"].startswith("3.1.")
    assert description["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert len(list(operations(description))) > 40
    assert api.__doc__


def test_whatever_is_sent_has_an_example(description: dict[str, Any]) -> None:
    for method, path, operation in operations(description):
        name = named(operation.get("requestBody", {}).get("content", {}))
        if name:
            schema = description["components"]["schemas"][name]
            assert schema.get("examples"), f"{method} {path}: write an example of {name} into examples.json"


def test_examples_are_right() -> None:
    for name, example in examples().items():
        model = MODELS[name]
        if name.startswith("New") or name in (
            "RuleBody",
            "RouteBody",
            "TenantBody",
            "Resolve",
            "Acknowledge",
        ):
            assert model.model_validate(example)
        else:
            assert set(example) == set(model.model_json_schema(mode="serialization")["properties"]), name
        assert "tw_" not in json.dumps(example).replace("tw_...", ""), name


def test_conventions_are_described_where_they_hold(description: dict[str, Any]) -> None:
    for method, path, operation in operations(description):
        said = {parameter["name"] for parameter in operation["parameters"]}
        answers = set(operation["responses"])
        assert ("Idempotency-Key" in said) == (method == "post"), path
        assert ({"412", "428"} <= answers) == (method == "put"), path
        assert ("304" in answers) == (method == "get"), path
        assert {"401", "403", "404", "422", "429", "503"} <= answers, path
        assert operation["security"] == [{"bearer": []}]
        assert operation["x-permission"]
        for status, told in operation["responses"].items():
            assert "X-Request-Id" in told["headers"], f"{path} {status}"
