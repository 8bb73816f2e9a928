"""What must end: erasure, also after a restored backup."""
