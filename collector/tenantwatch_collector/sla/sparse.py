"""A histogram's counts as a few bytes: pairs of (distance to the bucket before, count), each a LEB128 number.

Fifteen results of a quarter of an hour take some forty bytes; a bucket that holds nothing takes none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

HIGHEST_BUCKET = 57 << 8 | 0xFF
"""Of a latency that fits into 64 bits."""


def encode_counts(counts: Mapping[int, int]) -> bytes:
    """The counts by bucket number; equal counts give equal bytes."""
    encoded, before = bytearray(), 0
    for bucket in sorted(counts):
        append_number(encoded, bucket - before)
        append_number(encoded, counts[bucket])
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
    data = np.frombuffer(b"".join(encoded), np.uint8)
    if not len(data):
        return {}
    last = (data < 0x80).astype(np.int64)
    starts = np.append(0, np.flatnonzero(last)[:-1] + 1)
    shifts = 7 * (np.arange(len(data)) - starts[np.cumsum(last) - last])
    numbers = np.add.reduceat((data & 0x7F).astype(np.int64) << shifts, starts)
    # Buckets are told by their distance to the one before, anew in each of the encoded ones.
    lengths = np.array([len(each) for each in encoded if each], np.int64)
    begins = (np.cumsum(last)[np.cumsum(lengths) - lengths] - last[np.cumsum(lengths) - lengths]) // 2
    buckets = np.cumsum(numbers[::2])
    before = np.append(0, buckets)[begins]
    buckets -= np.repeat(before, np.diff(np.append(begins, len(buckets))))
    found, place = np.unique(buckets, return_inverse=True)
    counts = np.zeros(len(found), np.int64)
    np.add.at(counts, place, numbers[1::2])
    return dict(zip(found.tolist(), counts.tolist(), strict=True))


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
