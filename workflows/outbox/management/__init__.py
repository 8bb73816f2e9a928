"""Commands of the package `outbox`."""
