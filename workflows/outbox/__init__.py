"""What must still be done after a commit: one row an effect, its relay, its retries, its dead letters."""
