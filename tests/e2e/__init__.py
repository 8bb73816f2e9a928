"""The whole portal in a real browser."""
