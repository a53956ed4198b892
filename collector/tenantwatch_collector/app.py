"""Builds the collector out of its rooms, hands them one another's signals, and stops them in order."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Awaitable, Callable
from typing import Any

from tenantwatch_collector.access.bearer_jwt import JwtVerifier
from tenantwatch_collector.alerts.builtin import ANOMALY
from tenantwatch_collector.alerts.routing import Ground
from tenantwatch_collector.api.admission import Admission
from tenantwatch_collector.api.alerts import Alerts
from tenantwatch_collector.api.assignments import Assignments
from tenantwatch_collector.api.auditing import Auditing
from tenantwatch_collector.api.contracting import Contracting
from tenantwatch_collector.api.deployments import Deployments
from tenantwatch_collector.api.grpc.door import Door
from tenantwatch_collector.api.grpc.monitoring import MonitoringService
from tenantwatch_collector.api.grpc.service import QueryService
from tenantwatch_collector.api.health_checks import HealthChecks
from tenantwatch_collector.api.idempotency import Idempotency
from tenantwatch_collector.api.issued import Issued
from tenantwatch_collector.api.metrics import Metrics
from tenantwatch_collector.api.offered import Offered
from tenantwatch_collector.api.operations import Operations
from tenantwatch_collector.api.rest.app import create_app, create_routers
from tenantwatch_collector.api.rounds import Rounds
from tenantwatch_collector.api.routes import Routes
from tenantwatch_collector.api.rules import Rules
from tenantwatch_collector.api.service_levels import ServiceLevels
from tenantwatch_collector.api.silences import Silences
from tenantwatch_collector.api.tenancy import Tenancy
from tenantwatch_collector.api.watching import Watching
from tenantwatch_collector.board import DashboardBoard
from tenantwatch_collector.config import CollectorConfig
from tenantwatch_collector.doors import GrpcDoor, RestDoor
from tenantwatch_collector.engines.alerting.book import AlertBook
from tenantwatch_collector.engines.alerting.measures import TICKS_PER_SECOND
from tenantwatch_collector.engines.anomalies import AnomalyEngine
from tenantwatch_collector.engines.issuing import IssuingEngine
from tenantwatch_collector.engines.judge import Judge
from tenantwatch_collector.engines.leadership import Engine, Leadership
from tenantwatch_collector.engines.levels import LevelEngine
from tenantwatch_collector.engines.peers import Peers, Whoami
from tenantwatch_collector.engines.retention import RetentionEngine
from tenantwatch_collector.engines.rollups import RollupEngine
from tenantwatch_collector.engines.settled import Settled
from tenantwatch_collector.identity import Authenticator
from tenantwatch_collector.ingest.batching import GroupCommit
from tenantwatch_collector.ingest.fairness import TenantRates
from tenantwatch_collector.ingest.service import AgentService
from tenantwatch_collector.notify.delivery import Notifier
from tenantwatch_collector.notify.heartbeat import Heartbeat
from tenantwatch_collector.notify.registry import PARTS, build_channels
from tenantwatch_collector.notify.templates import Templates
from tenantwatch_collector.reports.keyring import Keyring
from tenantwatch_collector.reports.pdf import Typesetter
from tenantwatch_collector.reports.service import Reports
from tenantwatch_collector.signal import Signal
from tenantwatch_collector.store.base import IssuedReport, Store, StoreUnavailable
from tenantwatch_collector.store.opening import open_store
from tenantwatch_collector.vitals import Vitals
from tenantwatch_collector.web.pages import create_web_router

DRAIN_SECONDS = 3.0
STORE_ANSWERS_SECONDS = 1.5
GOODBYE_SECONDS = 0.5
GARBAGE_THRESHOLDS = (200_000, 50, 100)
"""With ten thousand streams open, looking through all objects for cycles takes a second, and at Python's own
thresholds it happens often enough to hold up one acknowledgement in a hundred. Cycles are rare here."""

log = logging.getLogger(__name__)


class Collector:
    """One collector. ``start`` once, ``stop`` as often as you like."""

    def __init__(self, config: CollectorConfig, store: Store) -> None:
        self.config = config
        self.vitals = Vitals()
        self._store = store
        self._changed, owed = Signal(), Signal()
        channels = build_channels(config.notify)
        templates = Templates(PARTS, config.notify.templates_folder)
        self._notifier = Notifier(store, channels, config.notify, templates, owed, self.vitals)
        ground = config.notify.ground(TICKS_PER_SECOND)
        alerts = self._alert_book(tuple(channels), ground)
        self._judge = Judge(store, alerts, self._changed, owed, self.vitals, ground)
        self._heartbeat = self._beats()
        self._peers = Peers(
            store,
            Whoami(config.collector_id, config.watch.interval_seconds),
            {peer.name: peer.url for peer in config.watch.peers},
            self._judge.commanded,
        )
        self._levels = LevelEngine(store, self._judge.passes, self._judge.found)
        self._keys = Keyring(config.folder)
        self._reports = Reports(store, self._keys.signer, self._count_issued)
        self._leadership = Leadership(store, self._judge, self._led(), self._changed)
        self._settled = Settled(store, self._leadership.caught_up)
        self._commits = GroupCommit(store, self.vitals, self._judge.committed)
        authenticator = Authenticator(store, None if config.jwt is None else JwtVerifier(config.jwt))
        self._agents = AgentService(
            store,
            authenticator,
            self._commits,
            TenantRates(config.ingest.results_per_second),
            self.vitals,
            self._leadership.definitions_changed,
        )
        offered = self._offered(ground)
        self._rounds = Rounds(offered.checks.round, config.rounds.every_seconds, self.vitals)
        admission = Admission(authenticator, config.api.requests_per_minute)
        door = Door(admission, Idempotency(store))
        self._grpc = GrpcDoor(
            config.grpc,
            config.tls,
            self._agents,
            QueryService(offered.operations, offered.alerts, offered.watching, door),
            MonitoringService(offered, door),
        )
        board = create_web_router(DashboardBoard(offered.operations, offered.alerts, authenticator))
        routers = [*create_routers(offered), board]
        self._app = create_app(store, self.vitals, routers, admission)
        self._rest = RestDoor(config.rest, config.tls, self._app)
        self._stopped = False

    def _alert_book(self, channels: tuple[str, ...], ground: Ground) -> AlertBook:
        inhibitions = self.config.notify.all_inhibitions(TICKS_PER_SECOND)
        url, off = self.config.dashboard_url, self.config.rules.off
        return AlertBook(channels, ground.routing(), url, inhibitions, off)

    def _beats(self) -> Heartbeat | None:
        if self.config.heartbeat is None:
            return None
        passes = {"judge": self._judge.passes, **self._notifier.passes}
        return Heartbeat(self.config.heartbeat, passes, self.vitals)

    def _led(self) -> list[Engine]:
        """The engines that the collector which has the lease runs, in the order in which they start."""
        store, retention, found = self._store, self.config.retention, self._judge.found
        rollups = RollupEngine(store)
        return [
            rollups,
            IssuingEngine(store, self._reports, self._settle, self.vitals, retention.history_months),
            RetentionEngine(store, rollups, retention.raw_days, retention.history_months),
            *([] if ANOMALY in self.config.rules.off else [AnomalyEngine(store, found)]),
        ]

    async def _settle(self, instant_us: int) -> None:
        await self._settled.until(instant_us)

    def _count_issued(self, issued: IssuedReport) -> None:
        self.vitals.reports.labels(issued.stage).inc()

    def _offered(self, ground: Ground) -> Offered:
        """What both doors open on, with the signals and calls of the rooms that do the work."""
        store = self._store
        levels = ServiceLevels(store, self._reports, Typesetter(), self._keys, self._settled.until)
        alerts = Alerts(store, self._judge.commanded, self._judge.passes)
        return Offered(
            Operations(store, self._changed, self._levels.compliance),
            HealthChecks(store, levels, self._agents.look),
            alerts,
            Rules(store, self.config.rules.off),
            Routes(store, ground),
            Silences(store),
            levels,
            Contracting(store),
            Metrics(store, self._levels.scores),
            Deployments(store),
            Assignments(
                store, self._agents.reassigned, self._agents.connected, self._leadership.definitions_changed
            ),
            Auditing(store),
            Tenancy(store, self._judge.definitions_changed),
            Watching(store, alerts, self._changed),
            Issued(store),
        )

    def describe(self) -> dict[str, Any]:
        """The REST interface as OpenAPI describes it."""
        return self._app.openapi()

    async def start(self) -> tuple[str, str]:
        """Listen and work; returns the gRPC address and the REST address."""
        await self._leadership.start()
        self._levels.start()
        await self._notifier.start()
        self._commits.start()
        self._agents.start()
        self._peers.start()
        self._rounds.start()
        if self._heartbeat is not None:
            self._heartbeat.start()
        grpc_address = await self._grpc.start()
        return grpc_address, await self._rest.start()

    async def stop(self) -> None:
        """Stop accepting, commit, acknowledge, say goodbye; then judge and tell what was committed."""
        if self._stopped:
            return
        self._stopped = True
        # Whoever watches is let go first: their streams would hold the doors open.
        self._changed.close()
        store_answers = await self._ask_the_store()
        await self._peers.stop()
        await self._rounds.stop()
        if self._heartbeat is not None:
            await self._heartbeat.stop()
        await self._agents.drain(DRAIN_SECONDS if store_answers else GOODBYE_SECONDS)
        await asyncio.gather(self._commits.stop(), self._grpc.stop(GOODBYE_SECONDS))
        await self._levels.stop()
        await self._leadership.stop()
        await self._rest.stop()
        await self._notifier.stop()
        await self._store.close()

    async def _ask_the_store(self) -> bool:
        """Whether it answers; one that does not is not waited for.

        What is not committed stays with its agent, what is not judged is judged after the next start.
        """
        asked = asyncio.create_task(_answers(self._store))
        await asyncio.wait([asked], timeout=STORE_ANSWERS_SECONDS)
        answers = asked.done() and asked.result()
        if not answers:
            log.warning("the store does not answer: it is not waited for")
            await self._store.abandon()
            # Not cancelled: that would ask the silent server once more.
            await asyncio.wait([asked], timeout=STORE_ANSWERS_SECONDS)
        return answers


async def _answers(store: Store) -> bool:
    try:
        await store.ping()
    except StoreUnavailable:
        return False
    return True


async def run(
    config: CollectorConfig,
    ready: Callable[[str, str], None],
    stop_first: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Run until SIGTERM or SIGINT. ``ready`` is told the gRPC and the REST address; ``stop_first`` is
    awaited before the doors close, for whoever must say its last words through them."""
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    store = await open_store(config.store_path, config.store.postgres_url, config.store.writers)
    try:
        collector = Collector(config, store)
        try:
            ready(*await collector.start())
            await stop.wait()
            log.info("stopping")
            if stop_first is not None:
                await stop_first()
        finally:
            await collector.stop()
    finally:
        await store.close()
