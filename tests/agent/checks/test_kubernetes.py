"""Kubernetes by an API served locally, with both kinds of login."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from tenantwatch_agent.checks import kubernetes_metrics
from tenantwatch_agent.checks.kubernetes import access, objects
from tenantwatch_agent.checks.kubernetes_metrics import KubernetesMetrics, Settings
from tenantwatch_agent.errors import ConfigurationError
from tenantwatch_wire.records import CheckDefinition, Result, Status

from tests.agent.checks.looking import look
from tests.fakes.certificates import Authority
from tests.fakes.kubernetes_api import TOKEN, KubernetesApi, daemon_set, node, pod, replicated, usage
from tests.fakes.tls_front import tls_front

ON_UVLOOP = True

DEFINITION = CheckDefinition("a", "kubernetes_metrics", 1000, 10_000)
BOUNDS = {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "128Mi"}}


@pytest.fixture
async def api() -> AsyncIterator[KubernetesApi]:
    """A namespace that is well."""
    async with KubernetesApi() as api:
        api.put_pods(pod("shop-1", resources=BOUNDS), pod("shop-2", resources=BOUNDS))
        api.put("deployments", replicated("shop", 2, 2))
        api.put("daemonsets", daemon_set("logs", 3, 3))
        api.put_usage(usage("shop-1", "250m", "96Mi"), usage("shop-2", "50123456n", "32Mi"))
        yield api


@pytest.fixture
def kubeconfig(tmp_path: Path, api: KubernetesApi) -> Path:
    return written(tmp_path, {"server": api.url}, {"token": TOKEN})


def written(folder: Path, cluster: dict[str, Any], user: dict[str, Any]) -> Path:
    path = folder / "kubeconfig"
    config = {
        "apiVersion": "v1", "kind": "Config", "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}],
        "clusters": [{"name": "c", "cluster": cluster}], "users": [{"name": "u", "user": user}],
    }  # fmt: skip
    path.write_text(json.dumps(config))
    return path


async def seen(kubeconfig: Path | None, **settings: Any) -> Result:
    return await look(DEFINITION, KubernetesMetrics(Settings(kubeconfig=kubeconfig, **settings)))


async def test_a_namespace_that_is_well(kubeconfig: Path, api: KubernetesApi) -> None:
    result = await seen(kubeconfig)
    assert (result.status, result.text) == (Status.HEALTHY, "2 of 2 pods ready")
    assert result.latency_us
    expected = {
        "pods": 2, "pods_ready": 2, "pods_pending": 0, "pods_failed": 0, "restarts_total": 0,
        "replicas_desired": 5, "replicas_ready": 5, "memory_bytes": 128 * 2**20,
        "memory_request_percent": 100, "memory_limit_percent": 50, "memory_limit_percent_worst": 75,
        "cpu_limit_percent_worst": 25,
    }  # fmt: skip
    assert {name: result.metrics[name] for name in expected} == expected
    assert result.metrics["cpu_cores"] == pytest.approx(0.300123456)
    assert all(path.startswith(("/api/v1/namespaces/shop/", "/apis/")) for path in api.requests)


async def test_replicas_that_are_not_ready(kubeconfig: Path, api: KubernetesApi) -> None:
    api.put("deployments", replicated("shop", 3, 2))
    result = await seen(kubeconfig)
    assert (result.status, result.text) == (Status.DEGRADED, "deployment shop: 2 of 3 ready")
    api.put("statefulsets", replicated("database", 1, 0))
    result = await seen(kubeconfig)
    assert (result.status, result.text) == (
        Status.UNHEALTHY,
        "statefulset database: 0 of 1 ready; deployment shop: 2 of 3 ready",
    )
    api.put("statefulsets", *(replicated(f"database-{n}", 1, 0) for n in range(7)))
    assert "database-4: 0 of 1 ready; and 2 more" in (await seen(kubeconfig)).text


async def test_a_sidecar_and_what_runs_before_count_like_any_container(
    kubeconfig: Path, api: KubernetesApi
) -> None:
    check = KubernetesMetrics(Settings(kubeconfig=kubeconfig))
    with_others = pod("shop-1")
    with_others["spec"]["initContainers"] = [
        {"name": "migrate", "image": "shop:1.4"},
        {"name": "proxy", "image": "proxy:2", "restartPolicy": "Always"},
    ]

    def put(restarts: int, killed_at: str) -> None:
        ended = {"exitCode": 137, "reason": "OOMKilled", "finishedAt": killed_at}
        waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}}
        with_others["status"]["initContainerStatuses"] = [
            {"name": "migrate", "restartCount": 0, "state": waiting, "lastState": {}},
            {
                "name": "proxy", "restartCount": restarts, "state": {"running": {}},
                "lastState": {"terminated": ended},
            },
        ]  # fmt: skip
        api.put_pods(with_others)

    put(3, "2026-11-20T01:00:00Z")
    assert (await look(DEFINITION, check)).text == "pod shop-1: CrashLoopBackOff"
    put(4, "2026-11-20T02:00:00Z")
    result = await look(DEFINITION, check)
    assert result.status is Status.DEGRADED
    assert "restarts 1, more than 0" in result.text
    assert "pod shop-1: proxy was killed for its memory" in result.text


async def test_restarts_and_memory_kills_are_counted_between_looks(
    kubeconfig: Path, api: KubernetesApi
) -> None:
    check = KubernetesMetrics(Settings(kubeconfig=kubeconfig))
    api.put_pods(pod("shop-1", restarts=7, killed_at="2026-11-20T01:00:00Z"))
    first = await look(DEFINITION, check)
    assert first.status is Status.HEALTHY
    assert "restarts" not in first.metrics
    assert (await look(DEFINITION, check)).metrics["restarts"] == 0
    api.put_pods(pod("shop-1", restarts=8, killed_at="2026-11-24T09:00:00Z"), pod("shop-9", restarts=2))
    result = await look(DEFINITION, check)
    assert result.status is Status.DEGRADED
    assert result.text == "restarts 3, more than 0; pod shop-1: app was killed for its memory"
    assert (result.metrics["restarts"], result.metrics["memory_kills"]) == (3, 1)
    assert (await look(DEFINITION, check)).status is Status.HEALTHY


async def test_pods_that_wait(kubeconfig: Path, api: KubernetesApi) -> None:
    api.put_pods(
        pod("shop-1", "Pending"),
        pod("shop-2", waiting="CrashLoopBackOff"),
        pod("shop-3", waiting="ContainerCreating"),
        pod("job-1", "Succeeded"),
        pod("job-2", "Failed"),
    )
    result = await seen(kubeconfig)
    assert result.status is Status.DEGRADED
    assert "pending for" in result.text
    assert "pod shop-2: CrashLoopBackOff" in result.text
    assert "shop-3" not in result.text
    assert (result.metrics["pods_pending"], result.metrics["pods_failed"], result.metrics["pods"]) == (
        1,
        1,
        4,
    )


async def test_memory_near_its_limit(kubeconfig: Path) -> None:
    result = await seen(kubeconfig, memory_unhealthy_percent=70.0)
    assert (result.status, result.text) == (Status.UNHEALTHY, "memory 75 %, more than 70 %")


async def test_nodes(kubeconfig: Path, api: KubernetesApi) -> None:
    at = "/api/v1/nodes"
    api.objects[at] = [node("a"), node("b", Ready="Unknown"), node("c", DiskPressure="True")]
    result = await seen(kubeconfig, nodes=True)
    assert (result.status, result.text) == (
        Status.DEGRADED,
        "node b is not ready; node c: DiskPressure",
    )
    assert (result.metrics["nodes"], result.metrics["nodes_ready"]) == (3, 2)
    api.objects[at] = [node("b", Ready="False")]
    assert (await seen(kubeconfig, nodes=True)).status is Status.UNHEALTHY


@pytest.mark.parametrize(("status", "text"), [(404, "the cluster has no metrics server"), (503, "unable to")])
async def test_a_missing_metrics_server_is_named_and_no_outage(
    kubeconfig: Path, api: KubernetesApi, status: int, text: str
) -> None:
    api.failing["/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods"] = status
    result = await seen(kubeconfig)
    assert result.status is Status.HEALTHY
    assert result.text.startswith("2 of 2 pods ready; no use of CPU and memory: ")
    assert text in result.text
    assert "cpu_cores" not in result.metrics


async def test_a_metrics_server_that_hangs_is_named_and_no_outage(
    kubeconfig: Path, api: KubernetesApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubernetes_metrics, "_USE_SECONDS", 0.2)
    api.silent.add("/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods")
    result = await seen(kubeconfig)
    assert result.status is Status.HEALTHY
    assert result.text == (
        "2 of 2 pods ready; no use of CPU and memory: the metrics server does not answer within 0.2 s"
    )


async def test_a_role_that_lacks_is_unknown_and_says_what_to_grant(
    kubeconfig: Path, api: KubernetesApi
) -> None:
    api.forbidden.add("/apis/apps/v1/namespaces/shop/deployments")
    result = await seen(kubeconfig)
    assert result.status is Status.UNKNOWN
    assert 'cannot list resource "deployments"' in result.text
    assert result.text.endswith("grant the role of deploy/kubernetes/agent/rbac.yaml")


async def test_a_login_that_is_refused_is_unknown(tmp_path: Path, api: KubernetesApi) -> None:
    result = await seen(written(tmp_path, {"server": api.url}, {"token": "hunter3"}))
    assert (result.status, result.text) == (
        Status.UNKNOWN,
        "the API server refuses the login: Unauthorized",
    )


async def test_a_token_that_the_api_quotes_is_not_shown(tmp_path: Path, api: KubernetesApi) -> None:
    api.refusal = "Unauthorized: {}"
    result = await seen(written(tmp_path, {"server": api.url}, {"token": "hunter3-never"}))
    assert result.text == "the API server refuses the login: Unauthorized: ***"


async def test_an_api_that_fails_is_unhealthy(kubeconfig: Path, api: KubernetesApi) -> None:
    api.failing["/api/v1/namespaces/shop/pods"] = 500
    result = await seen(kubeconfig)
    assert result.status is Status.UNHEALTHY
    assert result.text.startswith("the API server: ")


async def test_many_pods_come_in_pages_and_long_ones_in_smaller(kubeconfig: Path, api: KubernetesApi) -> None:
    api.put_pods(*(pod(f"shop-{number}", note="x" * 15_000) for number in range(70)))
    result = await seen(kubeconfig)
    assert result.metrics["pods"] == 70
    assert any("limit=25&continue=25" in path for path in api.requests)


async def test_pods_are_chosen_by_label(kubeconfig: Path, api: KubernetesApi) -> None:
    api.put_pods(pod("shop-1", app="shop"), pod("mail-1", app="mail"))
    assert (await seen(kubeconfig, label_selector="app=shop")).metrics["pods"] == 1


async def test_an_empty_namespace_is_told(kubeconfig: Path) -> None:
    result = await seen(kubeconfig, namespace="shpo")
    assert (result.status, result.text.partition(";")[0]) == (
        Status.DEGRADED,
        "there are neither pods nor workloads in namespace shpo",
    )


async def test_in_the_cluster(api: KubernetesApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path)
    for name, content in (("token", f"{TOKEN}\n"), ("namespace", "shop")):
        (tmp_path / name).write_text(content)
    (tmp_path / "ca.crt").write_bytes(authority.file.read_bytes())
    monkeypatch.setattr(access, "SERVICE_ACCOUNT", tmp_path)
    async with tls_front(api.port, authority.mint("127.0.0.1").server()) as port:
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(port))
        assert (await seen(None)).text == "2 of 2 pods ready"
        (tmp_path / "token").write_text("rotated")
        assert (await seen(None)).text == "the API server refuses the login: Unauthorized"
        api.token = "rotated"
        assert (await seen(None)).status is Status.HEALTHY


async def test_outside_of_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    result = await seen(None)
    assert result.status is Status.UNKNOWN
    assert result.text.startswith("the agent runs in no pod with a service account's token: give kubeconfig")


async def test_a_client_certificate(api: KubernetesApi, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    api.token = ""
    own = authority.mint("agent").file.read_bytes()
    user = {f"client-{part}-data": base64.b64encode(own).decode() for part in ("certificate", "key")}
    context = authority.mint("127.0.0.1").server(client_authority=authority.file)
    async with tls_front(api.port, context) as port:
        cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority": authority.file.name}
        assert (await seen(written(tmp_path, cluster, user))).status is Status.HEALTHY
        result = await seen(written(tmp_path, cluster, {}))
        assert result.status is Status.UNHEALTHY
        assert result.text.startswith("the API server: ")


async def test_a_client_key_with_a_passphrase_is_refused_and_not_asked_for(tmp_path: Path) -> None:
    minted = Authority(tmp_path).mint("agent")
    key = serialization.load_pem_private_key(minted.file.read_bytes(), None)
    closed = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"open-sesame"),
    )
    parts = {"certificate": minted.certificate.public_bytes(serialization.Encoding.PEM), "key": closed}
    user = {f"client-{name}-data": base64.b64encode(part).decode() for name, part in parts.items()}
    result = await seen(written(tmp_path, {"server": "https://127.0.0.1:1"}, user))
    assert result.status is Status.UNKNOWN
    assert result.text.endswith("do not fit, or the key has a passphrase")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[]", "is no kubeconfig file"),
        ("{: {", "is no kubeconfig file"),
        ("current-context: here", "there is no 'here' among its contexts"),
    ],
)
async def test_a_kubeconfig_that_is_none(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(content)
    result = await seen(path)
    assert result.status is Status.UNKNOWN
    assert reason in result.text
    assert "/nowhere: No such file" in (await seen(Path("/nowhere"))).text


@pytest.mark.parametrize(
    ("cluster", "user", "reason"),
    [
        ({"server": "http://h"}, {"exec": {"command": "aws"}}, "has exec: a program that logs in is not run"),
        ({}, {}, "cluster 'c' has no server"),
        ({"server": "https://h", "certificate-authority-data": "%"}, {}, "-data is not base64"),
        ({"server": "https://h", "certificate-authority-data": "eHg="}, {}, "authority is not PEM"),
        (
            {"server": "https://h"},
            {"client-certificate-data": "eHg=", "client-key-data": "eHg="},
            "do not fit",
        ),
        ({"server": "http://h"}, {"tokenFile": "nowhere"}, "nowhere: No such file or directory"),
    ],
)
async def test_a_login_that_cannot_be_used(
    tmp_path: Path, cluster: dict[str, Any], user: dict[str, Any], reason: str
) -> None:
    result = await seen(written(tmp_path, cluster, user))
    assert result.status is Status.UNKNOWN
    assert reason in result.text


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("100m", 0.1),
        ("2", 2),
        ("1.5Gi", 1.5 * 2**30),
        ("1e3", 1000),
        ("128974848", 128974848),
        ("12k", 12000),
    ],
)
def test_quantities(text: str, number: float) -> None:
    assert objects.quantity(text) == pytest.approx(number)


@pytest.mark.parametrize("text", ["", "1Zi", "m", None, "1 Gi", [1]])
def test_what_is_no_quantity(text: Any) -> None:
    assert objects.quantity(text) is None


def test_objects_of_any_shape_are_read() -> None:
    odd: list[dict[str, Any]] = [
        {},
        {"metadata": 1, "spec": [], "status": None},
        {"status": {"conditions": 7}},
    ]
    for item in odd:
        assert objects.read_pod(item).containers == ()
        assert objects.read_node(item).ready is False
        assert objects.read_workload("deployment", item).ready == 0
    assert objects.read_usage(odd) == {}


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"namespace": "../x"}, "is not a name of a namespace"),
        ({"context": "x"}, "context belongs to kubeconfig"),
        ({"restarts_degraded": -1.0}, "restarts_degraded must be 0 or more"),
    ],
)
def test_refused_settings(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        KubernetesMetrics(Settings(**settings))
