"""Judges alerts: one open alert per tenant and type. Pure: facts and an instant in, facts out."""
