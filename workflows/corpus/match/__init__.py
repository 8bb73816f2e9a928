"""Persons become patterns, patterns candidates, candidates confirmed spans.

The first stage reduces the bytes of a file to letters and digits, in which `patterns` finds the
spellings of all people at once; it may find too much, never too little. `confirmation` then reads
the few places found as text and decides, with the exact span.
"""
