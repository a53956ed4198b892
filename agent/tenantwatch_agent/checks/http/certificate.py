"""What a certificate says of its own time, and the problem of one in plain words.

Reads DER itself: two dates and a name are all that is wanted, and a library for them costs 10 MB of memory.
"""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

Chain = tuple[bytes, ...]
"""In DER: the server's own, then each one's authority."""

_SEQUENCE, _UTC_TIME, _GENERALIZED_TIME, _VERSION = 0x30, 0x17, 0x18, 0xA0
_SET, _OBJECT_IDENTIFIER, _BMP_TEXT = 0x31, 0x06, 0x1E
_COMMON_NAME, _ORGANISATION = b"\x55\x04\x03", b"\x55\x04\x0a"
_MOST_OF_A_NAME = 64
_SECONDS_A_DAY = 86_400

# Numbers of OpenSSL's x509_vfy.h.
_NOT_YET_VALID, _EXPIRED, _SELF_SIGNED = 9, 10, 18
_UNKNOWN_AUTHORITY = {
    2: "its authority's certificate is missing",
    19: "the chain ends in a self-signed certificate that is not trusted",
    20: "its authority is not trusted here",
    21: "its authority is not trusted here, or the server does not send the certificate between",
}
_WRONG_HOST = (62, 63, 64)
_WEAK = {
    66: "its key is too short",
    67: "the key of an authority in its chain is too short",
    68: "it is signed with a method that can be forged",
}


@dataclass(frozen=True, slots=True)
class Validity:
    """Unix seconds."""

    not_before: float
    not_after: float

    def days_left(self, now: float) -> float:
        return (self.not_after - now) / _SECONDS_A_DAY


@lru_cache(maxsize=256)
def validity(der: bytes) -> Validity:
    """Of the certificate. Raises ValueError if it is none."""
    try:
        dates, _ = _take(_after_issuer(der), _SEQUENCE)
        begins, dates = _instant(dates)
        ends, _ = _instant(dates)
    except (IndexError, OverflowError):
        raise ValueError("not a certificate") from None
    return Validity(begins, ends)


def name(der: bytes) -> str:
    """The common name of the certificate's subject, or its organisation's; "unnamed" without either."""
    found = {}
    try:
        _, fields = _take(_after_issuer(der), _SEQUENCE)
        parts, _ = _take(fields, _SEQUENCE)
        while parts:
            part, parts = _take(parts, _SET)
            pair, _ = _take(part, _SEQUENCE)
            kind, value = _take(pair, _OBJECT_IDENTIFIER)
            encoding = "utf-16-be" if value[0] == _BMP_TEXT else "utf-8"
            found[kind] = _take(value)[0].decode(encoding, "replace")[:_MOST_OF_A_NAME]
    except (IndexError, ValueError):
        pass
    return found.get(_COMMON_NAME) or found.get(_ORGANISATION) or "unnamed"


def _after_issuer(der: bytes) -> bytes:
    """The fields from the dates on."""
    certificate, _ = _take(der, _SEQUENCE)
    fields, _ = _take(certificate, _SEQUENCE)
    if fields[0] == _VERSION:
        _, fields = _take(fields)
    for _serial_signature_issuer in range(3):
        _, fields = _take(fields)
    return fields


def _take(data: bytes, wanted: int | None = None) -> tuple[bytes, bytes]:
    """The content of the first element, and what comes after it."""
    tag, length, start = data[0], data[1], 2
    if length & 0x80:
        start += length & 0x7F
        if start > 6:
            raise ValueError("not a certificate")
        length = int.from_bytes(data[2:start], "big")
    end = start + length
    if (wanted is not None and tag != wanted) or end > len(data):
        raise ValueError("not a certificate")
    return data[start:end], data[end:]


def _instant(data: bytes) -> tuple[float, bytes]:
    """``YYMMDDHHMMSSZ`` or with four digits of the year, which is all that RFC 5280 allows."""
    text, rest = _take(data)
    year, digits = text[:-11], text[-11:-1]
    lengths = {_UTC_TIME: 2, _GENERALIZED_TIME: 4}
    if len(year) != lengths.get(data[0]) or not text[:-1].isdigit() or text[-1:] != b"Z":
        raise ValueError("not a certificate")
    century = 0 if len(year) == 4 else 1900 if int(year) >= 50 else 2000
    month, day, hour, minute, second = (int(digits[at : at + 2]) for at in range(0, 10, 2))
    when = datetime(int(year) + century, month, day, hour, minute, second, tzinfo=UTC)
    return when.timestamp(), rest


def problem(error: ssl.SSLCertVerificationError, der: bytes | None) -> str:
    """What OpenSSL refused, named as an operator would look for it, with how long it has been so."""
    times, code = _times(der), error.verify_code
    if code in (_EXPIRED, _NOT_YET_VALID):
        named = "expired" if code == _EXPIRED else "not yet valid"
        return times if times.startswith(named) else f"{named}: an authority's certificate in its chain"
    if code == _SELF_SIGNED:
        named = "self-signed"
    elif code in _UNKNOWN_AUTHORITY:
        named = f"unknown authority: {_UNKNOWN_AUTHORITY[code]}"
    elif code in _WEAK:
        named = f"weak: {_WEAK[code]}"
    elif code in _WRONG_HOST:
        named = f"wrong host: {_after_comma(error.verify_message)}"
    else:
        named = error.verify_message
    return f"{named}; {times}" if times else named


def _times(der: bytes | None) -> str:
    """Empty where its dates are in order or not to be had."""
    try:
        found = None if der is None else validity(der)
    except ValueError:
        found = None
    now = time.time()
    if found is not None and found.not_after < now:
        return f"expired {-found.days_left(now):.1f} days ago"
    if found is not None and found.not_before > now:
        return f"not yet valid, begins in {(found.not_before - now) / _SECONDS_A_DAY:.1f} days"
    return ""


def _after_comma(message: str) -> str:
    """OpenSSL says "Hostname mismatch, certificate is not valid for 'x'."."""
    return message.partition(", ")[2].rstrip(".") or message
