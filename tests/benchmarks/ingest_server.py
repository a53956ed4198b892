"""The collector's ingest alone: ``python -m tests.benchmarks.ingest_server STORE [--engines] ...``.

STORE is the address of a PostgreSQL or the path of an SQLite file. With ``--engines`` health, alerts and
rollups run beside it as in the whole collector.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import signal
from pathlib import Path

import uvloop
from tenantwatch_collector.alerts.routing import Routing
from tenantwatch_collector.api.admission import Admission
from tenantwatch_collector.api.alerts import Alerts
from tenantwatch_collector.api.grpc.door import Door
from tenantwatch_collector.api.grpc.service import QueryService
from tenantwatch_collector.api.idempotency import Idempotency
from tenantwatch_collector.api.operations import Operations
from tenantwatch_collector.api.watching import Watching
from tenantwatch_collector.app import GARBAGE_THRESHOLDS
from tenantwatch_collector.config import GrpcListener, Tls
from tenantwatch_collector.doors import GrpcDoor
from tenantwatch_collector.engines.alerting.book import AlertBook
from tenantwatch_collector.engines.alerting.measures import TICKS_PER_SECOND
from tenantwatch_collector.engines.judge import Judge
from tenantwatch_collector.engines.rollups import RollupEngine
from tenantwatch_collector.identity import Authenticator
from tenantwatch_collector.ingest.batching import GroupCommit
from tenantwatch_collector.ingest.fairness import TenantRates
from tenantwatch_collector.ingest.service import AgentService
from tenantwatch_collector.notify.settings import NotifySection
from tenantwatch_collector.signal import Signal
from tenantwatch_collector.store.base import Commit
from tenantwatch_collector.store.opening import open_store
from tenantwatch_collector.vitals import Vitals
from tenantwatch_wire.v1 import monitoring_pb2_grpc

NO_LIMIT = 1e9


async def serve(store_at: str, writers: int, engines: bool, pem: Path | None) -> None:
    url = store_at if "://" in store_at else ""
    store = await open_store(Path(store_at), url, writers)
    vitals, changed, owed = Vitals(), Signal(), Signal()
    notify = NotifySection()
    ground = notify.ground(TICKS_PER_SECOND)
    alerts = AlertBook((), Routing(ground.default, ground.routes), "")
    judge = Judge(store, alerts, changed, owed, vitals, ground)
    rollups = RollupEngine(store)
    if engines:
        await judge.start()
        await rollups.start()

    def ignore(_: Commit) -> None:
        pass

    commits = GroupCommit(store, vitals, judge.committed if engines else ignore)
    authenticator = Authenticator(store)
    on_definitions = judge.definitions_changed if engines else lambda: None
    agents = AgentService(store, authenticator, commits, TenantRates(NO_LIMIT), vitals, on_definitions)
    tls = None if pem is None else Tls(certificate_file=pem, key_file=pem)
    told = Alerts(store, judge.commanded, judge.passes)
    queries = QueryService(
        Operations(store, changed),
        told,
        Watching(store, told, changed),
        Door(Admission(authenticator, 1_000_000), Idempotency(store)),
    )
    monitoring = monitoring_pb2_grpc.MonitoringServiceServicer()
    door = GrpcDoor(GrpcListener(listen="127.0.0.1:0"), tls, agents, queries, monitoring)
    commits.start()
    agents.start()
    print(await door.start(), flush=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await door.stop(1)
    await commits.stop()
    if engines:
        await judge.stop()
        await rollups.stop()
    await store.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("store")
    parser.add_argument("--writers", type=int, default=1)
    parser.add_argument("--engines", action="store_true")
    parser.add_argument("--tls", type=Path, help="PEM file of certificate and key")
    options = parser.parse_args()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(options.store, options.writers, options.engines, options.tls))


if __name__ == "__main__":
    main()
