"""One form of bytes for one JSON value, so that digests and signatures mean the value, not its spelling."""

from __future__ import annotations

import hashlib
import json
from typing import Any

_PLAIN = frozenset({str, int, bool, type(None)})


def canonical(value: Any) -> bytes:
    """Sorted keys, no spaces, UTF-8; a float that is whole is written as an integer, as JavaScript does.

    Raises ValueError on what JSON cannot say.
    """
    return _written(_plain(value))


def digest(value: Any) -> str:
    """``sha256:`` and the hexadecimal digest of the canonical form."""
    return _digest(canonical(value))


def digest_without_floats(value: Any) -> str:
    """The same of a value that has no float in it: nothing has to be looked through for one."""
    return _digest(_written(value))


def _digest(form: bytes) -> str:
    return f"sha256:{hashlib.sha256(form).hexdigest()}"


def _written(value: Any) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def _plain(value: Any) -> Any:
    # Most are as they should be: a report of a thousand tenants has half a million of them.
    if isinstance(value, dict):
        odd = {key: _plain(each) for key, each in value.items() if type(each) not in _PLAIN}
        return value | odd if odd else value
    if isinstance(value, list | tuple):
        return [each if type(each) in _PLAIN else _plain(each) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
