"""Whom the log shows its checkpoints: witnesses that countersign, an authority that dates them."""
