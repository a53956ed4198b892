"""An issuer of JWTs with keys of its own, and what it signs."""

from __future__ import annotations

import json
import time
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

ISSUER, AUDIENCE = "https://login.example.com/", "tenantwatch"
KEY = ECKey.generate_key("P-256", {"kid": "one"})
OTHER = ECKey.generate_key("P-256", {"kid": "two"})


def jwks(*listed: ECKey) -> bytes:
    return json.dumps({"keys": [key.as_dict(private=False) for key in listed]}).encode()


def signed(key: Any = KEY, algorithm: str = "ES256", kid: str | None = "one", **changed: Any) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "exp": now + 600, "roles": ["operator"]}
    claims = {name: value for name, value in {**claims, **changed}.items() if value is not None}
    header = {"alg": algorithm} if kid is None else {"alg": algorithm, "kid": kid}
    return jwt.encode(header, claims, key, algorithms=[algorithm])
