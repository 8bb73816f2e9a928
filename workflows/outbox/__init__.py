"""What must still be done after a commit: a row per effect, its relay, retries, dead letters."""
