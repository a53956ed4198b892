"""Files of results: found by their ending, compressed or not, written so that they can be gone on with."""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tenantwatch_collector.errors import ConfigurationError, RefusedForEver
from tenantwatch_collector.transfer.forms import ENDINGS, FORMS, MAX_LINE_BYTES, Csv, Form, Line, key_of
from tenantwatch_collector.transfer.record import BadLine, time_of

STANDARD = Path("-")
_CHUNK_BYTES = 1 << 20
_LEVEL = 6


@dataclass(frozen=True, slots=True)
class FileKind:
    """How a file is written: its form, and whether by gzip."""

    form: Form
    compressed: bool


@dataclass(frozen=True, slots=True)
class Stopped:
    """Where an interrupted export ends: the bytes to keep, and the tenant and the instant to go on from."""

    keep_bytes: int
    tenant_id: str
    from_us: int


def kind_of(path: Path, named: str | None) -> FileKind:
    """By what was named, else by the ending. Raises ConfigurationError."""
    compressed = path.suffix == ".gz"
    ending = path.with_suffix("").suffix if compressed else path.suffix
    form = named or ENDINGS.get(ending.lower())
    if form is None:
        raise ConfigurationError(
            f"{path}: is it CSV or NDJSON? Give --format csv or --format ndjson, or a name that ends in"
            " .csv, .ndjson, .csv.gz or .ndjson.gz"
        )
    return FileKind(FORMS[form], compressed)


class Sink:
    """A file being written. What was written at once is whole: in a compressed file it can be read alone."""

    def __init__(self, file: BinaryIO, kind: FileKind) -> None:
        self._file = file
        self._kind = kind

    @classmethod
    def begin(cls, path: Path, kind: FileKind) -> Sink:
        """A new file with its heading, readable by its owner alone. Refuses to replace one."""
        if path == STANDARD:
            sink = cls(sys.stdout.buffer, kind)
        else:
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                raise ConfigurationError(
                    f"{path} is there already: give --resume to go on with it, or another name"
                ) from None
            except OSError as error:
                raise ConfigurationError(f"{path}: cannot be written: {error.strerror}") from None
            sink = cls(os.fdopen(descriptor, "wb"), kind)
        sink.write(kind.form.heading())
        return sink

    @classmethod
    def resume(cls, path: Path, kind: FileKind, stopped: Stopped) -> Sink:
        """Go on behind what is to be kept."""
        file = path.open("r+b")
        file.truncate(stopped.keep_bytes)
        file.seek(stopped.keep_bytes)
        return cls(file, kind)

    def write(self, content: bytes) -> None:
        """All of it has left this program when this returns."""
        if content:
            self._file.write(gzip.compress(content, _LEVEL, mtime=0) if self._kind.compressed else content)
            self._file.flush()

    def close(self) -> None:
        if self._file is not sys.stdout.buffer:
            os.fsync(self._file.fileno())
            self._file.close()


class Source:
    """A file being read, line by line, never more than one in memory."""

    def __init__(self, path: Path, kind: FileKind) -> None:
        try:
            self._raw: BinaryIO = sys.stdin.buffer if path == STANDARD else path.open("rb")
            self.size = 0 if path == STANDARD else path.stat().st_size
        except OSError as error:
            raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
        self.path = path
        self._kind = kind

    def lines(self) -> Iterator[bytes]:
        """Raises RefusedForEver when the file itself is broken; a line that is too long comes shortened."""
        file = gzip.GzipFile(fileobj=self._raw) if self._kind.compressed else self._raw
        try:
            while line := file.readline(MAX_LINE_BYTES + 1):
                rest = line
                while len(rest) > MAX_LINE_BYTES and not rest.endswith(b"\n"):
                    rest = file.readline(MAX_LINE_BYTES + 1)
                yield line
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise RefusedForEver(
                f"{self.path}: is not whole: {error}; what came before is imported"
            ) from None

    def records(self) -> Iterator[Line]:
        """What the file's form makes of them. Raises BadHeading."""
        return self._kind.form.read(self.lines())

    def read_bytes(self) -> int:
        """How much of the file was read, about."""
        return self._raw.tell() if self.size else 0

    def close(self) -> None:
        if self._raw is not sys.stdin.buffer:
            self._raw.close()


def stopped_at(path: Path, kind: FileKind) -> Stopped | None:
    """Where the export in that file ends; None if not even one result is whole. Raises ConfigurationError."""
    try:
        with path.open("rb") as file:
            records = _members(file, kind.form) if kind.compressed else _records(file, kind.form)
            return _last_group(path, records, kind)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None


def _last_group(path: Path, records: Iterator[tuple[int, int, bytes]], kind: FileKind) -> Stopped | None:
    """``records`` are each a beginning, an end, and the content. The last instant may not be whole."""
    last: tuple[str, str] | None = None
    keep, whole = 0, 0
    heading = kind.form.heading()
    first = next(records, None) if heading else None
    if first is not None and first[2] != heading:
        raise ConfigurationError(f"{path}: the first line is not that of an export: give another name")
    for begin, end, content in records:
        try:
            key = key_of(_values(kind.form, content))
            time_of(key[1])
        except (BadLine, ValueError, StopIteration):
            raise ConfigurationError(f"{path}: byte {begin}: not a line of an export") from None
        keep, last, whole = begin if key != last else keep, key, end
    if last is None:
        return None
    tenant_id, time_us = last[0], time_of(last[1])
    # What was written compressed at once has every result of its last instant.
    return Stopped(whole, tenant_id, time_us + 1) if kind.compressed else Stopped(keep, tenant_id, time_us)


def _values(form: Form, content: bytes) -> dict[str, object]:
    lines = [form.heading(), content] if isinstance(form, Csv) else [content]
    return dict(next(form.read(lines)).values or {})


def _records(file: BinaryIO, form: Form) -> Iterator[tuple[int, int, bytes]]:
    """The whole records of a plain file. A line within quotes is not the end of one."""
    begin = end = 0
    pending = b""
    for line in file:
        pending += line
        end += len(line)
        if line.endswith(b"\n") and not (isinstance(form, Csv) and pending.count(b'"') % 2):
            yield begin, end, pending
            begin, pending = end, b""


def _members(file: BinaryIO, form: Form) -> Iterator[tuple[int, int, bytes]]:
    """The records of the whole members of a compressed file, each with its member's bounds."""
    begin, buffer = 0, b""
    while True:
        member = zlib.decompressobj(wbits=31)
        content, size = b"", 0
        while not member.eof:
            buffer = buffer or file.read(_CHUNK_BYTES)
            if not buffer:
                return
            try:
                content += member.decompress(buffer)
            except zlib.error:
                return
            size += len(buffer) - len(member.unused_data)
            buffer = member.unused_data
        for _, _, record in _records(io.BytesIO(content), form):
            yield begin, begin + size, record
        begin += size
