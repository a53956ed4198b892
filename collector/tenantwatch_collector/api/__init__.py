"""Answers: operations written once, and two thin doors to them."""
