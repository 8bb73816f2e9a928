"""The register of datasets and models, and the look-up of a person in them."""
