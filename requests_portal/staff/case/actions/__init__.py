"""What is done to a case, each on a page of its own."""
