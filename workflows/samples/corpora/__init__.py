"""Invented corpora with a seed, for trying, measuring and testing the look-up."""
