"""What `tenantwatch-collector` does besides running: one file per family of commands."""
