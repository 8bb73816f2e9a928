"""The append-only transparency log: events, Merkle tree, checkpoints, tiles, proofs."""
