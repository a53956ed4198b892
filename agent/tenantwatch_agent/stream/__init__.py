"""Sends the spool over one gRPC stream, and connects again for as long as it takes.

What is sent stays in the spool until it is acknowledged. After a reconnect the Welcome says what the
collector has of each lane; sending goes on behind it, so nothing is lost and nothing counts twice. The live
lane goes first; a backlog takes what room it leaves.
"""

import os

# Before gRPC is imported: plugins are started without its handlers for forks, which would only complain, and
# what it finds wrong with a connection is said once, in our own words.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

from tenantwatch_agent.stream.sender import Sender

__all__ = ["Sender"]
