"""Which collector, and as whom: from the environment, else from what `login` kept."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from tenantwatch_client.client import Client
from tenantwatch_client.errors import ClientError, NotLoggedIn

URL, TOKEN, TOKEN_FILE, CA_FILE = (
    f"TENANTWATCH_{name}" for name in ("URL", "TOKEN", "TOKEN_FILE", "CA_FILE")
)
_MAX_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Profile:
    url: str
    token: str
    ca_file: str = ""

    def __repr__(self) -> str:
        return f"Profile({self.url})"

    def client(self) -> Client:
        return Client(self.url, self.token, Path(self.ca_file) if self.ca_file else None)


def connect() -> Client:
    """A client by the environment or the last login. Raises NotLoggedIn if there is neither."""
    return current().client()


def current() -> Profile:
    kept = _kept()
    url = os.environ.get(URL, "") or (kept.url if kept else "")
    if not url:
        raise NotLoggedIn(f"which collector? run `tenantwatch login URL --token-file FILE`, or set {URL}")
    # A kept token is for the kept address; another one must not get it.
    own = kept if kept is not None and kept.url == url.rstrip("/") else None
    token = _token_of_environment() or (own.token if own else "")
    if not token:
        raise NotLoggedIn(f"no token for {url}: run `tenantwatch login {url}`, or set {TOKEN}")
    return Profile(url, token, os.environ.get(CA_FILE, "") or (own.ca_file if own else ""))


def keep(profile: Profile) -> Path:
    """Write it where only this user can read it; returns where."""
    path = _path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(profile), file)
    fresh.replace(path)
    return path


def forget() -> bool:
    """Whether there was anything to forget."""
    there = _path().exists()
    _path().unlink(missing_ok=True)
    return there


def read_token(path: Path) -> str:
    try:
        with path.expanduser().open("rb") as file:
            token = file.read(_MAX_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ClientError(f"{path}: cannot be read: {getattr(error, 'strerror', 'not a text')}") from None
    if not token or len(token.split()) != 1:
        raise ClientError(f"{path}: must hold one token and nothing else")
    return token


def _token_of_environment() -> str:
    if os.environ.get(TOKEN_FILE):
        return read_token(Path(os.environ[TOKEN_FILE]))
    return os.environ.get(TOKEN, "").strip()


def _path() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base).expanduser() / "tenantwatch" / "login.json"


def _kept() -> Profile | None:
    try:
        return Profile(**json.loads(_path().read_text()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise ClientError(f"{_path()}: cannot be read ({error}); run `tenantwatch login` again") from None
