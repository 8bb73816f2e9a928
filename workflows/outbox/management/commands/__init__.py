"""Commands of the room `outbox`."""
