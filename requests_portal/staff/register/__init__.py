"""The register of training data: what data stewards keep, and privacy officers approve."""
