"""Complaints: their lifecycle, their clocks, and what is told to the person who complains."""
