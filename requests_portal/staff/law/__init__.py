"""Texts, announced days and published limits."""
