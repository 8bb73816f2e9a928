"""Measurements, and the invented corpus that they and the tests of the look-up run on."""
