"""Commands of the package `vault`."""
