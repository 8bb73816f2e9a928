"""Commands of the package `cases`."""
