"""Tells people: claims owed messages from the outbox and delivers them, at least once each."""
