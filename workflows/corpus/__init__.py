"""Finds people in texts and changes texts; no Django, no database of the portal."""
