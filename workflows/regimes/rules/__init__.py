"""The rules of a regime, read from its file."""
