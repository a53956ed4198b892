"""The real collector and agent as processes: configured by file, ready when they say so, really killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import grpc
import httpx2
from tenantwatch_wire.v1 import query_pb2, query_pb2_grpc

from tests.ports import stable_port

READY_SECONDS = 90
# Programs are started some hundred times; where the environment forbids bytecode, each start would compile
# everything anew.
_COMPILED_ONCE = {
    "PYTHONDONTWRITEBYTECODE": "",
    "PYTHONPYCACHEPREFIX": str(Path(__file__).parents[2] / "build" / "bytecode"),
}
STOP_SECONDS = 60
Check = Mapping[str, object]


def toml(value: object) -> str:
    """A value as TOML writes it; JSON's strings, numbers and lists are TOML's too."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(each)}" for key, each in value.items()) + "}"
    return json.dumps(value)


def _tables(name: str, rows: Sequence[Check]) -> str:
    return "".join(f"[[{name}]]\n" + "".join(f"{key} = {toml(row[key])}\n" for key in row) for row in rows)


class Program:
    """One of our programs as a process; its log is kept in a file over restarts."""

    def __init__(self, module: str, log: Path, environment: Mapping[str, str]) -> None:
        self._command = [sys.executable, "-m", module]
        self._environment = {**os.environ, **_COMPILED_ONCE, **environment, "PYTHONUNBUFFERED": "1"}
        self._process: asyncio.subprocess.Process | None = None
        self._drain: asyncio.Task[None] | None = None
        self.log = log

    @property
    def pid(self) -> int:
        assert self._process is not None, "not running"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    def log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    async def run(self, *arguments: str, exit_code: int = 0) -> str:
        """Run a command to its end and return what it printed; fail with its log otherwise."""
        process = await asyncio.create_subprocess_exec(
            *self._command, *arguments, stdout=-1, stderr=-1, env=self._environment
        )
        async with asyncio.timeout(READY_SECONDS):
            output, errors = await process.communicate()
        assert process.returncode == exit_code, (
            f"{arguments} ended with {process.returncode}: {errors.decode()}"
        )
        return output.decode().strip()

    async def launch(self, *arguments: str) -> None:
        assert not self.running, "already running"
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, *arguments, stdout=asyncio.subprocess.PIPE, stderr=log, env=self._environment
            )

    async def ready_line(self, start: str) -> str:
        """The rest of the next line on stdout, which must begin so."""
        assert self._process is not None
        assert self._process.stdout is not None
        async with asyncio.timeout(READY_SECONDS):
            line = (await self._process.stdout.readline()).decode()
        assert line.startswith(start), (
            f"printed {line!r} instead of {start!r}; log: {self.log_text()[-3000:]}"
        )
        return line.removeprefix(start).strip()

    async def exit_code(self) -> int:
        """Once it has ended by itself."""
        assert self._process is not None
        async with asyncio.timeout(READY_SECONDS):
            return await self._process.wait()

    def keep_reading(self) -> None:
        """Read away whatever it prints from now on, so that it never waits for us."""
        assert self._process is not None
        assert self._process.stdout is not None
        self._drain = asyncio.create_task(_read_away(self._process.stdout))

    async def kill(self) -> None:
        """SIGKILL: no chance to finish anything."""
        await self._end(signal.SIGKILL)

    async def died(self, deadline_seconds: float = 90) -> None:
        """Return once it has ended by a SIGKILL that was not ours."""
        assert self._process is not None
        async with asyncio.timeout(deadline_seconds):
            code = await self._process.wait()
        assert code == -signal.SIGKILL, f"exit code {code}; log: {self.log_text()[-3000:]}"
        if self._drain is not None:
            await self._drain
            self._drain = None

    async def terminate(self) -> None:
        """SIGTERM; it must finish its work and exit with 0."""
        code = await self._end(signal.SIGTERM)
        assert code == 0, f"exit code {code} after SIGTERM; log: {self.log_text()[-3000:]}"

    async def _end(self, signal_number: signal.Signals) -> int:
        assert self._process is not None
        with suppress(ProcessLookupError):
            self._process.send_signal(signal_number)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                code = await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
            raise AssertionError(
                f"still running {STOP_SECONDS} s after {signal_number.name}; log: {self.log_text()[-3000:]}"
            ) from None
        if self._drain is not None:
            await self._drain
            self._drain = None
        return code

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.running:
            await self.kill()


