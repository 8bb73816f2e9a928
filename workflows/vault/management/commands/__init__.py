"""Commands of the room `vault`."""
