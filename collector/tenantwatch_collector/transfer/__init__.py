"""Results out of a store into files that anyone can read, and back into a store, each once."""
