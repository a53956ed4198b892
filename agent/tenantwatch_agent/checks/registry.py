"""The one table of checks: reading it tells what exists."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping
from typing import Any

from tenantwatch_agent.checks.base import Check
from tenantwatch_agent.checks.surroundings import Surroundings
from tenantwatch_agent.errors import ConfigurationError, told_within
from tenantwatch_agent.settings import read_table

# kind: (module beside this one, class). Modules are imported only for the kinds that are configured.
KINDS = {
    "http_endpoint": ("http_endpoint", "HttpEndpoint"),
    "tcp_connection": ("tcp_connection", "TcpConnection"),
    "database_connectivity": ("database_connectivity", "DatabaseConnectivity"),
    "redis_connectivity": ("redis_connectivity", "RedisConnectivity"),
    "kubernetes_metrics": ("kubernetes_metrics", "KubernetesMetrics"),
    "business_logic": ("business_logic", "BusinessLogic"),
    "plugin_validation": ("plugin_validation", "PluginValidation"),
    "external_apis": ("external_apis", "ExternalApis"),
    "dns_record": ("dns_record", "DnsRecord"),
    "tls_certificate": ("tls_certificate", "TlsCertificate"),
    "icmp_ping": ("icmp_ping", "IcmpPing"),
    "host_resources": ("host_resources", "HostResources"),
}

_KNOW_OTHERS = ("business_logic",)
"""Made with the agent's surroundings: they ask for other checks' results and for heartbeats."""


def build_check(
    kind: str,
    settings: Mapping[str, Any],
    where: str,
    surroundings: Surroundings | None = None,
    beside: Collection[str] = (),
) -> Check:
    """The check of that kind. Raises ConfigurationError naming ``where``.

    Without surroundings it stands alone: it knows no other check and hears no heartbeat. ``beside`` are the
    keys that every kind has, for hints.
    """
    if kind not in KINDS:
        raise ConfigurationError(f"{where}: kind {kind!r} is none of {', '.join(KINDS)}")
    module_name, class_name = KINDS[kind]
    module = importlib.import_module(f"tenantwatch_agent.checks.{module_name}")
    parsed = read_table(module.Settings, settings, where, beside)
    with told_within(where):
        make = getattr(module, class_name)
        alone = kind not in _KNOW_OTHERS
        check: Check = make(parsed) if alone else make(parsed, surroundings or Surroundings())
    return check
