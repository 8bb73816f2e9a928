"""Notices: what the law says must be told, from texts that counsel edits, as text, HTML and PDF."""
