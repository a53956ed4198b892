"""Shows: the dashboard, live, for whoever signed in with a token."""
