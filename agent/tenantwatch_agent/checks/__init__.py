"""Looks: one file per kind of check, one table of kinds."""
