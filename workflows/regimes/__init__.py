"""The law as data: one TOML file a regime, working-day calendars and the pure deadline calculator."""
