"""`token create|list|revoke`: on the store itself, collector running or not."""

from __future__ import annotations

import argparse
import re
import time
from datetime import datetime
from typing import Any

from tenantwatch_collector.access.permissions import GRANTED, PLATFORM_ROLES, Permission, Role
from tenantwatch_collector.api.models import instant
from tenantwatch_collector.api.recording import recorded
from tenantwatch_collector.commands.access import local_caller
from tenantwatch_collector.commands.on_store import add
from tenantwatch_collector.errors import ConfigurationError, NotFound
from tenantwatch_collector.identity import issue_token
from tenantwatch_collector.store.base import Store

_SPAN = re.compile(r"(\d{1,5})([mhd])")
_UNITS_US = {"m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
_NEVER_US = 7_258_118_400_000_000


async def _token_create(store: Store, options: argparse.Namespace) -> None:
    tenant = None
    if options.tenant:
        tenant = await store.tenant(options.tenant)
        if tenant is None:
            raise NotFound(
                f"there is no tenant {options.tenant!r}: create it with"
                f" `tenantwatch-collector tenant create {options.tenant}`"
            )
    role = _role(options)
    if (role in PLATFORM_ROLES) != (tenant is None):
        raise ConfigurationError(
            f"a token of the role {role} belongs to no tenant: leave out --tenant"
            if tenant is not None
            else f"a token of the role {role} belongs to a tenant: say which with --tenant"
        )
    beyond = set(options.scope) - GRANTED[role]
    if beyond:
        raise ConfigurationError(
            f"--scope {' '.join(sorted(beyond))}: the role {role} has only {' '.join(sorted(GRANTED[role]))}"
        )
    expires_at_us = None if options.expires is None else expiry_us(options.expires, time.time_ns() // 1000)
    async with recorded(store, local_caller(), "token.create", "", tenant) as record:
        record.target, secret = await issue_token(
            record.store,
            role,
            tenant,
            options.name,
            subject=options.subject,
            scopes=[Permission(scope) for scope in options.scope],
            expires_at_us=expires_at_us,
        )
        record.after = {
            "role": role,
            "subject": options.subject or record.target,
            "scopes": options.scope,
            "expires_at": _moment(expires_at_us),
        }
    print(secret)


def _role(options: argparse.Namespace) -> Role:
    """The role asked for; --admin, --agent and --tenant alone are short for the ones that are wanted most."""
    short = {name for name in ("admin", "agent") if getattr(options, name)}
    if len(short) + (options.role is not None) > 1:
        raise ConfigurationError("give one of --role, --admin and --agent")
    if options.role is not None:
        return Role(options.role)
    if not short and not options.tenant:
        raise ConfigurationError(
            "say whose token it is: --role ROLE, --admin, --tenant T, or --tenant T --agent"
        )
    return Role(short.pop()) if short else Role.TENANT_VIEWER


def expiry_us(text: str, now_us: int) -> int:
    """When a token ends: after a time such as 90d or 12h, or at an instant with its zone."""
    if found := _SPAN.fullmatch(text):
        ends_us = now_us + int(found[1]) * _UNITS_US[found[2]]
    else:
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                raise ValueError
            ends_us = int(moment.timestamp()) * 1_000_000
        except (ValueError, OverflowError):
            raise ConfigurationError(
                f"--expires {text}: write a time such as 90d or 12h, or an instant with its zone such as"
                " 2027-01-01T00:00:00Z"
            ) from None
    if not now_us < ends_us < _NEVER_US:
        raise ConfigurationError(f"--expires {text}: write a time that lies ahead, before the year 2200")
    return ends_us


async def _token_list(store: Store, options: argparse.Namespace) -> None:
    now_us = time.time_ns() // 1000
    print(
        f"{'ID':14}{'ROLE':15}{'TENANT':24}{'CREATED':22}{'LAST USED':22}{'EXPIRES':22}{'STATE':10}"
        f"{'SUBJECT':26}NAME"
    )
    for token in await store.tokens():
        tenant = "-" if token.tenant is None else token.tenant.tenant_id
        over = token.expires_at_us is not None and token.expires_at_us <= now_us
        state = "revoked" if token.revoked_at_us is not None else "expired" if over else "valid"
        scopes = f" (only {' '.join(token.scopes)})" if token.scopes else ""
        print(
            f"{token.token_id:14}{token.role:15}{tenant:24}{_moment(token.created_at_us):22}"
            f"{_moment(token.last_used_at_us):22}{_moment(token.expires_at_us):22}{state:10}"
            f"{token.subject:26}{token.name}{scopes}"
        )


async def _token_revoke(store: Store, options: argparse.Namespace) -> None:
    found = [token for token in await store.tokens() if token.token_id == options.token_id]
    tenant = found[0].tenant if found else None
    async with recorded(store, local_caller(), "token.revoke", options.token_id, tenant) as record:
        if not await record.store.revoke_token(options.token_id):
            raise NotFound(f"there is no valid token {options.token_id!r}; see `token list`")
    print(f"{options.token_id} is revoked")


def _moment(time_us: int | None) -> str:
    return "never" if time_us is None else instant(time_us).strftime("%Y-%m-%dT%H:%M:%SZ")


def add_commands(commands: Any, config_help: str) -> None:
    """Register the commands with argparse."""
    token = commands.add_parser("token", help="create, list and revoke tokens").add_subparsers(required=True)
    issue = add(
        token, "create", "create a token and print it; it is shown this once", _token_create, config_help
    )
    issue.add_argument(
        "--role", choices=[str(role) for role in Role], help="what its owner is; see docs/api.md"
    )
    issue.add_argument("--admin", action="store_true", help="short for --role admin: may do everything")
    issue.add_argument("--tenant", default="", help="the tenant that the token reaches, and no other")
    issue.add_argument("--agent", action="store_true", help="short for --role agent: only sends results")
    issue.add_argument(
        "--subject",
        default="",
        help="the person or service that acts with it (default: the token's ID)",
    )
    issue.add_argument(
        "--scope",
        action="append",
        default=[],
        choices=[str(p) for p in Permission],
        metavar="PERMISSION",
        help="only this permission of its role's; may be given several times",
    )
    issue.add_argument("--expires", help="when it ends: 90d, 12h, or an instant with its zone")
    issue.add_argument("--name", default="", help="a note, such as who has it")
    add(token, "list", "list tokens (never their secrets)", _token_list, config_help)
    revoke = add(token, "revoke", "make a token useless at once", _token_revoke, config_help)
    revoke.add_argument("token_id", help="the ID of `token list`")
