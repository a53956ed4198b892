"""A Kubernetes API served locally: lists in pages, demands a login, keeps to what roles allow.

Objects have the shape of a real cluster's answers, with the fields that clients read.
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.http1 import HttpServer, Request, Response

TOKEN = "hunter2-never-shown"
Object = dict[str, Any]


class KubernetesApi(HttpServer):
    """``objects`` are by path; ``forbidden`` needs another role, ``silent`` hangs; no ``token``: open."""

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, list[Object]] = {}
        self.forbidden: set[str] = set()
        self.failing: dict[str, int] = {}
        self.silent: set[str] = set()
        self.token = TOKEN
        self.refusal = "Unauthorized"
        self.requests: list[str] = []

    def put(
        self, resource: str, *items: Object, namespace: str = "shop", group: str = "apis/apps/v1"
    ) -> None:
        self.objects[f"/{group}/namespaces/{namespace}/{resource}"] = list(items)

    def put_pods(self, *items: Object, namespace: str = "shop") -> None:
        self.put("pods", *items, namespace=namespace, group="api/v1")

    def put_usage(self, *items: Object, namespace: str = "shop") -> None:
        self.put("pods", *items, namespace=namespace, group="apis/metrics.k8s.io/v1beta1")

    async def answer(self, request: Request) -> Response:
        parts = urlsplit(request.path)
        self.requests.append(request.path)
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return _status(401, self.refusal.format(request.headers.get("authorization")))
        if parts.path in self.silent:
            await asyncio.Event().wait()
        if parts.path in self.failing:
            return _status(self.failing[parts.path], "the server is currently unable to handle the request")
        if parts.path in self.forbidden:
            resource = parts.path.rpartition("/")[2]
            return _status(
                403,
                f'{resource} is forbidden: User "system:serviceaccount:tenantwatch:agent" cannot list'
                f' resource "{resource}" in API group "" in the namespace "shop"',
            )
        if parts.path not in self.objects:
            empty = not parts.path.startswith("/apis/metrics.k8s.io/")
            return (
                _page([], "") if empty else _status(404, "the server could not find the requested resource")
            )
        return self._page(self.objects[parts.path], parse_qs(parts.query))

    def _page(self, items: list[Object], query: dict[str, list[str]]) -> Response:
        if "labelSelector" in query:
            name, _, value = query["labelSelector"][0].partition("=")
            items = [item for item in items if item["metadata"].get("labels", {}).get(name) == value]
        begin, limit = int(query.get("continue", ["0"])[0]), int(query.get("limit", ["500"])[0])
        rest = str(begin + limit) if begin + limit < len(items) else ""
        return _page(items[begin : begin + limit], rest)


def _page(items: list[Object], rest: str) -> Response:
    metadata = {"resourceVersion": "10245"} | ({"continue": rest} if rest else {})
    document = {"kind": "List", "apiVersion": "v1", "metadata": metadata, "items": items}
    return Response(200, json.dumps(document).encode(), "application/json")


def _status(code: int, message: str) -> Response:
    document = {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
        "reason": HTTPStatus(code).phrase.replace(" ", ""), "code": code,
    }  # fmt: skip
    return Response(code, json.dumps(document).encode(), "application/json")


def pod(
    name: str,
    phase: str = "Running",
    restarts: int = 0,
    waiting: str = "",
    killed_at: str = "",
    resources: Object | None = None,
    **labels: str,
) -> Object:
    """One with a single container ``app``, made an hour ago."""
    created = f"{datetime.now(UTC) - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    state: Object = {"running": {"startedAt": created}}
    if waiting:
        state = {"waiting": {"reason": waiting, "message": "back-off 5m0s restarting failed container"}}
    ended = {"exitCode": 137, "reason": "OOMKilled", "finishedAt": killed_at}
    ready = phase == "Running" and not waiting
    status = {
        "phase": phase,
        "conditions": [{"type": "Ready", "status": str(ready), "lastTransitionTime": created}],
        "containerStatuses": [
            {
                "name": "app", "ready": ready, "restartCount": restarts, "state": state, "started": ready,
                "lastState": {"terminated": ended} if killed_at else {}, "image": "shop:1.4",
            }
        ],
    }  # fmt: skip
    metadata = {
        "name": name, "namespace": "shop", "uid": f"uid-{name}", "creationTimestamp": created,
        "labels": labels,
    }  # fmt: skip
    containers = [{"name": "app", "image": "shop:1.4", "resources": resources or {}}]
    return {"metadata": metadata, "spec": {"nodeName": "node-1", "containers": containers}, "status": status}


def replicated(name: str, desired: int, ready: int) -> Object:
    """A deployment or a stateful set; the API leaves out a count of none."""
    status: Object = {"observedGeneration": 3, "replicas": desired}
    return {
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"replicas": desired},
        "status": status | ({"readyReplicas": ready} if ready else {}),
    }


def daemon_set(name: str, desired: int, ready: int) -> Object:
    status = {"desiredNumberScheduled": desired, "currentNumberScheduled": desired, "numberReady": ready}
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": {}, "status": status}


def node(name: str, **conditions: str) -> Object:
    found = {"MemoryPressure": "False", "DiskPressure": "False", "PIDPressure": "False", "Ready": "True"}
    listed = [{"type": kind, "status": status} for kind, status in (found | conditions).items()]
    return {"metadata": {"name": name}, "spec": {}, "status": {"conditions": listed}}


def usage(name: str, cpu: str, memory: str) -> Object:
    containers = [{"name": "app", "usage": {"cpu": cpu, "memory": memory}}]
    return {"metadata": {"name": name, "namespace": "shop"}, "window": "15.1s", "containers": containers}
