"""Instructions to data pipelines, manifests, acknowledgements, re-scans, notices to recipients."""
