"""Small programs to take and to change."""
