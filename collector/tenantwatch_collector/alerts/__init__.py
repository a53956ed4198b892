"""Decides when an alert opens, is told, escalates and ends. Pure: the caller brings the time."""
