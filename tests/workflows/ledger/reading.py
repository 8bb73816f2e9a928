"""Reads what the log writes for others: entry bundles, and bodies for witnesses."""

import base64

from workflows.ledger.checkpoints import AddCheckpoint


def decode_bundle(bundle: bytes) -> list[bytes]:
    """Split a bundle into its entries."""
    entries, position = [], 0
    while position < len(bundle):
        start = position + 2
        position = start + int.from_bytes(bundle[position:start])
        assert position <= len(bundle)
        entries.append(bundle[start:position])
    return entries


def parse_add_checkpoint(text: str) -> AddCheckpoint:
    """Read an `add-checkpoint` body."""
    head, found, checkpoint = text.partition("\n\n")
    old, *hashes = head.split("\n")
    assert found
    assert old.startswith("old ")
    decoded = tuple(base64.b64decode(line, validate=True) for line in hashes)
    return AddCheckpoint(int(old.removeprefix("old ")), decoded, checkpoint)
