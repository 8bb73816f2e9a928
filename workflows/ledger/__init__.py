"""The append-only transparency log: events, Merkle tree, signed checkpoints, tiles, proofs, verification."""
