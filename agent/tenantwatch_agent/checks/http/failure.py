"""How an exchange ends that does not end well."""

from __future__ import annotations

from tenantwatch_agent.checks.http.certificate import Chain


class ProbeFailed(Exception):
    """The target broke the exchange; the message says in which phase and how."""


class CertificateRefused(ProbeFailed):
    """``chain`` is the one certificate that was shown and refused, if it could be had."""

    def __init__(self, problem: str, chain: Chain) -> None:
        super().__init__(f"certificate refused: {problem}")
        self.chain = chain
