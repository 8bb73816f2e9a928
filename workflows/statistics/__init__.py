"""What became of requests, counted."""
