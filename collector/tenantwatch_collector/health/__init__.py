"""Judges health: a check's timeline out of its results, groups and tenants out of their checks. Pure."""
