"""`tenant create|list`, `token create|list|revoke`: on the store itself, collector running or not."""

from __future__ import annotations

import argparse
import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tenantwatch_collector.api.models import instant
from tenantwatch_collector.config import load_config
from tenantwatch_collector.errors import ConfigurationError, NotFound
from tenantwatch_collector.identity import issue_token
from tenantwatch_collector.store.base import Store, Tenant
from tenantwatch_collector.store.opening import open_store

TIERS = ("basic", "professional", "enterprise")
_TENANT_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")

Work = Callable[[Store, argparse.Namespace], Awaitable[None]]


async def create_tenant(store: Store, tenant_id: str, name: str, tier: str) -> Tenant:
    """Create the tenant, or return it if it exists. Raises ConfigurationError on a wrong id."""
    if not _TENANT_ID.fullmatch(tenant_id):
        raise ConfigurationError(
            f"tenant id {tenant_id!r}: write 1 to 63 lower-case letters, digits and hyphens,"
            " beginning with a letter or digit, as in example-isp-001"
        )
    return await store.create_tenant(tenant_id, name or tenant_id, tier)


async def _tenant_create(store: Store, options: argparse.Namespace) -> None:
    tenant = await create_tenant(store, options.tenant_id, options.name, options.tier)
    print(tenant.tenant_id)


async def _tenant_list(store: Store, options: argparse.Namespace) -> None:
    for tenant in await store.tenants():
        print(f"{tenant.tenant_id:32} {tenant.tier:14} {tenant.tenant_name}")


async def _token_create(store: Store, options: argparse.Namespace) -> None:
    tenant = None
    if options.tenant:
        tenant = await store.tenant(options.tenant)
        if tenant is None:
            raise NotFound(
                f"there is no tenant {options.tenant!r}: create it with"
                f" `tenantwatch-collector tenant create {options.tenant}`"
            )
    elif not options.admin:
        raise ConfigurationError("say whose token it is: --admin, --tenant T, or --tenant T --agent")
    if options.admin and (options.tenant or options.agent):
        raise ConfigurationError("an admin's token belongs to no tenant: leave out --tenant and --agent")
    role = "admin" if tenant is None else "agent" if options.agent else "tenant"
    _, secret = await issue_token(store, role, tenant, options.name)
    print(secret)


async def _token_list(store: Store, options: argparse.Namespace) -> None:
    print(f"{'ID':14}{'ROLE':8}{'TENANT':24}{'CREATED':22}{'LAST USED':22}{'STATE':10}NAME")
    for token in await store.tokens():
        tenant = "-" if token.tenant is None else token.tenant.tenant_id
        state = "valid" if token.revoked_at_us is None else "revoked"
        print(
            f"{token.token_id:14}{token.role:8}{tenant:24}{_moment(token.created_at_us):22}"
            f"{_moment(token.last_used_at_us):22}{state:10}{token.name}"
        )


async def _token_revoke(store: Store, options: argparse.Namespace) -> None:
    if not await store.revoke_token(options.token_id):
        raise NotFound(f"there is no valid token {options.token_id!r}; see `token list`")
    print(f"{options.token_id} is revoked")


def _moment(time_us: int | None) -> str:
    return "never" if time_us is None else instant(time_us).strftime("%Y-%m-%dT%H:%M:%SZ")


def _with_store(work: Work) -> Callable[[argparse.Namespace], None]:
    async def opened(options: argparse.Namespace) -> None:
        config = load_config(options.config)
        store = await open_store(config.store_path, config.store.postgres_url)
        try:
            await work(store, options)
        finally:
            await store.close()

    return lambda options: asyncio.run(opened(options))


def add_commands(commands: Any, config_help: str) -> None:
    """Register the commands with argparse."""
    tenant = commands.add_parser("tenant", help="create and list tenants").add_subparsers(required=True)
    create = _add(
        tenant, "create", "create a tenant (does nothing if it exists)", _tenant_create, config_help
    )
    create.add_argument("tenant_id", help="such as example-isp-001")
    create.add_argument("--name", default="", help="for people")
    create.add_argument("--tier", choices=TIERS, default="professional")
    _add(tenant, "list", "list tenants", _tenant_list, config_help)

    token = commands.add_parser("token", help="create, list and revoke tokens").add_subparsers(required=True)
    issue = _add(
        token, "create", "create a token and print it; it is shown this once", _token_create, config_help
    )
    issue.add_argument("--admin", action="store_true", help="for the platform's own people: reads everything")
    issue.add_argument("--tenant", default="", help="the tenant that the token reaches, and no other")
    issue.add_argument("--agent", action="store_true", help="for an agent of that tenant: only sends results")
    issue.add_argument("--name", default="", help="a note, such as who has it")
    _add(token, "list", "list tokens (never their secrets)", _token_list, config_help)
    revoke = _add(token, "revoke", "make a token useless at once", _token_revoke, config_help)
    revoke.add_argument("token_id", help="the ID of `token list`")


def _add(family: Any, name: str, help_text: str, work: Work, config_help: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = family.add_parser(name, help=help_text, description=help_text)
    parser.add_argument("--config", type=Path, help=config_help)
    parser.set_defaults(command=_with_store(work))
    return parser
