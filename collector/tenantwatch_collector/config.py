"""The collector's configuration: one TOML file, every key optional, unknown keys refused."""

from __future__ import annotations

import ipaddress
import os
import tomllib
from pathlib import Path

from pydantic import ValidationError, field_validator

from tenantwatch_collector.errors import ConfigurationError
from tenantwatch_collector.notify.heartbeat import HeartbeatSection
from tenantwatch_collector.notify.settings import NotifySection
from tenantwatch_collector.settings import Section, explain

DATA_FOLDER_VARIABLE = "TENANTWATCH_DATA_FOLDER"


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
    path: Path | None = None


class CollectorConfig(Section):
    """All of it. Relative to nothing: paths are absolute or begin with ``~``."""

    data_folder: Path = Path("~/.local/share/tenantwatch")
    dashboard_url: str = ""
    grpc: GrpcListener = GrpcListener()
    rest: RestListener = RestListener()
    tls: Tls | None = None
    store: StoreSection = StoreSection()
    notify: NotifySection = NotifySection()
    heartbeat: HeartbeatSection | None = None

    @property
    def folder(self) -> Path:
        return Path(os.environ.get(DATA_FOLDER_VARIABLE) or self.data_folder).expanduser()

    @property
    def store_path(self) -> Path:
        return (self.store.path or self.folder / "collector.sqlite3").expanduser()


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
