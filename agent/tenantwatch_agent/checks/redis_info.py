"""What INFO, CLUSTER INFO and a sentinel say, as figures and judgements. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenantwatch_wire.records import Status

from tenantwatch_agent.checks.findings import Findings, Limit, Metrics

ALL_SLOTS = 16_384
_MOST_MASTERS = 20
_FIGURES = (
    "used_memory",
    "maxmemory",
    "mem_fragmentation_ratio",
    "connected_clients",
    "maxclients",
    "blocked_clients",
    "evicted_keys",
    "expired_keys",
    "keyspace_hits",
    "keyspace_misses",
    "instantaneous_ops_per_sec",
    "rejected_connections",
    "connected_slaves",
    "uptime_in_seconds",
)

Info = Mapping[str, Any]


def figures(info: Info) -> dict[str, float]:
    """The numbers of INFO that are worth keeping, under its own names."""
    found = Metrics()
    for name in _FIGURES:
        found.put(name, _number(info, name))
    found.put("keys", _count(info, "keys"))
    return found


def _count(info: Info, what: str) -> int:
    """Over all databases."""
    counts = [
        value.get(what) for name, value in info.items() if name.startswith("db") and isinstance(value, dict)
    ]
    return sum(count for count in counts if isinstance(count, int))


def _may_evict(info: Info) -> bool:
    """The policies named volatile- take only keys that would end by themselves."""
    policy = str(info.get("maxmemory_policy"))
    return _count(info, "expires") > 0 if policy.startswith("volatile-") else policy != "noeviction"


@dataclass(frozen=True, slots=True)
class Judge:
    """The limits of one check."""

    memory: Limit
    evictions: Limit
    clients: Limit
    lag: Limit
    min_replicas: int

    def server(self, info: Info, metrics: Metrics, findings: Findings) -> None:
        """Memory, clients, persistence, replication."""
        if info.get("loading") == 1:
            findings.add(Status.UNHEALTHY, "it is still loading its data")
        self._memory(info, metrics, findings)
        clients, most = _number(info, "connected_clients"), _number(info, "maxclients")
        if clients is not None and most:
            metrics.put("clients_percent", 100 * clients / most)
            findings.judge(self.clients, 100 * clients / most)
        _persistence(info, findings)
        if info.get("role") == "slave":
            self._replica(info, metrics, findings)
        elif info.get("role") == "master":
            self._master(info, metrics, findings)

    def _memory(self, info: Info, metrics: Metrics, findings: Findings) -> None:
        used, most = _number(info, "used_memory"), _number(info, "maxmemory")
        if used is not None and most:
            metrics.put("memory_percent", 100 * used / most)
            # A cache that evicts is meant to be full.
            if not _may_evict(info):
                findings.judge(self.memory, 100 * used / most)
                # A replica takes what its master sends, however much it is.
                counted = used - (_number(info, "mem_not_counted_for_evict") or 0)
                if counted > most and info.get("role") == "master":
                    findings.add(
                        Status.UNHEALTHY, "it refuses writes: its memory is full, and no key may be evicted"
                    )
        if (evicted := metrics.get("evicted_per_second")) is not None:
            findings.judge(self.evictions, evicted)

    def _replica(self, info: Info, metrics: Metrics, findings: Findings) -> None:
        master = f"{info.get('master_host')}:{info.get('master_port')}"
        metrics.put("master_link_up", info.get("master_link_status") == "up")
        if info.get("master_link_status") != "up":
            since = _number(info, "master_link_down_since_seconds")
            how_long = f" since {since:.0f} s" if since is not None and since >= 0 else ""
            findings.add(Status.UNHEALTHY, f"the link to its master {master} is down{how_long}")
            return
        if info.get("master_sync_in_progress") == 1:
            findings.add(Status.DEGRADED, f"it is still copying the data of its master {master}")
        lag_seconds = _number(info, "master_last_io_seconds_ago")
        if lag_seconds is not None and lag_seconds >= 0:
            metrics.put("replication_lag_seconds", lag_seconds)
            findings.judge(self.lag, lag_seconds)

    def _master(self, info: Info, metrics: Metrics, findings: Findings) -> None:
        replicas = [
            value for name, value in info.items() if _is_numbered(name, "slave") and isinstance(value, dict)
        ]
        online = [one for one in replicas if one.get("state") == "online"]
        lags = [float(one["lag"]) for one in online if isinstance(one.get("lag"), int | float)]
        if lags:
            metrics.put("replication_lag_seconds", max(lags))
            findings.judge(self.lag, max(lags))
        metrics.put("replicas_online", len(online))
        good, wanted = _number(info, "min_slaves_good_slaves"), _number(info, "min_replicas_to_write") or 1
        if good is not None and good < wanted:
            reason = f"{good:.0f} replicas are near enough, min-replicas-to-write is {wanted:.0f} or more"
            findings.add(Status.UNHEALTHY, f"it refuses writes: {reason}")
        if len(online) < self.min_replicas:
            findings.add(
                Status.DEGRADED, f"{len(online)} replicas follow it, {self.min_replicas} are expected"
            )

    def cluster(self, info: Info, metrics: Metrics, findings: Findings) -> None:
        """The cluster as this node sees it."""
        for name in ("cluster_slots_assigned", "cluster_slots_ok", "cluster_known_nodes", "cluster_size"):
            metrics.put(name, _number(info, name))
        failing = (_number(info, "cluster_slots_pfail") or 0) + (_number(info, "cluster_slots_fail") or 0)
        metrics.put("cluster_slots_failing", failing)
        if info.get("cluster_state") not in ("ok", None):
            findings.add(Status.UNHEALTHY, f"the cluster's state is {info['cluster_state']}")
        assigned = _number(info, "cluster_slots_assigned")
        if assigned is not None and assigned < ALL_SLOTS:
            findings.add(Status.DEGRADED, f"{ALL_SLOTS - assigned:.0f} slots of the cluster are nobody's")
        if failing:
            findings.add(Status.DEGRADED, f"{failing:.0f} slots of the cluster are on nodes that fail")

    def sentinel(self, info: Info, metrics: Metrics, findings: Findings) -> list[str]:
        """The masters that it watches, by name; down is unhealthy, down in its own eyes alone is degraded."""
        masters = [
            value for name, value in info.items() if _is_numbered(name, "master") and isinstance(value, dict)
        ][:_MOST_MASTERS]
        metrics.put("sentinel_masters", len(masters))
        if not masters:
            findings.add(Status.UNHEALTHY, "the sentinel watches no master")
        names = []
        for master in masters:
            name, state = str(master.get("name", "?")), master.get("status")
            names.append(name)
            metrics.put(f"replicas:{name}", _number(master, "slaves"))
            metrics.put(f"sentinels:{name}", _number(master, "sentinels"))
            if state != "ok":
                worst = Status.DEGRADED if state == "sdown" else Status.UNHEALTHY
                findings.add(worst, f"sentinel: master {name} at {master.get('address')} is {state}")
        return names


def _persistence(info: Info, findings: Findings) -> None:
    if info.get("rdb_last_bgsave_status", "ok") != "ok":
        findings.add(Status.DEGRADED, "its last save to disk (RDB) failed")
    if info.get("aof_last_bgrewrite_status", "ok") != "ok":
        findings.add(Status.DEGRADED, "its last rewrite of the log on disk (AOF) failed")
    if info.get("aof_last_write_status", "ok") != "ok":
        findings.add(Status.UNHEALTHY, "its last write to the log on disk (AOF) failed")


def _is_numbered(name: str, word: str) -> bool:
    return name.startswith(word) and name[len(word) :].isdigit()


def _number(info: Info, name: str) -> float | None:
    """CLUSTER INFO comes as texts."""
    try:
        return float(info[name])
    except (KeyError, TypeError, ValueError):
        return None
