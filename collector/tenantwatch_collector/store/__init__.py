"""The corridor: rooms meet here. ``base.py`` is the contract, its parts beside it; a folder a database."""
