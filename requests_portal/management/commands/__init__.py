"""Commands of Django that also tell the log."""
