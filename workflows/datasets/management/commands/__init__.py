"""Commands of the datasets room."""
