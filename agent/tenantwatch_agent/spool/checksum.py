"""Tells a row that is as it was written from one of which a disk has flipped a bit."""

from __future__ import annotations

import zlib


def checksum(*values: object) -> int:
    """Of integers, texts and None, the same in every process."""
    return zlib.crc32(repr(values).encode("utf-8", "surrogatepass"))
