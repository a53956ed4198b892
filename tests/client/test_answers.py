"""The client's types are those of the API: every field is there and is of that type."""

from __future__ import annotations

import pkgutil
import types
from importlib import import_module
from typing import Any, Union, get_args, get_origin, get_type_hints, is_typeddict

import httpx2
import pytest
from tenantwatch_client import areas
from tenantwatch_client.areas.levels import ServiceLevel

from tests.client.conftest import Served

NOT_DESCRIBED = {"ServiceLevel"}
"""Answered as it is written into reports: its own schema says object, so it is compared with an answer."""

TYPES = {
    name: kind
    for module in pkgutil.iter_modules(areas.__path__, f"{areas.__name__}.")
    for name, kind in vars(import_module(module.name)).items()
    if is_typeddict(kind)
}
_PLAIN = {str: "string", float: "number", int: "integer", bool: "boolean", type(None): "null"}


@pytest.fixture(scope="session")
def schemas(served: Served) -> dict[str, Any]:
    described = httpx2.get(f"{served.url}/openapi.json", trust_env=False).json()
    found: dict[str, Any] = described["components"]["schemas"]
    return found


@pytest.mark.parametrize("name", sorted(set(TYPES) - NOT_DESCRIBED))
def test_every_field_is_in_the_api(name: str, schemas: dict[str, Any]) -> None:
    properties = schemas[name]["properties"]
    for field, kind in get_type_hints(TYPES[name]).items():
        assert field in properties, f"{name} has no {field} in the API"
        assert allows(kind, properties[field], schemas), f"{name}.{field} is {properties[field]}"


def test_a_service_level_has_every_field(served: Served) -> None:
    headers = {"Authorization": f"Bearer {served.token}"}
    with httpx2.Client(base_url=served.url, headers=headers, trust_env=False) as http:
        body = {"tenant_name": served.name()}
        made = http.post("/api/v1/tenant-orchestration/deployments", json=body).json()
        level = http.get(f"/api/v1/monitoring/sla/{made['tenant_id']}").json()
    assert set(get_type_hints(ServiceLevel)) <= set(level)


def allows(kind: Any, schema: dict[str, Any], schemas: dict[str, Any]) -> bool:
    """Whether the type takes whatever the schema may hold."""
    if kind is Any:
        return True
    if "anyOf" in schema:
        return all(allows(kind, each, schemas) for each in schema["anyOf"])
    if get_origin(kind) in (types.UnionType, Union):
        return any(allows(each, schema, schemas) for each in get_args(kind))
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if is_typeddict(kind):
            return bool(kind.__name__ == name)
        return kind is dict or get_origin(kind) is dict or allows(kind, schemas[name], schemas)
    if get_origin(kind) is list:
        return schema.get("type") == "array" and allows(get_args(kind)[0], schema["items"], schemas)
    if get_origin(kind) is dict:
        return schema.get("type") == "object"
    wanted = _PLAIN.get(kind)
    given = schema.get("type", "string" if "const" in schema else None)
    return given == wanted or (wanted == "number" and given == "integer")
