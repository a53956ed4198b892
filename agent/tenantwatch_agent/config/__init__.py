"""The agent's configuration: files, and what the collector assigns; wrong settings are refused by name."""

from tenantwatch_agent.config.checks import ConfiguredCheck
from tenantwatch_agent.config.load import AgentConfig, data_folder_of, load_config
from tenantwatch_agent.config.sections import SYSTEM_TRUST, CollectorAddress, SpoolLimits

__all__ = [
    "SYSTEM_TRUST",
    "AgentConfig",
    "CollectorAddress",
    "ConfiguredCheck",
    "SpoolLimits",
    "data_folder_of",
    "load_config",
]
