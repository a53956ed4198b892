"""The store for many tenants: PostgreSQL, with TimescaleDB where it is there."""

from tenantwatch_collector.store.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
