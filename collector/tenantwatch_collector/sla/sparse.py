"""A histogram's counts as a few bytes: pairs of (distance to the bucket before, count), each a LEB128 number.

Fifteen results of a quarter of an hour take some forty bytes; a bucket that holds nothing takes none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

HIGHEST_BUCKET = 57 << 8 | 0xFF
"""Of a latency that fits into 64 bits."""


def encode_counts(counts: Mapping[int, int]) -> bytes:
    """The counts by bucket number; equal counts give equal bytes."""
    encoded, before = bytearray(), 0
    for bucket in sorted(counts):
        _append(encoded, bucket - before)
        _append(encoded, counts[bucket])
        before = bucket
    return bytes(encoded)


def decode_counts(encoded: bytes) -> dict[int, int]:
    """What ``encode_counts`` was given. Raises ValueError on anything that it does not write."""
    numbers = list(_numbers(encoded))
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


def _append(encoded: bytearray, number: int) -> None:
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)


def _numbers(encoded: bytes) -> Iterator[int]:
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
