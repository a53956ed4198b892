"""The collector's configuration: one TOML file, every key optional, unknown keys refused."""

from __future__ import annotations

import ipaddress
import os
import socket
import tomllib
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator

from tenantwatch_collector.access.settings import JwtSection
from tenantwatch_collector.alerts.builtin import NAMES
from tenantwatch_collector.api.settings import ApiSection
from tenantwatch_collector.errors import ConfigurationError
from tenantwatch_collector.notify.heartbeat import HeartbeatSection
from tenantwatch_collector.notify.settings import NotifySection
from tenantwatch_collector.settings import Section, explain

DATA_FOLDER_VARIABLE = "TENANTWATCH_DATA_FOLDER"
STORE_URL_VARIABLE = "TENANTWATCH_STORE_URL"


class Listener(Section):
    """``listen`` is HOST:PORT; port 0 is any free one."""

    listen: str

    @field_validator("listen")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        host, colon, port = value.rpartition(":")
        if not colon or not host or not port.isdigit() or int(port) > 65535:
            raise ValueError("write HOST:PORT, as in 127.0.0.1:8000 or [::1]:8000")
        return value

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])

    @property
    def is_loopback(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class GrpcListener(Listener):
    listen: str = "127.0.0.1:50051"


class RestListener(Listener):
    listen: str = "127.0.0.1:8000"


class Tls(Section):
    """PEM files that both doors serve."""

    certificate_file: Path
    key_file: Path

    @field_validator("certificate_file", "key_file")
    @classmethod
    def _readable(cls, value: Path) -> Path:
        try:
            value.expanduser().read_bytes()
        except OSError as error:
            raise ValueError(f"cannot be read: {error.strerror}") from None
        return value.expanduser()


class StoreSection(Section):
    """A PostgreSQL by ``url``, ``url_file`` or the environment; else an SQLite file at ``path``."""

    path: Path | None = None
    url: SecretStr = SecretStr("")
    url_file: Path | None = None
    writers: Annotated[int, Field(ge=1, le=8)] = 1

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(map(bool, (self.path, self.url.get_secret_value(), self.url_file))) > 1:
            raise ValueError("give one of path, url, url_file")
        return self

    @field_validator("url")
    @classmethod
    def _postgres(cls, value: SecretStr) -> SecretStr:
        _check_url(value.get_secret_value())
        return value

    @property
    def postgres_url(self) -> str:
        """The address with its password; empty for SQLite. Raises ConfigurationError."""
        if self.url_file is not None:
            try:
                url = self.url_file.expanduser().read_text("utf-8").strip()
                _check_url(url)
            except OSError as error:
                raise ConfigurationError(f"store.url_file {self.url_file}: {error.strerror}") from None
            except ValueError as error:
                raise ConfigurationError(f"store.url_file {self.url_file}: {error}") from None
            return url
        return self.url.get_secret_value() or (
            "" if self.path is not None else os.environ.get(STORE_URL_VARIABLE, "")
        )


def _check_url(url: str) -> None:
    if url and not url.startswith(("postgresql://", "postgres://")):
        raise ValueError("write postgresql://USER:PASSWORD@HOST:PORT/DATABASE")


class IngestSection(Section):
    """How fast a tenant may send for long; a second's worth may come at once."""

    results_per_second: Annotated[float, Field(ge=1, le=10_000_000)] = 50_000


class RetentionSection(Section):
    """How long things are kept; raw results also as long as an open month needs them."""

    raw_days: Annotated[int, Field(ge=1, le=3_660)] = 30
    history_months: Annotated[int, Field(ge=1, le=240)] = 25


class PeerSection(Section):
    """A collector that shares no store with this one, by an address of it that answers while it is well."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$")]
    url: Annotated[str, Field(pattern=r"^https?://[^\s@]+$", max_length=500)]


class WatchSection(Section):
    """How collectors watch one another. Those on one store find each other by themselves."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{0,100}$")] = ""
    interval_seconds: Annotated[float, Field(ge=1, le=300)] = 15
    peers: Annotated[tuple[PeerSection, ...], Field(max_length=20)] = ()

    @field_validator("peers")
    @classmethod
    def _told_apart(cls, value: tuple[PeerSection, ...]) -> tuple[PeerSection, ...]:
        if len({peer.name for peer in value}) < len(value):
            raise ValueError("two peers have one name: give each its own")
        return value


class RulesSection(Section):
    """Which of the built-in rules are switched off."""

    off: frozenset[str] = frozenset()

    @field_validator("off")
    @classmethod
    def _known(cls, value: frozenset[str]) -> frozenset[str]:
        if unknown := sorted(value - set(NAMES)):
            raise ValueError(f"there is no rule {', '.join(unknown)}; there are {', '.join(NAMES)}")
        return value


class RoundsSection(Section):
    """How often every tenant is looked at besides its agents' own schedules; 0 is never."""

    every_seconds: int = 0

    @field_validator("every_seconds")
    @classmethod
    def _not_too_often(cls, value: int) -> int:
        if value and not 60 <= value <= 86_400:
            raise ValueError("write 0 for none, or 60 to 86400")
        return value


class CollectorConfig(Section):
    """All of it. Relative to nothing: paths are absolute or begin with ``~``."""

    data_folder: Path = Path("~/.local/share/tenantwatch")
    dashboard_url: str = ""
    grpc: GrpcListener = GrpcListener()
    rest: RestListener = RestListener()
    tls: Tls | None = None
    jwt: JwtSection | None = None
    store: StoreSection = StoreSection()
    api: ApiSection = ApiSection()
    ingest: IngestSection = IngestSection()
    retention: RetentionSection = RetentionSection()
    rules: RulesSection = RulesSection()
    rounds: RoundsSection = RoundsSection()
    notify: NotifySection = NotifySection()
    heartbeat: HeartbeatSection | None = None
    watch: WatchSection = WatchSection()

    @property
    def collector_id(self) -> str:
        """What the other collectors call this one: the same after a restart."""
        return self.watch.name or f"{socket.gethostname()[:60]}:{self.rest.port}"

    @property
    def folder(self) -> Path:
        return Path(os.environ.get(DATA_FOLDER_VARIABLE) or self.data_folder).expanduser()

    @property
    def store_path(self) -> Path:
        return (self.store.path or self.folder / "collector.sqlite3").expanduser()

    @property
    def store_name(self) -> str:
        """Which store it is, for people: never with a user or password."""
        url = self.store.postgres_url
        if not url:
            return str(self.store_path)
        parts = urlsplit(url)
        database = parts.path.strip("/") or "the default database"
        return f"PostgreSQL, {database} at {parts.hostname or 'localhost'}"


def load_config(path: Path | None) -> CollectorConfig:
    """Read and check the file (None: all defaults). Raises ConfigurationError saying where and what."""
    try:
        values = {} if path is None else tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: is not valid TOML: {error}") from None
    try:
        config = CollectorConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigurationError(explain(path, CollectorConfig, error)) from None
    _demand_tls(path, config)
    return config


def _demand_tls(path: Path | None, config: CollectorConfig) -> None:
    for section, listener in (("grpc", config.grpc), ("rest", config.rest)):
        if config.tls is None and not listener.is_loopback:
            raise ConfigurationError(
                f"{path}: {section}.listen = {listener.listen!r} can be reached from other machines:"
                " give [tls] certificate_file and key_file, or listen on 127.0.0.1"
            )
