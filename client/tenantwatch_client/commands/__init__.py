"""The command line over the client: one file a family of commands."""
