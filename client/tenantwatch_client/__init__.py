"""A typed client of the collector's REST interface: ``Client(url, token).tenants.list()``."""

from tenantwatch_client.client import Client
from tenantwatch_client.errors import (
    ClientError,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Refused,
    Unreachable,
)

__all__ = ["Client", "ClientError", "NotAllowed", "NotFound", "NotSignedIn", "Refused", "Unreachable"]
