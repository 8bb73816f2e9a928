"""Commands of the package `oversight`."""
