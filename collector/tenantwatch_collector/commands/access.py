"""`tenant create|list`: on the store itself, collector running or not."""

from __future__ import annotations

import argparse
import getpass
import os
import re
import sys
from typing import Any

from tenantwatch_collector.access.permissions import Role, granted
from tenantwatch_collector.api.recording import recorded
from tenantwatch_collector.commands.on_store import add
from tenantwatch_collector.errors import ConfigurationError
from tenantwatch_collector.identity import Caller, Origin
from tenantwatch_collector.store.base import PLATFORM, Store, Tenant

TIERS = ("basic", "professional", "enterprise")
_DEFAULT_TIER = "professional"
_TENANT_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


async def create_tenant(store: Store, tenant_id: str, name: str, tier: str) -> Tenant:
    """Create the tenant, or return it if it exists. Raises ConfigurationError on a wrong id."""
    if not _TENANT_ID.fullmatch(tenant_id):
        raise ConfigurationError(
            f"tenant id {tenant_id!r}: write 1 to 63 lower-case letters, digits and hyphens,"
            " beginning with a letter or digit, as in example-isp-001"
        )
    if tenant_id == PLATFORM:
        raise ConfigurationError(f"a tenant cannot be called {PLATFORM!r}: so the platform's own alerts are")
    known = await store.tenant(tenant_id)
    if known is not None:
        return known
    async with recorded(store, local_caller(), "tenant.create", tenant_id) as record:
        record.tenant = tenant = await record.store.create_tenant(tenant_id, name or tenant_id, tier)
        if tenant.deleted_at_us is not None:
            raise ConfigurationError(f"{tenant_id!r} was a tenant that was deleted: choose another id")
        record.after = {"tenant_id": tenant_id, "tenant_name": tenant.tenant_name, "tier": tier}
    return tenant


def local_caller() -> Caller:
    """Whoever may run commands as the collector's user: the audit log knows them by their login name."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    roles = frozenset({Role.ADMIN})
    return Caller(f"local:{name}", roles, granted(roles), None, origin=Origin("local"))


async def _tenant_create(store: Store, options: argparse.Namespace) -> None:
    before = await store.tenant(options.tenant_id)
    tenant = await create_tenant(store, options.tenant_id, options.name, options.tier or _DEFAULT_TIER)
    print(tenant.tenant_id)
    if before is not None:
        print(_stays(before, options), file=sys.stderr)


def _stays(tenant: Tenant, options: argparse.Namespace) -> str:
    """What was asked of a tenant that exists, and is not so."""
    said = f"{tenant.tenant_id} exists already, and stays as it is"
    if options.name and options.name != tenant.tenant_name:
        said += (
            f"; its name is {tenant.tenant_name!r}, not {options.name!r}:"
            " `tenantwatch tenant rename` changes it"
        )
    if options.tier and options.tier != tenant.tier:
        said += (
            f"; it was created with the tier {tenant.tier}, not {options.tier}:"
            f" `tenantwatch-collector sla terms {tenant.tenant_id} --set FILE` agrees on another"
        )
    return said


async def _tenant_list(store: Store, options: argparse.Namespace) -> None:
    for tenant in await store.tenants():
        if tenant.deleted_at_us is None:
            state = "" if tenant.suspended_at_us is None else " (suspended)"
            print(f"{tenant.tenant_id:32} {tenant.tier:14} {tenant.tenant_name}{state}")


def add_commands(commands: Any, config_help: str) -> None:
    """Register the commands with argparse."""
    tenant = commands.add_parser("tenant", help="create and list tenants").add_subparsers(required=True)
    create = add(
        tenant, "create", "create a tenant; one that exists stays as it is", _tenant_create, config_help
    )
    create.add_argument("tenant_id", help="such as example-isp-001")
    create.add_argument("--name", default="", help="for people")
    create.add_argument("--tier", choices=TIERS, help=f"{_DEFAULT_TIER} if left out")
    add(tenant, "list", "list tenants", _tenant_list, config_help)
