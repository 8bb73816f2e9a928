"""Dates in French: 24 novembre 2026 à 18 h 40."""

DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j F Y à G\xa0\\h\xa0i"
TIME_FORMAT = "G\xa0\\h\xa0i"
