"""A judge by itself, whose alerts are told in the log."""

from __future__ import annotations

import pytest
from tenantwatch_collector.alerts.routing import Ground, Routing
from tenantwatch_collector.alerts.rule import Policy
from tenantwatch_collector.engines import judge as judge_module
from tenantwatch_collector.engines.alerting.book import AlertBook
from tenantwatch_collector.engines.alerting.measures import TICKS_PER_SECOND
from tenantwatch_collector.engines.judge import Judge
from tenantwatch_collector.signal import Signal
from tenantwatch_collector.store.base import Store
from tenantwatch_collector.vitals import Vitals


def judge_of(store: Store) -> Judge:
    alerts = AlertBook(("log",), Routing(Policy(TICKS_PER_SECOND)), "")
    return Judge(store, alerts, Signal(), Signal(), Vitals(), Ground(Policy(TICKS_PER_SECOND), ("log",)))


def let_it_be_impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails is tried again at once."""
    monkeypatch.setattr(judge_module, "_RETRY_SECONDS", 0)
    monkeypatch.setattr(judge_module, "_MENDING_SECONDS", 0)
