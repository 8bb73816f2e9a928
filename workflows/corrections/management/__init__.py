"""Commands of the package `corrections`."""
