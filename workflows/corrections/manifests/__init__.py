"""Manifests: what is to be changed in a snapshot, in the formats that data pipelines read.

Pure; imports no Django. `resolve` turns changes into entries with row numbers and digests; `ledger`
and `package` write, sign and read them; `merging` says the same to other tools; `apply`
carries them out here; `rescan` looks whether the new snapshot still holds what was to go.
"""
