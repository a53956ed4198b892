"""Where the API server is and how to log in: by the pod's own service account, or by a kubeconfig file."""

from __future__ import annotations

import base64
import binascii
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tenantwatch_agent.checks.base import missing_client
from tenantwatch_agent.errors import CheckerFailed
from tenantwatch_agent.files import read_regular

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
MAX_FILE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Access:
    """One login. ``token_file`` is read anew with each look, since tokens are rotated."""

    server: str
    namespace: str
    context: ssl.SSLContext | None
    token: str = field(default="", repr=False)
    token_file: Path | None = None

    def headers(self) -> dict[str, str]:
        """Raises CheckerFailed."""
        token = self.token if self.token_file is None else _read(self.token_file).decode().strip()
        accept = {"accept": "application/json"}
        return accept | {"authorization": f"Bearer {token}"} if token else accept


def in_cluster() -> Access:
    """The login of the pod that the agent runs in. Raises CheckerFailed outside of a cluster."""
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    if not host or not (SERVICE_ACCOUNT / "token").exists():
        raise CheckerFailed(
            "the agent runs in no pod with a service account's token: give kubeconfig, or set"
            " automountServiceAccountToken in the pod"
        )
    shown = f"[{host}]" if ":" in host else host
    authority = _read(SERVICE_ACCOUNT / "ca.crt").decode()
    namespace = _read(SERVICE_ACCOUNT / "namespace").decode().strip()
    context = _context(authority)
    return Access(f"https://{shown}:{port}", namespace, context, token_file=SERVICE_ACCOUNT / "token")


def from_kubeconfig(path: Path, context_name: str) -> Access:
    """The login of one context of the file, by default its current one. Raises CheckerFailed."""
    config = _parse(path)
    name = context_name or str(config.get("current-context", ""))
    context = _named(path, config, "contexts", name).get("context") or {}
    cluster = _named(path, config, "clusters", str(context.get("cluster", ""))).get("cluster") or {}
    user = _named(path, config, "users", str(context.get("user", ""))).get("user") or {}
    for key, instead in (
        ("exec", "a program that logs in is not run; give token, tokenFile or a client certificate"),
        ("auth-provider", "it is gone from Kubernetes; give token, tokenFile or a client certificate"),
        ("username", "Kubernetes has no passwords any more; give token or a client certificate"),
    ):
        if user.get(key):
            raise CheckerFailed(f"{path}: user {context.get('user')!r} has {key}: {instead}")
    server = str(cluster.get("server", ""))
    if not server.startswith(("https://", "http://")):
        raise CheckerFailed(f"{path}: cluster {context.get('cluster')!r} has no server")
    token_file = user.get("tokenFile")
    return Access(
        server.rstrip("/"),
        str(context.get("namespace") or "default"),
        _context_of(path, cluster, user) if server.startswith("https:") else None,
        str(user.get("token") or ""),
        None if token_file is None else path.parent / str(token_file),
    )


def _parse(path: Path) -> dict[str, Any]:
    try:
        import yaml
    except ImportError:
        raise missing_client("yaml", "kubernetes") from None
    try:
        config = yaml.safe_load(_read(path))
    except (yaml.YAMLError, RecursionError):
        config = None
    if not isinstance(config, dict):
        raise CheckerFailed(f"{path}: is no kubeconfig file")
    return config


def _named(path: Path, config: Mapping[str, Any], kind: str, name: str) -> dict[str, Any]:
    found = config.get(kind)
    for one in found if isinstance(found, list) else []:
        if isinstance(one, dict) and one.get("name") == name:
            return one
    raise CheckerFailed(f"{path}: there is no {name!r} among its {kind}")


def _context_of(path: Path, cluster: Mapping[str, Any], user: Mapping[str, Any]) -> ssl.SSLContext:
    authority = _part(path, cluster, "certificate-authority")
    context = _context(None if authority is None else authority.decode("utf-8", "replace"))
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    certificate, key = _part(path, user, "client-certificate"), _part(path, user, "client-key")
    if certificate is not None and key is not None:
        _load_certificate(path, context, certificate + b"\n" + key)
    return context


def _part(path: Path, section: Mapping[str, Any], key: str) -> bytes | None:
    """Either the file that is named, relative to the kubeconfig, or what stands in it."""
    if data := section.get(f"{key}-data"):
        try:
            return base64.b64decode(str(data), validate=True)
        except binascii.Error:
            raise CheckerFailed(f"{path}: {key}-data is not base64") from None
    return _read(path.parent / str(section[key])) if section.get(key) else None


def _context(authority: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cadata=authority)
    except (ssl.SSLError, ValueError):
        raise CheckerFailed("the cluster's certificate authority is not PEM") from None


def _load_certificate(path: Path, context: ssl.SSLContext, pem: bytes) -> None:
    # The standard library takes a certificate from a file alone: this one is in no folder and on no disk.
    with os.fdopen(os.memfd_create("client certificate"), "wb") as file:
        file.write(pem)
        file.flush()
        try:
            # A key with a passphrase would otherwise be asked for at the terminal.
            context.load_cert_chain(f"/proc/self/fd/{file.fileno()}", password="")
        except ssl.SSLError:
            raise CheckerFailed(
                f"{path}: the client certificate and its key do not fit, or the key has a passphrase"
            ) from None


def _read(path: Path) -> bytes:
    try:
        content = read_regular(path, MAX_FILE_BYTES)
    except OSError as error:
        raise CheckerFailed(f"{path}: {error.strerror}") from None
    if len(content) > MAX_FILE_BYTES:
        raise CheckerFailed(f"{path}: is longer than {MAX_FILE_BYTES} bytes")
    return content
