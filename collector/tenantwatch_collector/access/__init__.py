"""Who may do what: permissions in roles, and bearer JWTs."""
