"""`try`: a collector and an agent that watches this machine, with everything they need made on the way."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
import time
from pathlib import Path

from tenantwatch_collector.access.permissions import Role
from tenantwatch_collector.app import run
from tenantwatch_collector.commands.access import create_tenant, local_caller
from tenantwatch_collector.config import CollectorConfig, GrpcListener, RestListener
from tenantwatch_collector.doors import bound_socket
from tenantwatch_collector.errors import ConfigurationError, NotAuthenticated
from tenantwatch_collector.identity import Authenticator, issue_token
from tenantwatch_collector.store.base import Place, Store, Tenant
from tenantwatch_collector.store.opening import open_store

TENANT_ID = "this-machine"
DASHBOARD_PATH = "/admin/monitoring/health"
FIRST_RESULTS = 12
_FIRST_RESULTS_SECONDS = 60


async def run_trial(config: CollectorConfig, rest_port: int, grpc_port: int) -> None:
    """Run until Ctrl-C. Never needs root and never asks; a second run goes on with the data kept."""
    config = config.model_copy(
        update={
            "rest": RestListener(listen=f"127.0.0.1:{_free_port(rest_port)}"),
            "grpc": GrpcListener(listen=f"127.0.0.1:{_free_port(grpc_port)}"),
        }
    )
    config = config.model_copy(update={"dashboard_url": f"http://{config.rest.listen}"})
    config.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = await open_store(config.store_path)
    tenant = await create_tenant(store, TENANT_ID, socket.gethostname(), "professional")
    admin_file = await _token_file(store, config.folder / "admin-token", "admin", None)
    agent_file = await _token_file(store, config.folder / "agent-token", "agent", tenant)
    started_us = time.time_ns() // 1000
    helpers: list[asyncio.Task[None]] = []

    def ready(grpc_address: str, rest_address: str) -> None:
        _greet(config, rest_address, admin_file)
        settings = config.folder / "agent.toml"
        _write_secret(settings, _agent_settings(config, grpc_address, rest_address, agent_file))
        helpers.append(asyncio.create_task(_keep_agent(settings, config.folder / "agent.log")))
        helpers.append(asyncio.create_task(_show_first_results(store, tenant, started_us)))

    try:
        await run(config, ready, stop_first=lambda: _end(helpers))
    finally:
        await _end(helpers)
        await store.close()
        print("stopped; the data is kept in", config.folder, flush=True)


async def _end(helpers: list[asyncio.Task[None]]) -> None:
    for task in helpers:
        task.cancel()
    if helpers:
        await asyncio.wait(helpers)


def _free_port(first: int) -> int:
    for port in range(first, min(first + 100, 65536)):
        with contextlib.suppress(ConfigurationError), bound_socket(RestListener(listen=f"127.0.0.1:{port}")):
            return port
    raise ConfigurationError(f"no port from {first} to {first + 99} is free")


async def _token_file(store: Store, path: Path, role: str, tenant: Tenant | None) -> Path:
    """A file of mode 0600 with a valid token of that role: the one of an earlier run, or a new one."""
    with contextlib.suppress(NotAuthenticated):
        await Authenticator(store).caller(_read_secret(path), role)
        return path
    subject = local_caller().subject if role == Role.ADMIN else ""
    _, secret = await issue_token(store, role, tenant, f"made by `try` for {path.name}", subject=subject)
    _write_secret(path, secret)
    return path


def _read_secret(path: Path) -> str:
    return path.read_text("utf-8").strip() if path.exists() else ""


def _write_secret(path: Path, secret: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret + "\n")


def _greet(config: CollectorConfig, rest_address: str, admin_file: Path) -> None:
    print(f"\n  dashboard   {rest_address}{DASHBOARD_PATH}")
    print(f"  sign in     with the token in {admin_file}")
    print(f"  REST        {rest_address}/openapi.json")
    print(f"  gRPC        {config.grpc.listen}")
    print(f"  data        {config.folder}")
    print("  stop        Ctrl-C\n", flush=True)


def _agent_settings(config: CollectorConfig, grpc_address: str, rest_address: str, token: Path) -> str:
    checks = [
        _check("this-host", "host_resources", interval_seconds=15),
        _check("collector-rest", "http_endpoint", interval_seconds=15, url=f"{rest_address}/readyz"),
        _check("collector-grpc", "tcp_connection", interval_seconds=15, address=grpc_address),
        *_servers_here(),
    ]
    head = (
        "# Written anew by every `make run`; copy it to keep your changes.\n"
        f"agent_id = {json.dumps(socket.gethostname() or 'this-host')}\n"
        f"data_folder = {json.dumps(str(config.folder / 'agent'))}\n\n"
        f"[collector]\naddress = {json.dumps(grpc_address)}\ntoken_file = {json.dumps(str(token))}\n"
    )
    return "\n".join([head, *checks])


def _check(name: str, kind: str, **settings: object) -> str:
    lines = [f"{key} = {json.dumps(value)}" for key, value in {"id": name, "kind": kind, **settings}.items()]
    return "\n".join(["[[checks]]", *lines, ""])


def _servers_here() -> list[str]:
    """PostgreSQL and Redis, if they listen here: logged in to where they let us, else connected to."""
    found = []
    for name, port, kind, url, admits in (
        (
            "postgresql",
            5432,
            "database_connectivity",
            "postgresql://127.0.0.1:5432/postgres",
            _postgres_admits,
        ),
        ("redis", 6379, "redis_connectivity", "redis://127.0.0.1:6379/0", _redis_admits),
    ):
        if not _listens(port):
            continue
        if admits(url):
            found.append(_check(name, kind, interval_seconds=15, url=url))
        else:
            found.append(_check(name, "tcp_connection", interval_seconds=15, address=f"127.0.0.1:{port}"))
    return found


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5):
        return True
    return False


def _postgres_admits(url: str) -> bool:
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=2):
            return True
    except psycopg.Error:
        return False


def _redis_admits(url: str) -> bool:
    with (
        contextlib.suppress(OSError),
        socket.create_connection(("127.0.0.1", 6379), timeout=0.5) as connection,
    ):
        connection.sendall(b"PING\r\n")
        return connection.recv(16).startswith(b"+PONG")
    return False


async def _keep_agent(settings: Path, log_file: Path) -> None:
    """The agent as a process of its own, started again should it end; ended when this task is cancelled."""
    while True:
        descriptor = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab") as log:
            # One of an earlier version was everybody's to read.
            os.fchmod(log.fileno(), 0o600)
            agent = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tenantwatch_agent", "run", "--config", str(settings)),
                stdout=log,
                stderr=log,
                # Ctrl-C in the terminal is ours to pass on, after the results are in.
                start_new_session=True,
            )
        try:
            code = await agent.wait()
        except asyncio.CancelledError:
            with contextlib.suppress(ProcessLookupError):
                agent.terminate()
            await agent.wait()
            raise
        print(f"the agent ended with code {code}; its log: {log_file}", flush=True)
        await asyncio.sleep(2)


async def _show_first_results(store: Store, tenant: Tenant, since_us: int) -> None:
    shown: set[Place] = set()
    deadline = time.monotonic() + _FIRST_RESULTS_SECONDS
    while len(shown) < FIRST_RESULTS and time.monotonic() < deadline:
        for result in reversed(await store.recent_results(tenant.tenant_key, FIRST_RESULTS)):
            if result.place in shown or result.time_us < since_us:
                continue
            shown.add(result.place)
            took = "" if result.latency_us is None else f"{result.latency_us / 1000:.1f} ms"
            print(f"  {result.status.word:10} {result.check_id:16} {took:>10}  {result.text}", flush=True)
        await asyncio.sleep(0.5)
    print("  (more on the dashboard)", flush=True)
