"""What fails in the field, provoked again and again: `make chaos`."""
