"""The register of datasets and models."""
