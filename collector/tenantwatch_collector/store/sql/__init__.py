"""What both databases do in the same words: SQL that SQLite and PostgreSQL understand alike."""
