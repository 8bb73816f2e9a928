"""What all screens of the staff share."""
