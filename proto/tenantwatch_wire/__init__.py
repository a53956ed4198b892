"""What travels between agents, collector and clients, and nothing else."""
