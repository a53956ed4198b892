"""The client against a real collector: what it asks is answered, and what fails says so."""

from __future__ import annotations

import http.server
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
from tenantwatch_client import Client, ClientError, NotFound, NotSignedIn, Refused, Unreachable
from tenantwatch_client.areas.levels import Period

from tests.client.conftest import Served
from tests.ports import stable_port


def test_tenants_are_created_and_listed(client: Client, served: Served) -> None:
    made = client.tenants.create(served.name(), "enterprise")
    assert made["agent_token"] is not None
    (found,) = [each for each in client.tenants.list() if each["tenant_id"] == made["tenant_id"]]
    assert (found["tier"], found["state"]) == ("enterprise", "unknown")
    assert client.health.tenant(made["tenant_id"])["checks"] == []
    assert client.health.platform()["platform_health"]["total_tenants"] >= 1
    assert list(client.health.history(made["tenant_id"])) == []


def test_a_tenant_is_renamed_suspended_resumed_and_deleted(client: Client, tenant: str) -> None:
    assert client.tenants.rename(tenant, "Another name")["tenant_name"] == "Another name"
    assert client.tenants.suspend(tenant)["suspended_at"] is not None
    assert client.tenants.resume(tenant)["suspended_at"] is None
    client.tenants.delete(tenant)
    with pytest.raises(NotFound):
        client.tenants.get(tenant)


def test_a_route_that_reaches_nobody_is_refused_in_words(client: Client) -> None:
    with pytest.raises(Refused, match="reaches nobody"):
        client.routes.put("nights", {"severities": ["critical"], "steps": [{"channels": ["pager"]}]})
    with pytest.raises(NotFound):
        client.routes.delete("nights")
    assert "nights" not in [each["name"] for each in client.routes.list()["routes"]]


def test_metrics_of_the_platform_and_of_a_tenant(client: Client, tenant: str) -> None:
    assert client.metrics.platform()["platform_metrics"]["total_tenants"] >= 1
    assert client.metrics.tenant(tenant)["points"] == []


def test_an_alert_from_report_to_resolution(client: Client, tenant: str) -> None:
    made = client.alerts.create(tenant, "Import is late", "error", "no file since 06:00", {"queue": "in"})
    assert client.alerts.acknowledge(made["alert_id"], "on it")["status"] == "acknowledged"
    resolved = client.alerts.resolve(made["alert_id"], "done")
    assert resolved["resolution"] is not None
    assert resolved["resolution"]["notes"] == "done"
    assert [each["alert_id"] for each in client.alerts.list(tenant, status="resolved")] == [made["alert_id"]]
    kinds = [entry["kind"] for entry in client.alerts.get(made["alert_id"])["timeline"]]
    assert kinds


def test_a_silence_begins_and_ends(client: Client, tenant: str) -> None:
    made = client.silences.create(datetime.now(UTC) + timedelta(hours=1), tenant_id=tenant, notes="moving")
    assert made in client.silences.list()
    client.silences.end(made["silence_id"])
    assert made["silence_id"] not in [each["silence_id"] for each in client.silences.list()]


def test_a_rule_on_a_metric_that_nobody_measures_is_refused_in_words(client: Client) -> None:
    rule = {"metric": "queue_age", "condition": "greater_than", "threshold": 1, "severity": "warning"}
    with pytest.raises(Refused, match="no check has measured 'queue_age'"):
        client.rules.create(rule)
    assert all(rule["built_in"] for rule in client.rules.list())


def test_service_levels_and_their_agreements(client: Client, tenant: str) -> None:
    period = Period("monthly")
    assert client.levels.get(tenant, period)["verdict"] == "cannot_be_proved"
    assert client.levels.what_if(tenant, "basic", period)["tier"] == "basic"
    assert client.levels.explain(tenant, period).startswith("1. ")
    (version,) = client.levels.terms(tenant)["versions"]
    assert version["contract"]["tier"] == "professional"
    start = datetime.now(UTC) + timedelta(days=2)
    window = client.levels.announce(
        tenant,
        {"from": start.isoformat(), "to": (start + timedelta(hours=1)).isoformat(), "reason": "new disks"},
    )
    client.levels.cancel(tenant, window["window_id"])
    (cancelled,) = client.levels.maintenance(tenant)
    assert cancelled["cancelled_at"] is not None
    assert client.levels.corrections(tenant) == []


def test_checks_are_assigned_and_taken_back(client: Client, tenant: str) -> None:
    check = {"kind": "tcp_connection", "address": "127.0.0.1:25"}
    made = client.agents.assign(tenant, "mail", check)
    assert client.agents.checks(tenant)["checks"] == [made["check"]]
    client.agents.take_back(tenant, "mail")
    assert client.agents.checks(tenant)["checks"] == []
    assert client.agents.list(tenant)["agents"] == []


def test_every_command_is_in_the_audit_log(client: Client, tenant: str) -> None:
    client.alerts.create(tenant, "Import is late", "error", "no file since 06:00")
    entries = list(client.audit.list(tenant))
    assert entries[0]["target"]
    assert len(entries) >= 2
    assert list(client.audit.list(tenant, limit=1)) == entries[:1]


def test_reports_come_as_files(client: Client, tenant: str) -> None:
    assert client.levels.report(tenant, "pdf", Period()).startswith(b"%PDF-")
    assert json.loads(client.levels.report(None, "json", Period()))
    assert client.levels.issued(tenant) == []


@pytest.mark.parametrize("tenant_id", ["not-there", "../../metrics", "a b", "%2e%2e"])
def test_what_is_not_there_is_not_found_however_it_is_spelt(client: Client, tenant_id: str) -> None:
    with pytest.raises((NotFound, Refused)):
        client.health.tenant(tenant_id)


def test_without_an_agent_nothing_can_be_looked_at(client: Client, tenant: str) -> None:
    with pytest.raises(Refused, match="no agent"):
        client.health.look(tenant)


def test_a_wrong_token_is_said_and_not_shown(served: Served) -> None:
    with Client(served.url, "tw_wrong") as client, pytest.raises(NotSignedIn) as raised:
        client.health.platform()
    assert "tw_wrong" not in str(raised.value)


def test_nobody_there() -> None:
    with Client(f"http://127.0.0.1:{stable_port()}", "tw_x") as client, pytest.raises(Unreachable):
        client.health.platform()


class Broken(http.server.BaseHTTPRequestHandler):
    """Breaks the first connection after it has read the request, and is too busy for the second."""

    asked: ClassVar[list[tuple[str, str]]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.asked.append((self.path, self.headers["idempotency-key"]))
        if len(self.asked) == 1:
            self.close_connection = True
            return
        self.send_response(429 if len(self.asked) == 2 else 200)
        self.send_header("Retry-After", "0")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *arguments: object) -> None: ...


def test_a_broken_line_and_a_busy_collector_are_asked_again_with_the_same_key() -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), Broken) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        with Client(f"http://127.0.0.1:{server.server_port}", "tw_x") as client:
            client.health.look("acme")
        server.shutdown()
        serving.join()
    assert len(Broken.asked) == 3
    assert len(set(Broken.asked)) == 1


@pytest.mark.parametrize(
    "url", ["http://collector.example:8000", "ftp://127.0.0.1", "127.0.0.1:8000", "http://"]
)
def test_an_address_that_would_lose_the_token_is_refused(url: str) -> None:
    with pytest.raises(ClientError, match=r"https"):
        Client(url, "tw_x")
