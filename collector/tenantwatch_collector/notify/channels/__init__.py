"""One file per channel. A channel never sees the database."""