async def _read_away(stream: asyncio.StreamReader) -> None:
    while await stream.read(65_536):
        pass


@dataclass(slots=True)
class CollectorSettings:
    """What a test wants otherwise than by default."""

    webhooks: list[str] = field(default_factory=list)
    extra: str = ""
    rules_off: tuple[str, ...] = ("flapping",)
    """Here servers come and go more often than anybody would bear to be told."""
    module: str = "tenantwatch_collector"


class Collector(Program):
    """A collector on SQLite in a folder of its own; its ports stay the same over restarts."""

    def __init__(self, folder: Path, settings: CollectorSettings | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        data = folder / "data"
        super().__init__(
            (settings or CollectorSettings()).module,
            folder / "collector.log",
            {"TENANTWATCH_DATA_FOLDER": str(data)},
        )
        self.database = data / "collector.sqlite3"
        self.grpc_address = f"127.0.0.1:{stable_port()}"
        self.rest_url = f"http://127.0.0.1:{stable_port()}"
        self.configuration = folder / "collector.toml"
        self.configuration.write_text(self._toml(settings or CollectorSettings()))

    def _toml(self, settings: CollectorSettings) -> str:
        hooks = [{"name": f"hook-{i}", "url": url} for i, url in enumerate(settings.webhooks)]
        rest = self.rest_url.removeprefix("http://")
        return (
            f"[grpc]\nlisten = {toml(self.grpc_address)}\n[rest]\nlisten = {toml(rest)}\n"
            + f"{settings.extra}\n[rules]\noff = {toml(list(settings.rules_off))}\n"
            + _tables("notify.webhooks", hooks)
        )

    async def command(self, *arguments: str) -> str:
        return await self.run(*arguments, "--config", str(self.configuration))

    async def verify(self, folder: Path, report: Mapping[str, Any], export: str) -> str:
        """What `sla verify` says of a report and an export, which become files; no server is asked."""
        files = folder / "report.json", folder / "export.jsonl"
        files[0].write_text(json.dumps(report))
        files[1].write_text(export)
        return await self.run("sla", "verify", *map(str, files))

    async def create_tenant(self, tenant_id: str, tier: str = "professional") -> None:
        await self.command("tenant", "create", tenant_id, "--name", tenant_id.title(), "--tier", tier)

    async def create_token(self, tenant_id: str, *, agent: bool = False, subject: str = "") -> str:
        """A tenant's token, or one for its agents; an admin's where no tenant is named."""
        whose = ["--tenant", tenant_id] if tenant_id else ["--admin"]
        whose += ["--subject", subject] if subject else []
        return await self.command("token", "create", *whose, *(["--agent"] if agent else []))

    async def start(self) -> None:
        """Return when it serves."""
        await self.launch("run", "--config", str(self.configuration))
        assert await self.ready_line("grpc listening on ") == self.grpc_address
        assert await self.ready_line("rest listening on ") == self.rest_url
        self.keep_reading()


class Agent(Program):
    """An agent with a spool of its own, which it keeps over restarts."""

    def __init__(
        self,
        folder: Path,
        agent_id: str,
        address: str,
        token: str,
        checks: Sequence[Check],
        ca_file: Path | None = None,
        extra: str = "",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__("tenantwatch_agent", folder / "agent.log", {})
        self.agent_id = agent_id
        self.data = folder / "data"
        self._configuration = folder / "agent.toml"
        secret = folder / "token"
        secret.touch(mode=0o600)
        secret.write_text(token)
        self._configuration.write_text(
            f"agent_id = {toml(agent_id)}\ndata_folder = {toml(str(self.data))}\n"
            f"[collector]\naddress = {toml(address)}\ntoken_file = {toml(str(secret))}\n"
            + ("" if ca_file is None else f"ca_file = {toml(str(ca_file))}\n")
            + f"{extra}\n"
            + _tables("checks", checks)
        )

    async def start(self) -> None:
        """Launch it. It is at work when its results arrive: that is for the test to await."""
        await self.launch("run", "--config", str(self._configuration))
        self.keep_reading()

    async def status(self) -> Any:
        """What the running agent says of itself, be it well or not."""
        arguments = ("status", "--json", "--config", str(self._configuration))
        process = await asyncio.create_subprocess_exec(
            *self._command, *arguments, stdout=-1, stderr=-1, env=self._environment
        )
        async with asyncio.timeout(READY_SECONDS):
            output, errors = await process.communicate()
        assert process.returncode in (0, 3), errors.decode()
        return json.loads(output)

    def reload(self, checks: Sequence[Check]) -> None:
        """Write other checks into its conf.d and tell it."""
        assert self._process is not None
        folder = self._configuration.parent / "conf.d"
        folder.mkdir(exist_ok=True)
        (folder / "more.toml").write_text(_tables("checks", checks))
        self._process.send_signal(signal.SIGHUP)


class Caller:
    """Someone with a token who asks by REST and gRPC."""

    def __init__(self, collector: Collector, token: str, timeout_seconds: float = 60) -> None:
        self._headers = {"authorization": f"Bearer {token}"}
        self._metadata = tuple(self._headers.items())
        self._http = httpx2.AsyncClient(
            base_url=collector.rest_url, headers=self._headers, trust_env=False, timeout=timeout_seconds
        )
        self._channel = grpc.aio.insecure_channel(collector.grpc_address)
        self.query = query_pb2_grpc.QueryServiceStub(self._channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()
        await self._channel.close()

    async def get(self, path: str, status: int = 200) -> Any:
        """JSON of a REST answer under /api/v1/monitoring."""
        response = await self._got(path)
        assert response.status_code == status, f"{path}: {response.status_code} {response.text}"
        return response.json()

    async def text(self, path: str) -> str:
        """A REST answer that is text."""
        return (await self.bytes(path)).decode()

    async def bytes(self, path: str) -> bytes:
        """A REST answer as it is."""
        response = await self._got(path)
        assert response.status_code == 200, f"{path}: {response.status_code} {response.text}"
        return response.content

    async def _got(self, path: str) -> httpx2.Response:
        """Asks again where the answer says so: what was received is not judged yet, as on a busy machine."""
        async with asyncio.timeout(READY_SECONDS):
            while True:
                response = await self._http.get(f"/api/v1/monitoring{path}")
                if response.status_code != 503 or response.json()["title"] != "not done yet":
                    return response

    async def send(self, method: str, path: str, body: Any, status: int, *, new: bool = False) -> Any:
        """JSON of the answer to a request with a body; None where there is none. A PUT replaces what is
        there, unless it is said to be new."""
        headers = {"If-None-Match" if new else "If-Match": "*"} if method == "PUT" else None
        response = await self._http.request(method, f"/api/v1/monitoring{path}", json=body, headers=headers)
        assert response.status_code == status, f"{path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    async def ask(self, operation: str, request: Any) -> Any:
        """Answer of a gRPC query."""
        return await getattr(self.query, operation)(request, metadata=self._metadata, timeout=60)

    async def wait_checks(
        self, tenant_id: str, states: Mapping[str, str], deadline_seconds: float = 90
    ) -> Any:
        """The tenant's health as streamed, once the checks named are in the states named."""
        wanted = {
            check: query_pb2.HealthState.Value(f"HEALTH_STATE_{word.upper()}")
            for check, word in states.items()
        }
        request = query_pb2.WatchHealthRequest(tenant_id=tenant_id)
        seen: dict[str, int] = {}
        call = self.query.WatchHealth(request, metadata=self._metadata)
        try:
            async with asyncio.timeout(deadline_seconds):
                async for answer in call:
                    seen = {check.check_id: check.state for check in answer.health.checks}
                    if wanted.items() <= seen.items():
                        return answer.health
        except TimeoutError:
            raise AssertionError(f"wanted {wanted}, last seen {seen}") from None
        finally:
            call.cancel()
        raise AssertionError(f"the stream of {tenant_id}'s health ended at {seen}")
