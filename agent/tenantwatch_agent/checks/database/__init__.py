"""Sessions with databases, one file a family; each wraps its driver's errors at its door."""
