"""All operations together: what both doors open on."""

from __future__ import annotations

from dataclasses import dataclass

from tenantwatch_collector.api.alerts import Alerts
from tenantwatch_collector.api.assignments import Assignments
from tenantwatch_collector.api.auditing import Auditing
from tenantwatch_collector.api.contracting import Contracting
from tenantwatch_collector.api.deployments import Deployments
from tenantwatch_collector.api.health_checks import HealthChecks
from tenantwatch_collector.api.issued import Issued
from tenantwatch_collector.api.metrics import Metrics
from tenantwatch_collector.api.operations import Operations
from tenantwatch_collector.api.routes import Routes
from tenantwatch_collector.api.rules import Rules
from tenantwatch_collector.api.service_levels import ServiceLevels
from tenantwatch_collector.api.silences import Silences
from tenantwatch_collector.api.tenancy import Tenancy
from tenantwatch_collector.api.watching import Watching


@dataclass(frozen=True, slots=True)
class Offered:
    """Each kind of operation, once."""

    operations: Operations
    checks: HealthChecks
    alerts: Alerts
    rules: Rules
    routes: Routes
    silences: Silences
    levels: ServiceLevels
    contracting: Contracting
    metrics: Metrics
    deployments: Deployments
    assignments: Assignments
    auditing: Auditing
    tenancy: Tenancy
    watching: Watching
    issued: Issued
