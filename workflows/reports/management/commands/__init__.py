"""Commands of the package `reports`."""
