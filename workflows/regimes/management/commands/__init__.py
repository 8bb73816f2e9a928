"""Commands that explain and check deadlines."""
