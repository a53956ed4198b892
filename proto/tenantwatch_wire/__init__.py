"""What travels between agents, collector and clients, and nothing else."""

__version__ = "0.1.0"
