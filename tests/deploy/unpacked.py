"""The files of deploy/, with the paths of the machine they are for moved into a folder of the test's."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
_MACHINE_FOLDERS = (
    "/etc/tenantwatch-access/",
    "/etc/tenantwatch-tls/",
    "/etc/tenantwatch/",
    "/var/lib/tenantwatch/",
    "/hand-over/",
)
_DATABASE_URL = "postgresql://shop:secret@127.0.0.1/shop"


def moved(configuration: Path, folder: Path, certificate: Path) -> Path:
    """A copy of the configuration whose files exist: beneath ``folder`` instead of the machine's folders."""
    text = configuration.read_text()
    for machine_folder in _MACHINE_FOLDERS:
        text = text.replace(f'"{machine_folder}', f'"{folder}{machine_folder}')
    for machine_folder in _MACHINE_FOLDERS:
        place = Path(f"{folder}{machine_folder}")
        (place / "tls").mkdir(parents=True, exist_ok=True)
        for name in ("tls.crt", "tls.key", "ca.crt", "tls/tls.crt", "tls/tls.key"):
            (place / name).write_bytes(certificate.read_bytes())
        (place / "orders-database-url").write_text(_DATABASE_URL)
        (place / "payment-secret").write_text("secret")
        for name in ("token", "agent-token"):
            (place / name).write_text("tw_any")
    host = folder / "host"
    host.mkdir(exist_ok=True)
    copy = folder / configuration.name
    copy.write_text(text.replace('"/host"', f'"{host}"'))
    return copy
