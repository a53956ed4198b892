"""The texts of messages: Jinja2 templates, shipped, and replaced by an operator's file of the same name.

A file is CHANNEL/PART.j2, or CHANNEL/PART.KIND.j2 for one kind of message. An operator's broken file is
refused when the collector starts, with its line. One that breaks later, on a message it was not tried
with, is passed over for the shipped one, and the log says so: a message is worth more than its looks.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    DictLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tenantwatch_collector.errors import ConfigurationError
from tenantwatch_collector.notify.channels.base import Part
from tenantwatch_collector.notify.samples import KINDS, sample_payload

SHIPPED = Path(__file__).parent / "texts"
_MAX_FILE_BYTES = 65_536
_SUFFIX = ".j2"

log = logging.getLogger(__name__)


class Templates:
    """``parts`` says which parts each kind of channel wants; ``folder`` holds the operator's files."""

    def __init__(self, parts: Mapping[str, Sequence[Part]], folder: Path | None = None) -> None:
        self._parts = {channel: {part.name: part for part in found} for channel, found in parts.items()}
        shipped = FileSystemLoader(SHIPPED)
        own = [] if folder is None else [FileSystemLoader(folder)]
        self._chosen = self._environments([*own, shipped])
        self._shipped = self._environments([shipped])
        if folder is not None:
            for path in sorted(folder.rglob("*")):
                self._check(path, folder)

    def render(self, channel: str, payload: Mapping[str, Any]) -> dict[str, str]:
        """Every part of a message to that kind of channel; none for a channel that wants none."""
        context = _context(payload)
        parts = self._parts.get(channel, {})
        return {name: self._text(channel, part, context) for name, part in parts.items()}

    def with_file(self, channel: str, path: Path) -> Templates:
        """The same, with one more file in place of the part that its name says. Raises ConfigurationError."""
        name = f"{channel}/{path.name}"
        changed = Templates({channel: tuple(self._parts[channel].values())})
        below = [env.loader for env in self._chosen[channel].values() if env.loader is not None]
        changed._chosen = changed._environments([DictLoader({name: _read(path)}), *below[:1]])
        changed._try(name, path)
        return changed

    def _environments(self, loaders: Sequence[BaseLoader]) -> dict[str, dict[str, Environment]]:
        loader = ChoiceLoader(loaders)
        return {
            channel: {name: _environment(loader, part) for name, part in parts.items()}
            for channel, parts in self._parts.items()
        }

    def _text(self, channel: str, part: Part, context: Mapping[str, Any]) -> str:
        try:
            return _render(self._chosen[channel][part.name], channel, part, context)
        except Exception as error:
            log.error(
                "template %s/%s: %s; the shipped one is used for this message",
                channel,
                part.name,
                _complaint(error),
            )
            return _render(self._shipped[channel][part.name], channel, part, context)

    def _check(self, path: Path, folder: Path) -> None:
        if not path.is_file():
            return
        name = path.relative_to(folder).as_posix()
        if name not in self._names():
            raise ConfigurationError(
                f"{path}: is no template; write CHANNEL/PART{_SUFFIX} or CHANNEL/PART.KIND{_SUFFIX}"
                f" with one of {', '.join(self._plain_names())}"
            )
        _read(path)
        self._try(name, path)

    def _try(self, name: str, path: Path) -> None:
        """Render it with a message of every kind that it is for."""
        channel, _, file = name.partition("/")
        part_name, _, kind = file.removesuffix(_SUFFIX).partition(".")
        part = self._parts[channel].get(part_name)
        if part is None or (kind and kind not in KINDS):
            wanted = ", ".join(f"{each}{_SUFFIX}" for each in self._parts[channel])
            raise ConfigurationError(f"{path}: {channel} has the templates {wanted}")
        for each in [kind] if kind else KINDS:
            context = _context(sample_payload(each, "https://example.org/", time.time_ns() // 1000))
            try:
                _render(self._chosen[channel][part.name], channel, part, context)
            except Exception as error:
                raise ConfigurationError(f"{path}{_line(error, path)}: {_complaint(error)}") from None

    def _plain_names(self) -> list[str]:
        return [f"{channel}/{part}{_SUFFIX}" for channel, parts in self._parts.items() for part in parts]

    def _names(self) -> set[str]:
        plain = [name.removesuffix(_SUFFIX) for name in self._plain_names()]
        return {f"{name}{kind}{_SUFFIX}" for name in plain for kind in ("", *(f".{kind}" for kind in KINDS))}


def _environment(loader: BaseLoader, part: Part) -> Environment:
    environment = ImmutableSandboxedEnvironment(
        loader=loader,
        undefined=StrictUndefined,
        autoescape=part.html,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    if part.escape is not None:
        escape = part.escape
        environment.finalize = lambda value: escape(str(value))
    environment.filters |= {"utc": _utc, "duration": _duration}
    return environment


def _render(environment: Environment, channel: str, part: Part, context: Mapping[str, Any]) -> str:
    names = [f"{channel}/{part.name}.{context['kind']}{_SUFFIX}", f"{channel}/{part.name}{_SUFFIX}"]
    text = environment.select_template(names).render(context).strip()
    text = " ".join(text.split()) if part.one_line else text
    return text if len(text) <= part.max_characters else text[: part.max_characters - 1] + "…"


def _context(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {**payload, "headline": KINDS[payload["kind"]]}


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
        if len(content) > _MAX_FILE_BYTES:
            raise ConfigurationError(f"{path}: is longer than {_MAX_FILE_BYTES} bytes")
        return content.decode()
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: is not UTF-8: {error.reason}") from None


def _complaint(error: Exception) -> str:
    if isinstance(error, TemplateError) and error.message:
        return error.message
    return f"{type(error).__name__}: {error}"


def _line(error: Exception, path: Path) -> str:
    if isinstance(error, TemplateSyntaxError):
        return f":{error.lineno}"
    # Jinja makes its frames look as if they lay in the template.
    frames: Iterable[traceback.FrameSummary] = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename in (str(path), "<template>")]
    return f":{lines[-1]}" if lines else ""


def _utc(time_us: int) -> str:
    return datetime.fromtimestamp(time_us // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _duration(span_us: int) -> str:
    seconds = max(0, span_us // 1_000_000)
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours = seconds // 60 % 60, seconds // 3600
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
