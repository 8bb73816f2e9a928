"""The look-up: finds the identifiers of people in the files of a dataset. Pure; imports no Django.

A pass has two stages. `squeeze` reduces the bytes of a file to letters and digits, and `patterns`
finds the spellings of all people in them at once; this stage may find too much, never too little.
`confirm` then reads the few places found as text and decides, with the exact span.
"""
