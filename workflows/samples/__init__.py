"""Invented staff and cases, for a machine on which somebody tries the portal."""
