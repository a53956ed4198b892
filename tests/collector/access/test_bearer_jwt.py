"""JWTs: whose are believed, for how long, and how often an issuer is asked for its keys."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import OctKey
from pydantic import ValidationError
from tenantwatch_collector.access import keys
from tenantwatch_collector.access.bearer_jwt import JwtVerifier
from tenantwatch_collector.access.keys import FetchedKeys, KeysUnavailable
from tenantwatch_collector.access.permissions import Role
from tenantwatch_collector.access.settings import JwtSection
from tenantwatch_collector.errors import ConfigurationError, NotAuthenticated

from tests.collector.access.issuer import AUDIENCE, ISSUER, KEY, OTHER, jwks, signed
from tests.fakes.http_target import HttpTarget


@pytest.fixture
def verifier(tmp_path: Path) -> JwtVerifier:
    file = tmp_path / "jwks.json"
    file.write_bytes(jwks(KEY))
    return JwtVerifier(JwtSection(issuer=ISSUER, audience=AUDIENCE, keys_file=file))


async def test_a_valid_one_says_who_and_what(verifier: JwtVerifier) -> None:
    claims = await verifier.verified(signed(aud=["other", AUDIENCE], roles="operator auditor wizard"))
    assert (claims.subject, claims.tenant_id) == ("ann", None)
    assert claims.roles == {Role.OPERATOR, Role.AUDITOR}
    assert (await verifier.verified(signed(tenant_id="acme", roles=["agent"]))).roles == frozenset()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: signed(iss="https://other.example.com/"),
        lambda: signed(iss=None),
        lambda: signed(aud="another"),
        lambda: signed(aud=None),
        lambda: signed(exp=None),
        lambda: signed(exp="tomorrow"),
        lambda: signed(nbf=int(time.time()) + 3_600),
        lambda: signed(sub=None),
        lambda: signed(sub=""),
        lambda: signed(sub="x" * 201),
        lambda: signed(tenant_id=7),
        lambda: signed(OTHER),
        lambda: signed(kid="three"),
        lambda: signed(OctKey.generate_key(256), "HS256"),
        lambda: "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.",
        lambda: signed()[:-4] + "AAAA",
        lambda: "x." * 10_000,
        lambda: "%.%.%",
        lambda: "W10.e30.AA",
    ],
)
async def test_any_other_is_no_credential(verifier: JwtVerifier, wrong: Callable[[], str]) -> None:
    text = wrong()
    with pytest.raises(NotAuthenticated) as refused:
        await verifier.verified(text)
    assert text.rpartition(".")[0] not in str(refused.value)


async def test_time_has_a_leeway(verifier: JwtVerifier) -> None:
    now = int(time.time())
    assert (await verifier.verified(signed(exp=now - 5))).subject == "ann"
    with pytest.raises(NotAuthenticated, match="has expired"):
        await verifier.verified(signed(exp=now - 300))


async def test_claims_may_lie_deeper(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(KEY.as_pem(private=False))
    section = JwtSection(
        issuer=ISSUER, audience=AUDIENCE, keys_file=file, roles_claim="realm_access.roles", tenant_claim="org"
    )
    claims = await JwtVerifier(section).verified(
        signed(kid=None, roles=None, realm_access={"roles": ["tenant-admin"]}, org="acme")
    )
    assert (claims.roles, claims.tenant_id) == (frozenset({Role.TENANT_ADMIN}), "acme")


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


async def test_keys_are_fetched_when_needed_and_no_more_often() -> None:
    clock = Clock()
    async with HttpTarget() as issuer:
        issuer.body = jwks(KEY)
        section = JwtSection(issuer=ISSUER, audience=AUDIENCE, keys_url=f"{issuer.url}/keys")
        verifier = JwtVerifier(section, FetchedKeys(section.keys_url, clock))
        for _ in range(3):
            await verifier.verified(signed())
        assert issuer.total == 1
        issuer.body = jwks(KEY, OTHER)
        for _ in range(3):
            with pytest.raises(NotAuthenticated):
                await verifier.verified(signed(OTHER, kid="two"))
        assert issuer.total == 1
        clock.now += keys.PAUSE_SECONDS
        await verifier.verified(signed(OTHER, kid="two"))
        assert issuer.total == 2
        issuer.body = jwks(OTHER)
        clock.now += keys.FRESH_SECONDS + 1
        with pytest.raises(NotAuthenticated):
            await verifier.verified(signed())
        assert issuer.total == 3


async def test_an_issuer_that_is_away_leaves_its_keys_for_a_while() -> None:
    clock = Clock()
    async with HttpTarget() as issuer:
        source = FetchedKeys(f"{issuer.url}/keys", clock)
        for body in (b"[]", b'{"keys": []}', b"x" * (keys.MAX_BYTES + 1), b"[" * 100_000):
            issuer.body = body
            clock.now += keys.PAUSE_SECONDS
            with pytest.raises(KeysUnavailable):
                await source.current("one")
        issuer.body = jwks(KEY)
        clock.now += keys.PAUSE_SECONDS
        assert len((await source.current("one")).keys) == 1
        issuer.switch(500)
        clock.now += keys.STALE_SECONDS - 1
        assert len((await source.current("one")).keys) == 1
        clock.now += 2
        with pytest.raises(KeysUnavailable):
            await source.current("one")


@pytest.mark.parametrize(
    "wrong",
    [
        {"algorithms": ["HS256"]},
        {"algorithms": ["none"]},
        {"keys_url": "http://login.example.com/keys"},
        {"keys_url": ""},
        {"keys_url": "https://login.example.com/keys", "keys_file": "/x"},
        {"leeway_seconds": 3_600},
    ],
)
def test_settings_that_would_let_anybody_in_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        JwtSection.model_validate(
            {"issuer": ISSUER, "audience": AUDIENCE, "keys_url": "https://a.example/", **wrong}
        )


@pytest.mark.parametrize("content", ["", "{}", "-----BEGIN PUBLIC KEY-----\nx", '{"keys": [{"kty": "oct"}]}'])
def test_a_file_without_a_key_is_told_at_the_start(tmp_path: Path, content: str) -> None:
    file = tmp_path / "keys"
    file.write_text(content)
    with pytest.raises(ConfigurationError, match=r"jwt\.keys_file"):
        JwtVerifier(JwtSection(issuer=ISSUER, audience=AUDIENCE, keys_file=file))
