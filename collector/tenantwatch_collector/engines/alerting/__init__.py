"""Drives the alert machines: what is judged and decided goes in, what is to be written and told comes out."""
