"""The audit log: in one transaction with what it tells of, in order, and never changed by anybody."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
from tenantwatch_collector.store.base import AuditEntry, Store

from tests.collector.store.conftest import Place


def entry(action: str, subject: str = "ann") -> AuditEntry:
    return AuditEntry(subject, "admin", "127.0.0.1", "r1", action, "t", '{"a": 1}', "")


async def test_entries_are_kept_and_found(store: Store) -> None:
    acme = await store.create_tenant("acme", "Acme", "basic")
    other = await store.create_tenant("other", "Other", "basic")
    await store.add_audit(acme.tenant_key, entry("one"))
    await store.add_audit(other.tenant_key, entry("two"))
    await store.add_audit(None, entry("three", "bob"))
    everything = await store.audit_entries(None, "", "", None, 10)
    assert [(one.action, one.tenant_id) for one in everything] == [
        ("three", None),
        ("two", "other"),
        ("one", "acme"),
    ]
    assert everything[2].before == '{"a": 1}'
    assert [one.action for one in await store.audit_entries(acme.tenant_key, "", "", None, 10)] == ["one"]
    assert [one.action for one in await store.audit_entries(None, "bob", "", None, 10)] == ["three"]
    assert [one.action for one in await store.audit_entries(None, "ann", "two", None, 10)] == ["two"]
    rest = await store.audit_entries(None, "", "", everything[0].entry_id, 1)
    assert [one.action for one in rest] == ["two"]


async def test_what_is_done_together_is_kept_together_or_not_at_all(store: Store) -> None:
    async with store.together() as joined:
        made = await joined.create_tenant("acme", "Acme", "basic")
        assert (await joined.tenant("acme")) == made
        await joined.add_audit(made.tenant_key, entry("kept"))
    with pytest.raises(RuntimeError):
        await _broken_off(store)
    assert [tenant.tenant_id for tenant in await store.tenants()] == ["acme"]
    assert [one.action for one in await store.audit_entries(None, "", "", None, 10)] == ["kept"]


async def _broken_off(store: Store) -> None:
    async with store.together() as joined:
        await joined.create_tenant("lost", "Lost", "basic")
        await joined.add_audit(None, entry("lost"))
        raise RuntimeError


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET subject = 'nobody'",
        "DELETE FROM audit_entry",
        "INSERT OR REPLACE INTO audit_entry SELECT * FROM audit_entry",
        "TRUNCATE audit_entry",
        "TRUNCATE tenant CASCADE",
    ],
)
async def test_nothing_changes_an_entry(store: Store, place: Place, statement: str) -> None:
    await store.add_audit(None, entry("stays"))
    with pytest.raises((sqlite3.Error, psycopg.Error)):
        await place.change(statement)
    assert [one.subject for one in await store.audit_entries(None, "", "", None, 10)] == ["ann"]
