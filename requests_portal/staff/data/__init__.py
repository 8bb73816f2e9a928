"""Datasets, manifests and what came back."""
