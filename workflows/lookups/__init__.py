"""People looked for in the registered data, what was found, and whether it is them."""
