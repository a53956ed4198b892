"""The centre: receives, remembers, judges, tells, answers."""

import os

# Before gRPC is imported, by whatever command: its handlers for forks break the processes that typeset, and
# the agent of `try`, which execute another program at once and need none of them.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"

from tenantwatch_wire import __version__

__all__ = ["__version__"]
