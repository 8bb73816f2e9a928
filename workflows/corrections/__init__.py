"""Instructions to data pipelines, manifests, receipts, re-scans and the output suppression list."""
