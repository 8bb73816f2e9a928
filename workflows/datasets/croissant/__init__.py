"""Croissant 1.1 in and out: metadata of a dataset as JSON-LD, as MLCommons specifies it.

https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html, with terms of its extension for
responsible AI. Which of our fields is which of theirs stands in docs/lookup.md.
"""
