"""`kubernetes_metrics`: a namespace's replicas, restarts, pending pods, memory kills and use; nodes."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tenantwatch_wire.records import Status

from tenantwatch_agent.checks.base import Outcome
from tenantwatch_agent.checks.findings import Findings, Limit, Metrics
from tenantwatch_agent.checks.http.failure import ProbeFailed
from tenantwatch_agent.checks.kubernetes import objects
from tenantwatch_agent.checks.kubernetes.access import Access, from_kubeconfig, in_cluster
from tenantwatch_agent.checks.kubernetes.api import Api, ApiFailed
from tenantwatch_agent.errors import CheckerFailed, ConfigurationError

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_MOST_NAMED = 5
_WORKLOADS = ("deployment", "statefulset", "daemonset")
_USE_SECONDS = 3.0
"""A metrics server that hangs has failed, and not the namespace."""
_GRANT = "grant the role of deploy/kubernetes/agent/rbac.yaml"


@dataclass(frozen=True, slots=True)
class Settings:
    """Keys of ``[[checks]]`` with kind kubernetes_metrics."""

    namespace: str = ""
    label_selector: str = ""
    kubeconfig: Path | None = None
    context: str = ""
    nodes: bool = False
    restarts_degraded: float | None = 0.0
    restarts_unhealthy: float | None = None
    pending_degraded_seconds: float | None = 300.0
    pending_unhealthy_seconds: float | None = None
    cpu_degraded_percent: float | None = None
    cpu_unhealthy_percent: float | None = None
    memory_degraded_percent: float | None = 90.0
    memory_unhealthy_percent: float | None = None


class KubernetesMetrics:
    """Restarts and kills are those since the look before; the first look only begins to count."""

    def __init__(self, settings: Settings) -> None:
        if settings.namespace and not _NAME.fullmatch(settings.namespace):
            raise ConfigurationError(f"namespace {settings.namespace!r} is not a name of a namespace")
        if settings.context and settings.kubeconfig is None:
            raise ConfigurationError("context belongs to kubeconfig")
        self._settings = settings
        self._restarts = Limit.read(settings, "restarts", "")
        self._pending = Limit.read(settings, "pending", "seconds", "pending for")
        self._used = {name: Limit.read(settings, name, "percent") for name in objects.RESOURCES}
        self._restarted: dict[tuple[str, str], int] | None = None
        self._killed: set[tuple[str, str, str]] | None = None
        self._api: Api | None = None
        self.target = f"namespace {settings.namespace or 'of the login'}"

    @property
    def phase(self) -> str:
        return "log in" if self._api is None else self._api.phase

    async def look(self) -> Outcome:
        self._api = None
        access = self._access()
        namespace = self._settings.namespace or access.namespace
        self._api = api = Api(access)
        findings, metrics = Findings(), Metrics()
        try:
            note = await self._ask(api, namespace, findings, metrics)
        except ProbeFailed as error:
            return Outcome(Status.UNHEALTHY, f"the API server: {error}", None, metrics)
        except ApiFailed as error:
            if error.status == 401:
                raise CheckerFailed(f"the API server refuses the login: {error}") from None
            if error.status == 403:
                raise CheckerFailed(f"{error}; {_GRANT}") from None
            return Outcome(Status.UNHEALTHY, f"the API server: {error}", None, metrics)
        pods, ready = metrics.get("pods", 0), metrics.get("pods_ready", 0)
        text = "; ".join(filter(None, (f"{ready:.0f} of {pods:.0f} pods ready", note)))
        outcome = findings.outcome(text, api.first_us, metrics)
        if note and outcome.status is not Status.HEALTHY:
            return Outcome(outcome.status, f"{outcome.text}; {note}", outcome.latency_us, outcome.metrics)
        return outcome

    def _access(self) -> Access:
        # Anew each time: files are small, and logins are rotated.
        if self._settings.kubeconfig is None:
            return in_cluster()
        return from_kubeconfig(self._settings.kubeconfig, self._settings.context)

    async def _ask(self, api: Api, namespace: str, findings: Findings, metrics: Metrics) -> str:
        selector = self._settings.label_selector
        at = f"/api/v1/namespaces/{namespace}/pods"
        pods = [objects.read_pod(item) for item in await api.list(at, "pods", labelSelector=selector)]
        workloads = []
        for kind in _WORKLOADS:
            at = f"/apis/apps/v1/namespaces/{namespace}/{kind}s"
            found = await api.list(at, f"{kind}s", labelSelector=selector)
            workloads += [objects.read_workload(kind, item) for item in found]
        if not pods and not workloads:
            findings.add(Status.DEGRADED, f"there are neither pods nor workloads in namespace {namespace}")
        self._judge_workloads(workloads, findings, metrics)
        self._judge_pods(pods, findings, metrics)
        if self._settings.nodes:
            items = await api.list("/api/v1/nodes", "nodes")
            _judge_nodes([objects.read_node(item) for item in items], findings, metrics)
        return await self._judge_use(api, namespace, pods, findings, metrics)

    def _judge_workloads(
        self, workloads: list[objects.Workload], findings: Findings, metrics: Metrics
    ) -> None:
        metrics.put("replicas_desired", sum(one.desired for one in workloads))
        metrics.put("replicas_ready", sum(one.ready for one in workloads))
        lacking = [one for one in workloads if one.ready < one.desired]
        for status, some in (
            (Status.UNHEALTHY, [one for one in lacking if one.ready == 0]),
            (Status.DEGRADED, [one for one in lacking if one.ready > 0]),
        ):
            if some:
                findings.add(
                    status, _named(f"{one.name}: {one.ready} of {one.desired} ready" for one in some)
                )

    def _judge_pods(self, pods: list[objects.Pod], findings: Findings, metrics: Metrics) -> None:
        running = [pod for pod in pods if pod.phase != "Succeeded"]
        metrics.put("pods", len(running))
        metrics.put("pods_ready", sum(pod.ready for pod in running))
        metrics.put("pods_failed", sum(pod.phase == "Failed" for pod in pods))
        self._judge_pending(running, findings, metrics)
        waiting = [
            f"pod {pod.name}: {one.waiting}"
            for pod in running
            for one in pod.containers
            if one.waiting not in ("", "ContainerCreating", "PodInitializing")
        ]
        if waiting:
            findings.add(Status.DEGRADED, _named(waiting))
        self._judge_restarts(pods, findings, metrics)
        self._judge_kills(pods, findings, metrics)

    def _judge_pending(self, pods: list[objects.Pod], findings: Findings, metrics: Metrics) -> None:
        pending = [pod for pod in pods if pod.phase == "Pending"]
        metrics.put("pods_pending", len(pending))
        ages = [time.time() - pod.created_at for pod in pending if pod.created_at is not None]
        if ages:
            metrics.put("pending_seconds", max(0.0, *ages))
            findings.judge(self._pending, max(ages))

    def _judge_restarts(self, pods: list[objects.Pod], findings: Findings, metrics: Metrics) -> None:
        now = {(pod.uid, one.name): one.restarts for pod in pods for one in pod.containers}
        metrics.put("restarts_total", sum(now.values()))
        before, self._restarted = self._restarted, now
        if before is not None:
            # A pod that is new since then restarted as often as it says.
            new = sum(max(0, count - before.get(key, 0)) for key, count in now.items())
            metrics.put("restarts", new)
            findings.judge(self._restarts, new)

    def _judge_kills(self, pods: list[objects.Pod], findings: Findings, metrics: Metrics) -> None:
        kills = {
            (pod.uid, one.name, one.killed_at): f"pod {pod.name}: {one.name} was killed for its memory"
            for pod in pods
            for one in pod.containers
            if one.killed_at
        }
        before, self._killed = self._killed, set(kills)
        if before is not None:
            new = [text for key, text in kills.items() if key not in before]
            metrics.put("memory_kills", len(new))
            if new:
                findings.add(Status.DEGRADED, _named(new))

    async def _judge_use(
        self, api: Api, namespace: str, pods: list[objects.Pod], findings: Findings, metrics: Metrics
    ) -> str:
        """What is used, of what was requested and allowed; returns a note where nobody tells."""
        at = f"/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods"
        try:
            async with asyncio.timeout(_USE_SECONDS):
                items = await api.list(at, "use of pods", labelSelector=self._settings.label_selector)
        except TimeoutError:
            return f"no use of CPU and memory: the metrics server does not answer within {_USE_SECONDS:g} s"
        except ProbeFailed as error:
            return f"no use of CPU and memory: the metrics server: {error}"
        except ApiFailed as error:
            if error.status == 404:
                return "no use of CPU and memory: the cluster has no metrics server"
            if error.status == 403:
                return f"no use of CPU and memory: {error}; {_GRANT}"
            return f"no use of CPU and memory: the metrics server: {error}"
        used = objects.read_usage(items)
        for name in objects.RESOURCES:
            self._judge_resource(name, pods, used, findings, metrics)
        return ""

    def _judge_resource(
        self,
        name: str,
        pods: list[objects.Pod],
        used: dict[tuple[str, str], dict[str, float]],
        findings: Findings,
        metrics: Metrics,
    ) -> None:
        unit = "cores" if name == "cpu" else "bytes"
        metrics.put(f"{name}_{unit}", sum(one.get(name, 0.0) for one in used.values()))
        both = [(one, used[pod.name, one.name]) for pod in pods for one in pod.containers
                if (pod.name, one.name) in used]  # fmt: skip
        for word in ("request", "limit"):
            given = [
                (use.get(name, 0.0), table[name])
                for one, use in both
                if (table := one.requests if word == "request" else one.limits).get(name)
            ]
            if given:
                together = 100 * sum(use for use, _ in given) / sum(bound for _, bound in given)
                metrics.put(f"{name}_{word}_percent", together)
                if word == "limit":
                    worst = max(100 * use / bound for use, bound in given)
                    metrics.put(f"{name}_limit_percent_worst", worst)
                    findings.judge(self._used[name], worst)


def _judge_nodes(nodes: list[objects.Node], findings: Findings, metrics: Metrics) -> None:
    ready = [node for node in nodes if node.ready]
    metrics.put("nodes", len(nodes))
    metrics.put("nodes_ready", len(ready))
    worst = Status.DEGRADED if ready else Status.UNHEALTHY
    if lost := [f"node {node.name} is not ready" for node in nodes if not node.ready]:
        findings.add(worst, _named(lost))
    if troubled := [f"node {node.name}: {', '.join(node.troubles)}" for node in nodes if node.troubles]:
        findings.add(Status.DEGRADED, _named(troubled))


def _named(texts: Iterable[str]) -> str:
    """The first few of them, and how many more there are."""
    found = list(texts)
    more = f"; and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    return "; ".join(found[:_MOST_NAMED]) + more
