"""How data are stored: read, found by id, written changed."""
