"""The collector's own figures, for Prometheus. Every metric of the collector stands in this one list."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Vitals:
    """One registry per collector, so that several can live in one process (as in tests)."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.streams = Gauge(
            "tenantwatch_agent_streams", "Agent streams that are open.", registry=self.registry
        )
        self.results = Counter("tenantwatch_results_committed", "Results stored.", registry=self.registry)
        self.commits = Counter("tenantwatch_commits", "Transactions of results.", registry=self.registry)
        self.commit_seconds = Histogram(
            "tenantwatch_commit_seconds",
            "Duration of a commit of results.",
            buckets=_FAST,
            registry=self.registry,
        )
        self.refused = Counter(
            "tenantwatch_batches_refused", "Batches set aside as invalid.", registry=self.registry
        )
        self.unfit = Counter(
            "tenantwatch_deliveries_unfit",
            "Deliveries that the database could never keep.",
            registry=self.registry,
        )
        self.slowed_down = Counter(
            "tenantwatch_slow_downs", "Times that an agent was asked to wait.", registry=self.registry
        )
        self.waiting_bytes = Gauge(
            "tenantwatch_results_waiting_bytes",
            "Memory of results that wait to be stored.",
            registry=self.registry,
        )
        self.gaps = Counter("tenantwatch_gaps_reported", "Gaps that agents reported.", registry=self.registry)
        self.judged = Counter(
            "tenantwatch_commits_judged", "Commits that the engines have read.", registry=self.registry
        )
        self.messages = Counter(
            "tenantwatch_messages",
            "Attempts to deliver a message.",
            ["channel", "outcome"],
            registry=self.registry,
        )
        self.heartbeats = Counter(
            "tenantwatch_heartbeats",
            "Beats to the outside address that watches this collector.",
            ["outcome"],
            registry=self.registry,
        )
        self.round = Gauge(
            "tenantwatch_round_tenants",
            "Tenants of the latest round on schedule, by what was seen.",
            ["outcome"],
            registry=self.registry,
        )
        self.reports = Counter(
            "tenantwatch_reports_issued",
            "Reports that were issued as final or revised.",
            ["stage"],
            registry=self.registry,
        )
        self.reports_waiting = Gauge(
            "tenantwatch_reports_waiting",
            "Tenants whose reports wait until all their agents have sent what they saw of the period.",
            registry=self.registry,
        )
        self.requests = Counter(
            "tenantwatch_requests", "Answers of the API.", ["door", "outcome"], registry=self.registry
        )

    def exposition(self) -> bytes:
        """All metrics in Prometheus text format."""
        return generate_latest(self.registry)
