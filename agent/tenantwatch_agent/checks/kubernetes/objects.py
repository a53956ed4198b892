"""What pods, workloads, nodes and their metrics say, out of the API's objects. No I/O; nothing is trusted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_QUANTITY = re.compile(r"([+-]?[0-9]*\.?[0-9]+)(?:[eE]([+-]?[0-9]{1,2})|([numkMGTPE]|[KMGTPE]i)?)")
_FACTORS = {
    "": 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
}  # fmt: skip
_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")
RESOURCES = ("cpu", "memory")

Object = Mapping[str, Any]


def quantity(text: Any) -> float | None:
    """``250m`` is 0.25, ``1Gi`` is 1073741824; None for what is no quantity."""
    match = _QUANTITY.fullmatch(str(text))
    if match is None:
        return None
    number, exponent, suffix = match.groups()
    return float(number) * (10.0 ** int(exponent) if exponent else _FACTORS[suffix or ""])


@dataclass(frozen=True, slots=True)
class Workload:
    """A deployment, stateful set or daemon set."""

    name: str
    desired: int
    ready: int


@dataclass(frozen=True, slots=True)
class Container:
    """One of a pod's; ``killed_at`` is when it was last ended for its memory, empty if it never was."""

    name: str
    restarts: int = 0
    waiting: str = ""
    killed_at: str = ""
    requests: Mapping[str, float] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pod:
    name: str
    uid: str
    phase: str
    ready: bool
    created_at: float | None
    """Unix seconds."""
    containers: tuple[Container, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """``troubles`` are its conditions that are not as they should be."""

    name: str
    ready: bool
    troubles: tuple[str, ...]


def read_workload(kind: str, item: Object) -> Workload:
    spec, status = _map(item, "spec"), _map(item, "status")
    if kind == "daemonset":
        desired, ready = _count(status, "desiredNumberScheduled"), _count(status, "numberReady")
    else:
        # Left out it is one, by the API's own default.
        desired = _count(spec, "replicas") if "replicas" in spec else 1
        ready = _count(status, "readyReplicas")
    return Workload(f"{kind} {_name(item)}", desired, ready)


def read_pod(item: Object) -> Pod:
    metadata, status = _map(item, "metadata"), _map(item, "status")
    # Those that run before the others, and as sidecars beside them, can wait, end and fill up like any.
    wanted = _by_name(_map(item, "spec"), "initContainers", "containers")
    states = _by_name(status, "initContainerStatuses", "containerStatuses")
    ready = any(
        each.get("type") == "Ready" and each.get("status") == "True" for each in _maps(status, "conditions")
    )
    return Pod(
        _name(item),
        str(metadata.get("uid", "")),
        str(status.get("phase", "Unknown")),
        ready,
        unix_seconds(metadata.get("creationTimestamp")),
        tuple(_container(name, spec, states.get(name, {})) for name, spec in wanted.items()),
    )


def _container(name: str, spec: Object, status: Object) -> Container:
    resources = _map(spec, "resources")
    ends = [_map(_map(status, key), "terminated") for key in ("lastState", "state")]
    killed = [str(end.get("finishedAt", "")) for end in ends if end.get("reason") == "OOMKilled"]
    return Container(
        name,
        _count(status, "restartCount"),
        str(_map(_map(status, "state"), "waiting").get("reason", "")),
        max(killed, default=""),
        _quantities(_map(resources, "requests")),
        _quantities(_map(resources, "limits")),
    )


def read_node(item: Object) -> Node:
    conditions = {str(each.get("type")): each for each in _maps(_map(item, "status"), "conditions")}
    ready = conditions.get("Ready", {}).get("status") == "True"
    troubles = tuple(kind for kind in _PRESSURES if conditions.get(kind, {}).get("status") == "True")
    return Node(_name(item), ready, troubles)


def read_usage(items: Iterable[Object]) -> dict[tuple[str, str], dict[str, float]]:
    """By pod and container, out of metrics.k8s.io."""
    return {
        (_name(item), str(container.get("name"))): _quantities(_map(container, "usage"))
        for item in items
        for container in _maps(item, "containers")
    }


def unix_seconds(text: Any) -> float | None:
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return None


def _quantities(table: Object) -> dict[str, float]:
    found = {name: quantity(table[name]) for name in RESOURCES if name in table}
    return {name: value for name, value in found.items() if value is not None}


def _name(item: Object) -> str:
    return str(_map(item, "metadata").get("name", "?"))


def _by_name(item: Object, *keys: str) -> dict[str, Object]:
    return {str(each.get("name")): each for key in keys for each in _maps(item, key)}


def _map(item: Object, key: str) -> Object:
    found = item.get(key)
    return found if isinstance(found, dict) else {}


def _maps(item: Object, key: str) -> Iterator[Object]:
    found = item.get(key)
    return (each for each in (found if isinstance(found, list) else []) if isinstance(each, dict))


def _count(item: Object, key: str) -> int:
    found = item.get(key)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0
