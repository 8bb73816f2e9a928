"""The law as data: a TOML file a regime, working-day calendars, the pure deadline calculator."""
