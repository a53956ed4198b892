"""What a machine says of itself, one file a subject; reading blocks, so it is done in a thread."""
