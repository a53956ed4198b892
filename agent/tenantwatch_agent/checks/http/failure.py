"""How an exchange ends that does not end well."""

from __future__ import annotations


class ProbeFailed(Exception):
    """The target broke the exchange; the message says in which phase and how."""


class CertificateRefused(ProbeFailed):
    """``certificate`` is the one that was shown and refused (DER), if it could be had."""

    def __init__(self, problem: str, certificate: bytes | None) -> None:
        super().__init__(f"certificate refused: {problem}")
        self.certificate = certificate
