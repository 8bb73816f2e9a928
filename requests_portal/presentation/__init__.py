"""What several audiences are shown alike."""
