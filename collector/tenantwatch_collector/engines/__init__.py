"""Drives the pure judges: feeds them what was committed and the clock, and writes what they find."""
