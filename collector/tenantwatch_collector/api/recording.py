"""How a command gets into the audit log: in one transaction with what it does, so that neither is without
the other."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from tenantwatch_collector.identity import Caller
from tenantwatch_collector.store.base import AuditEntry, Store, Tenant

Told = BaseModel | Mapping[str, Any] | None
_SECRET = re.compile(r"token|secret|password|passwd|credential|authorization|api_?key", re.IGNORECASE)
_HIDDEN = "***"


@dataclass(slots=True)
class Record:
    """What a command finds and leaves: filled in while it works. ``store`` is the one to write with."""

    store: Store
    target: str
    tenant: Tenant | None
    before: Told = None
    after: Told = None


@asynccontextmanager
async def recorded(
    store: Store, caller: Caller, action: str, target: str, tenant: Tenant | None = None
) -> AsyncIterator[Record]:
    """What is written with the record's store is kept with an entry of the audit log, or not at all.

    Inside stands what writes, and nothing that takes long.
    """
    async with store.together() as joined:
        record = Record(joined, target, tenant)
        yield record
        entry = AuditEntry(
            caller.subject,
            " ".join(sorted(caller.roles)),
            caller.origin.address,
            caller.origin.request_id,
            action,
            record.target,
            _written(record.before),
            _written(record.after),
        )
        if caller.origin.idempotency_key:
            await joined.done_once(caller.origin.idempotency_key)
        await joined.add_audit(None if record.tenant is None else record.tenant.tenant_key, entry)


def _written(told: Told) -> str:
    return "" if told is None else json.dumps(without_secrets(to_jsonable_python(told, by_alias=True)))


def without_secrets(told: Any) -> Any:
    """The same, with the values hidden whose names say that they are secret."""
    if isinstance(told, Mapping):
        return {
            name: _HIDDEN if value and _SECRET.search(name) else without_secrets(value)
            for name, value in told.items()
        }
    if isinstance(told, Sequence) and not isinstance(told, str):
        return [without_secrets(each) for each in told]
    return told
