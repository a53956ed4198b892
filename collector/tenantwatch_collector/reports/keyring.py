"""The keys that reports are signed with: the one in use, and the public halves of those before it.

Beside the key file, ``report-keys.json`` keeps every retired public key: a report says itself which key
signed it, and whoever checks one asks whether that key was ever the operator's.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tenantwatch_collector.errors import ConfigurationError
from tenantwatch_collector.reports.signing import ALGORITHM, Signer, key_id_of, load_signer, new_key_file

KEY_FILE = "report-key.pem"
RETIRED_FILE = "report-keys.json"
MAX_KEYS = 1000


class Keyring:
    """The keys in a data folder. Never shows a private one."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / KEY_FILE
        self._retired = folder / RETIRED_FILE
        self.signer = load_signer(self._path)

    def published(self) -> dict[str, Any]:
        """What the operator publishes: the key in use first, then the retired ones, the newest first."""
        current = _entry(self.signer) | {"state": "current", "retired_at": None}
        others = (each for each in reversed(self._read()) if each["key_id"] != self.signer.key_id)
        return {"keys": [current, *others]}

    def published_json(self) -> str:
        """The same as a file to publish."""
        return json.dumps(self.published(), indent=1)

    def rotate(self) -> Signer:
        """Retire the key in use and make another. A collector signs with it from its next start on."""
        retired = self._read()
        if len(retired) >= MAX_KEYS:
            raise ConfigurationError(f"{self._retired}: at most {MAX_KEYS} keys are kept")
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if all(entry["key_id"] != self.signer.key_id for entry in retired):
            retired.append(_entry(self.signer) | {"state": "retired", "retired_at": now})
        # The public half is safe before the private one goes.
        _write(self._retired, json.dumps({"keys": retired}, indent=1))
        os.replace(new_key_file(self._path), self._path)
        self.signer = load_signer(self._path)
        return self.signer

    def _read(self) -> list[dict[str, Any]]:
        try:
            found: list[dict[str, Any]] = json.loads(self._retired.read_bytes())["keys"]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(f"{self._retired}: cannot read the retired keys: {error}") from error
        return found


def trusted_ids(published: Any) -> Collection[str]:
    """The ids of published keys, made from the keys themselves. Raises ValueError on anything else."""
    try:
        return {key_id_of(base64.b64decode(each["public_key"], validate=True)) for each in published["keys"]}
    except (KeyError, TypeError, binascii.Error) as error:
        raise ValueError('not the keys of a collector: {"keys": [{"public_key": …}]} is wanted') from error


def _entry(signer: Signer) -> dict[str, Any]:
    return {"key_id": signer.key_id, "algorithm": ALGORITHM, "public_key": signer.public_key}


def _write(path: Path, text: str) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
