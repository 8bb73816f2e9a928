"""Phrases that models must not put out."""
