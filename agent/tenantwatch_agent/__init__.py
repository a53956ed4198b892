"""The probe: looks, keeps what it saw, and sends it. Lives on without its collector."""
