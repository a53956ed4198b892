"""A histogram's counts as a few bytes: pairs of (distance to the bucket before, count), each a LEB128 number.

Fifteen results of a quarter of an hour take some forty bytes; a bucket that holds nothing takes none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

HIGHEST_BUCKET = 57 << 8 | 0xFF
"""Of a latency that fits into 64 bits."""
_AT_ONCE = 16
"""Histograms that are decoded together: so few that their columns stay in the processor's cache, and in
memory that the process has and need not map anew each time."""

Column = npt.NDArray[np.int64]


def encode_counts(counts: Mapping[int, int]) -> bytes:
    """The counts by bucket number; equal counts give equal bytes."""
    encoded, before = bytearray(), 0
    for bucket, count in sorted(counts.items()):
        for number in (bucket - before, count):
            if number <= 0x7F:
                encoded.append(number)
            else:
                append_number(encoded, number)
        before = bucket
    return bytes(encoded)


def decode_counts(encoded: bytes) -> dict[int, int]:
    """What ``encode_counts`` was given. Raises ValueError on anything that it does not write."""
    numbers = list(numbers_of(encoded))
    if len(numbers) % 2:
        raise ValueError("a histogram ends within a pair")
    counts: dict[int, int] = {}
    bucket = 0
    for distance, count in zip(numbers[::2], numbers[1::2], strict=True):
        bucket += distance
        if bucket > HIGHEST_BUCKET or count == 0 or bucket in counts:
            raise ValueError(f"no histogram has bucket {bucket} with {count} here")
        counts[bucket] = count
    return counts


def decode_together(encoded: Sequence[bytes]) -> dict[int, int]:
    """The counts of many that ``encode_counts`` wrote, added up: by columns, without a loop over numbers."""
    filled = [each for each in encoded if each]
    counts = np.zeros(HIGHEST_BUCKET + 1, np.int64)
    for first in range(0, len(filled), _AT_ONCE):
        np.add.at(counts, *_decode_columns(filled[first : first + _AT_ONCE]))
    found = np.flatnonzero(counts)
    return dict(zip(found.tolist(), counts[found].tolist(), strict=True))


def _decode_columns(encoded: Sequence[bytes]) -> tuple[Column, Column]:
    """The buckets of one after the other, and their counts."""
    data = np.frombuffer(b"".join(encoded), np.uint8)
    ends = np.flatnonzero(data < 0x80)
    begins = np.append(0, ends[:-1] + 1)
    numbers = _numbers_at(data, begins, ends)
    # Buckets are told by their distance to the one before, anew in each of the encoded ones.
    starts = np.cumsum([0, *map(len, encoded[:-1])])
    firsts = np.searchsorted(begins, starts) // 2
    buckets = np.cumsum(numbers[::2])
    before = np.append(0, buckets)[firsts]
    return buckets - np.repeat(before, np.diff(np.append(firsts, len(buckets)))), numbers[1::2]


def _numbers_at(data: npt.NDArray[np.uint8], begins: Column, ends: Column) -> Column:
    """Each number from its last byte, which holds its highest bits, back to its first."""
    numbers = data[ends].astype(np.int64)
    longer = np.flatnonzero(ends > begins)
    places = ends[longer] - 1
    while len(longer):
        numbers[longer] = numbers[longer] << 7 | data[places] & 0x7F
        goes_on = places > begins[longer]
        longer, places = longer[goes_on], places[goes_on] - 1
    return numbers


def append_number(encoded: bytearray, number: int) -> None:
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)


def numbers_of(encoded: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in encoded:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte & 0x80:
            if shift > 63:
                raise ValueError("a histogram's number is too large")
            continue
        yield number
        number = shift = 0
    if shift:
        raise ValueError("a histogram ends within a number")
