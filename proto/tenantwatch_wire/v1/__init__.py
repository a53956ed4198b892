"""Version 1 of the wire: the .proto files and what `make proto` generates from them."""
