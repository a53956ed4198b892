"""A Board with tenants as they are in life, and the real server that shows it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI
from tenantwatch_collector.web.pages import create_web_router
from tenantwatch_collector.web.sessions import Session, Sessions

TOKEN = "tw_the_admins"
HOME = "/admin/monitoring/health"
STATES = ("unhealthy", "degraded", "unknown", "healthy")
NAMES = ("Northwind Traders", "Blue Yonder Air", "Fabrikam Health", "Contoso Retail", "Tailspin Toys")
SAW = {
    "healthy": "HTTP 200",
    "degraded": "HTTP 200, but 1,240 ms is more than 800 ms",
    "unhealthy": "HTTP 503, expected 200-399",
    "unknown": "no result for 15 min",
}


def moment(ago_seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=ago_seconds)).isoformat()


def row(index: int, state: str) -> dict[str, Any]:
    name = NAMES[index % len(NAMES)]
    return {
        "tenant_id": f"{name.split()[0].lower()}-{index:04}",
        "tenant_name": f"{name} {index}",
        "tier": ("enterprise", "professional", "starter")[index % 3],
        "state": state,
        "since": moment(400 * (index + 1)),
        "checks_total": 12,
        "checks_failing": {"unhealthy": 4, "degraded": 1}.get(state, 0),
    }


def check(index: int, state: str) -> dict[str, Any]:
    kind = ("http_endpoint", "database_connectivity", "redis_connectivity")[index % 3]
    return {
        "agent_id": f"web-{index % 4}",
        "check_id": ("shop-front", "orders-db", "session-cache")[index % 3],
        "kind": kind,
        "group": ("shop", "data", "data")[index % 3],
        "state": state,
        "since": moment(900 * (index + 1)),
        "last_result": moment(7 * index + 2),
        "response_time": 3.417 * (index + 1),
        "text": SAW[state],
        "target": (
            "https://shop.example.com/health",
            "postgresql://orders.internal/orders",
            "redis://cache:6379",
        )[index % 3],
    }


class ShownBoard:
    """Shows what a test put into it; ``touch`` tells every open page that something changed."""

    def __init__(self, states: dict[str, int] | None = None) -> None:
        counts = states or {"unhealthy": 1, "degraded": 2, "unknown": 1, "healthy": 44}
        self.tenants = [row(i, s) for i, s in enumerate(s for s in STATES for _ in range(counts.get(s, 0)))]
        self.checks = [
            check(i, s) for i, s in enumerate(("healthy", "unhealthy", "degraded", "healthy", "unknown"))
        ]
        self.alerts = [
            {
                "alert_id": "a-1",
                "tenant_id": self.tenants[0]["tenant_id"],
                "severity": "error",
                "status": "active",
                "message": "shop-front on web-1: HTTP 503, expected 200-399",
                "duration": 12.4,
            }
        ]
        self.sessions = Sessions()
        self.watching = 0
        self._version = 0
        self._closed = False
        self._changed = asyncio.Condition()

    async def close(self) -> None:
        self._closed = True
        await self.touch()

    async def touch(self) -> None:
        async with self._changed:
            self._version += 1
            self._changed.notify_all()

    async def until_watched_by(self, pages: int) -> None:
        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(lambda: self.watching == pages)

    async def sign_in(self, token: str) -> Session | None:
        return self.sessions.create("admin") if token == TOKEN else None

    async def session(self, session_id: str) -> Session | None:
        return self.sessions.get(session_id)

    async def sign_out(self, session_id: str) -> None:
        self.sessions.remove(session_id)

    async def overview(self, caller: object) -> dict[str, Any]:
        count = {state: sum(t["state"] == state for t in self.tenants) for state in STATES}
        return {
            "platform_health": {
                "overall_status": next((s for s in STATES if count[s]), "unknown"),
                "total_tenants": len(self.tenants),
                **{f"{state}_tenants": count[state] for state in STATES},
                "active_alerts": len(self.alerts),
                "sla_compliance": None,
            },
            "recent_checks": [self._recent(i) for i in range(20)] if self.tenants else [],
            "active_alerts": self.alerts[:10],
            "tenants": [dict(tenant) for tenant in self.tenants],
        }

    def _recent(self, index: int) -> dict[str, Any]:
        seen = self.checks[index % len(self.checks)]
        return {
            "tenant_id": self.tenants[index % len(self.tenants)]["tenant_id"],
            "agent_id": seen["agent_id"],
            "check_id": seen["check_id"],
            "kind": seen["kind"],
            "status": seen["state"],
            "response_time": seen["response_time"],
            "timestamp": moment(1 + index * 1.7),
            "sla_compliant": None,
            "text": seen["text"],
        }

    async def tenant(self, caller: object, tenant_id: str) -> dict[str, Any] | None:
        for tenant in self.tenants:
            if tenant["tenant_id"] == tenant_id:
                return {
                    **{key: tenant[key] for key in ("tenant_id", "tenant_name", "tier", "state", "since")},
                    "groups": [
                        {"group": "shop", "role": "critical", "state": "unhealthy"},
                        {"group": "data", "role": "important", "state": "degraded"},
                    ],
                    "checks": self.checks,
                    "resource_usage": {"cpu_percent": 37.2, "memory_percent": 71.0, "disk_percent": None},
                    "active_alerts": len(self.alerts),
                    "alerts": self.alerts,
                }
        return None

    async def alert(self, caller: object, alert_id: str) -> dict[str, Any] | None:
        for alert in self.alerts:
            if alert["alert_id"] == alert_id:
                told = {"who": "ada", "at": moment(60), "notes": alert.get("notes", "on it")}
                shown = {
                    **alert,
                    "alert_name": "http_endpoint is unhealthy",
                    "alert_description": alert["message"],
                    "status": "acknowledged",
                    "metric_name": "http_endpoint",
                    "first_occurred": moment(744),
                    "last_occurred": moment(10),
                    "occurrence_count": 7,
                    "alert_data": {},
                    "acknowledgement": told,
                    "resolution": None,
                }
                line = {"time": moment(700), "who": "", "channel": "", "outcome": "", "detail": ""}
                record = [
                    {**line, "kind": "opened"},
                    {
                        **line,
                        "kind": "firing",
                        "channel": "slack:shop",
                        "outcome": "retry",
                        "detail": "answered 503",
                    },
                    {**line, "kind": "acknowledged", "who": "ada", "detail": alert.get("notes", "on it")},
                ]
                return {"alert": shown, "timeline": record}
        return None

    async def changes(self, caller: object) -> AsyncGenerator[None, None]:
        seen = self._version
        self.watching += 1
        await self.touch_watchers()
        try:
            while not self._closed:
                async with self._changed:
                    while self._version == seen:
                        await self._changed.wait()
                    seen = self._version
                yield
        finally:
            self.watching -= 1
            await self.touch_watchers()

    async def touch_watchers(self) -> None:
        async with self._changed:
            self._changed.notify_all()


class _Server(uvicorn.Server):
    """Leaves signals to pytest and tells when it listens."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=2))
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def served(board: ShownBoard) -> AsyncIterator[str]:
    """The address of a real server that shows the board."""
    app = FastAPI()
    app.include_router(create_web_router(board))
    server = _Server(app)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            async with asyncio.timeout(60):
                await server.listening.wait()
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            await board.close()
            server.should_exit = True
            await task


@contextlib.asynccontextmanager
async def browsing(board: ShownBoard, *, signed_in: bool = True) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a real server that shows the board."""
    async with served(board) as address, httpx2.AsyncClient(base_url=address, timeout=60) as client:
        if signed_in:
            answer = await client.post("/admin/monitoring/sign-in", data={"token": TOKEN})
            assert answer.status_code == 303
        yield client
