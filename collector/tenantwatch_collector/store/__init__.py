"""The corridor: rooms meet here. ``base.py`` is the contract, one folder per database."""
