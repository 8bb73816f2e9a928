"""A backup of database and files in one folder, and its way back.

A backup holds what PostgreSQL and `MEDIA_ROOT/vault/` hold, and no key: everything that people
wrote is sealed in it. It leaves out what is in the clear or can be made again: exports and
sessions.
"""
