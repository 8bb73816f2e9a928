"""The register of datasets, snapshots, recipients and models, and the look-up of a person in them."""
