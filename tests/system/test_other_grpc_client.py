"""Scenario 5: a gRPC client that is not Python explores the collector and reads a tenant's health."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.http_target import HttpTarget
from tests.npm_tools import buf
from tests.system.ground import TENANT, Ground, ground, http_check

pytestmark = pytest.mark.system


async def _buf_curl(program: str, *arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        program, "curl", "--protocol", "grpc", "--http2-prior-knowledge", *arguments, stdout=-1, stderr=-1
    )
    async with asyncio.timeout(90):
        output, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode(), errors.decode()


async def _call(program: str, here: Ground, method: str, body: dict[str, str]) -> Any:
    url = f"http://{here.collector.grpc_address}/{method}"
    header = f"authorization: Bearer {here.tenant_token}"
    code, output, errors = await _buf_curl(program, "--header", header, "--data", json.dumps(body), url)
    assert code == 0, errors
    return json.loads(output)


async def test_a_client_that_is_not_python_explores_and_reads(tmp_path: Path) -> None:
    program = await asyncio.to_thread(buf, "a gRPC client that is not Python")
    async with HttpTarget() as web, ground(tmp_path) as here, here.caller() as tenant:
        async with here.agent([http_check("web", f"{web.url}/health")]) as agent:
            await agent.start()
            await tenant.wait_checks(TENANT, {"web": "healthy"})
            code, services, errors = await _buf_curl(
                program, "--list-services", f"http://{here.collector.grpc_address}"
            )
            assert code == 0, errors
            assert {
                "grpc.health.v1.Health",
                "tenantwatch_wire.v1.AgentService",
                "tenantwatch_wire.v1.QueryService",
            } <= set(services.split())
            serving = await _call(program, here, "grpc.health.v1.Health/Check", {})
            assert serving == {"status": "SERVING"}
            query = "tenantwatch_wire.v1.QueryService"
            health = (await _call(program, here, f"{query}/GetHealth", {"tenantId": TENANT}))["health"]
            assert (health["tenantId"], health["state"]) == (TENANT, "HEALTH_STATE_HEALTHY")
            assert [check["checkId"] for check in health["checks"]] == ["web"]
            await agent.terminate()
        code, _, errors = await _buf_curl(
            program, "--data", "{}", f"http://{here.collector.grpc_address}/{query}/ListTenants"
        )
        assert code != 0
        assert "unauthenticated" in errors.lower()
