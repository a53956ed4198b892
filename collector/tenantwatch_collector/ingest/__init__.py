"""Receives what agents send, commits it, and only then acknowledges it."""
