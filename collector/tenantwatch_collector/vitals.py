"""The collector's own figures, for Prometheus. Every metric of the collector stands in this one list."""

from __future__ import annotations

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Vitals:
    """One registry per collector, so that several can live in one process (as in tests)."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        counter = partial(Counter, registry=self.registry)
        gauge = partial(Gauge, registry=self.registry)
        self.streams = gauge("tenantwatch_agent_streams", "Agent streams that are open.")
        self.results = counter("tenantwatch_results_committed", "Results stored.")
        self.commits = counter("tenantwatch_commits", "Transactions of results.")
        self.commit_seconds = Histogram(
            "tenantwatch_commit_seconds",
            "Duration of a commit of results.",
            buckets=_FAST,
            registry=self.registry,
        )
        self.refused = counter("tenantwatch_batches_refused", "Batches set aside as invalid.")
        self.unfit = counter("tenantwatch_deliveries_unfit", "Deliveries that the database could never keep.")
        self.slowed_down = counter("tenantwatch_slow_downs", "Times that an agent was asked to wait.")
        self.waiting_bytes = gauge(
            "tenantwatch_results_waiting_bytes", "Memory of results that wait to be stored."
        )
        self.gaps = counter("tenantwatch_gaps_reported", "Gaps that agents reported.")
        self.judged = counter("tenantwatch_commits_judged", "Commits that the engines have read.")
        self.messages = counter(
            "tenantwatch_messages", "Attempts to deliver a message.", ["channel", "outcome"]
        )
        self.heartbeats = counter(
            "tenantwatch_heartbeats", "Beats to the outside address that watches this collector.", ["outcome"]
        )
        self.round = gauge(
            "tenantwatch_round_tenants",
            "Tenants of the latest round on schedule, by what was seen.",
            ["outcome"],
        )
        self.reports = counter(
            "tenantwatch_reports_issued", "Reports that were issued as final or revised.", ["stage"]
        )
        self.reports_waiting = gauge(
            "tenantwatch_reports_waiting",
            "Tenants whose reports wait until all their agents have sent what they saw of the period.",
        )
        self.requests = counter("tenantwatch_requests", "Answers of the API.", ["door", "outcome"])

    def exposition(self) -> bytes:
        """All metrics in Prometheus text format."""
        return generate_latest(self.registry)
