"""Manifests: what is to be changed in a snapshot, in the formats that data pipelines read.

`resolve` turns changes into entries with row numbers and digests, `manifest_files` writes, signs
and reads them, `apply` carries them out here, and `residual` looks whether the new snapshot still
holds what was to go, by what `census` counts.
"""
