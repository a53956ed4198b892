"""A command that is sent again with its key is not carried out again: its first answer is told once more.

Answers are kept sealed by the key, of which only a hash is kept: from the store alone nobody reads them.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tenantwatch_collector.errors import Conflict, RefusedForEver, StillRunning
from tenantwatch_collector.identity import Caller
from tenantwatch_collector.store.base import KeptAnswer, Store

KEEP_US = 86_400_000_000
ABANDONED_US = 300_000_000
"""A command takes a minute at most: one that is under way for longer died with its collector."""
_KEY = re.compile(r'"?([\x21\x23-\x7e]{16,128})"?')
_NONCE = 12


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as it went out. Only one that tells of success is kept."""

    status: int
    content: bytes
    success: bool


class Idempotency:
    """Keys are a caller's own: two callers may use the same one."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def once(
        self,
        caller: Caller,
        key: str,
        request: bytes,
        carry_out: Callable[[Caller], Awaitable[Told]],
    ) -> tuple[Told, bool]:
        """What the command answers, and whether that was told before. ``request`` says what is asked for."""
        match = _KEY.fullmatch(key)
        if match is None:
            raise RefusedForEver("Idempotency-Key: write 16 to 128 visible characters, such as a new UUID")
        secret = _hash(b"secret", caller, match[1])
        name = _hash(b"name", caller, match[1])
        now_us = time.time_ns() // 1000
        kept = await self._store.begin_once(
            name, hashlib.sha256(request).digest(), now_us, now_us - KEEP_US, now_us - ABANDONED_US
        )
        if kept is not None:
            return _told_before(kept, hashlib.sha256(request).digest(), secret), True
        try:
            origin = replace(caller.origin, idempotency_key=name)
            told = await carry_out(caller.coming_from(origin))
        except BaseException:
            await self._store.forget_once(name)
            raise
        if told.success:
            await self._store.finish_once(name, told.status, _sealed(told.content, secret))
        else:
            await self._store.forget_once(name)
        return told, False


def _told_before(kept: KeptAnswer, request: bytes, secret: bytes) -> Told:
    if kept.request_sha256 != request:
        raise RefusedForEver("Idempotency-Key: it was used for another request; write a new one")
    if kept.status is not None:
        return Told(kept.status, _opened(kept.answer, secret), True)
    if kept.done and kept.begun_at_us < time.time_ns() // 1000 - ABANDONED_US:
        raise Conflict("this was carried out already, but what it answered is lost: look at what there is")
    raise StillRunning("a request with this Idempotency-Key is under way", 1)


def _hash(purpose: bytes, caller: Caller, key: str) -> bytes:
    whose = f"{caller.subject}\0{caller.tenant_key}\0{key}".encode()
    return hashlib.sha256(purpose + b"\0" + whose).digest()


def _sealed(content: bytes, secret: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(secret).encrypt(nonce, content, None)


def _opened(answer: bytes, secret: bytes) -> bytes:
    try:
        return AESGCM(secret).decrypt(answer[:_NONCE], answer[_NONCE:], None)
    except InvalidTag:
        raise Conflict("this was carried out already, but what it answered cannot be read any more") from None
