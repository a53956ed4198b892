"""Judges what is unusual. Pure: facts and an instant in, facts out."""
