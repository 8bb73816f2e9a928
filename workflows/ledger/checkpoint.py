"""The text of a checkpoint (c2sp.org/tlog-checkpoint): origin, tree size, root hash. No Django."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from workflows.common.signed_note import (
    NoteError,
    Verifier,
    decode_base64,
    encode_base64,
    open_note,
)
from workflows.ledger.merkle import HASH_SIZE

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_FIXED_LINES = 3


class CheckpointError(ValueError):
    """A checkpoint is malformed, or is not signed by the log that it should come from."""


@dataclass(frozen=True)
class TreeHead:
    """What a checkpoint says: unique log name, number of leaves, root hash (32 bytes).

    `extensions` are further lines that other logs may add; we write none, for nobody can audit
    them.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def format(self) -> str:
        """Return the text to sign."""
        lines = [self.origin, str(self.size), encode_base64(self.root), *self.extensions]
        return "".join(f"{line}\n" for line in lines)


def parse_checkpoint(text: str) -> TreeHead:
    """Read the text of a checkpoint, without signatures. Raises CheckpointError."""
    lines = text.split("\n")
    if lines.pop() != "" or len(lines) < _FIXED_LINES or "" in lines:
        raise CheckpointError("A checkpoint has at least three lines and no empty one.")
    origin, size_text, root_text, *extensions = lines
    size = parse_size(size_text)
    try:
        root = decode_base64(root_text)
    except NoteError as error:
        raise CheckpointError("The root hash of the checkpoint is not base64.") from error
    if len(root) != HASH_SIZE:
        raise CheckpointError(f"The root hash of a checkpoint has {HASH_SIZE} bytes.")
    return TreeHead(origin, size, root, tuple(extensions))


def open_checkpoint(
    note: str | bytes, log: Verifier, witnesses: Iterable[Verifier] = ()
) -> TreeHead:
    """Read a signed checkpoint of the log with this key; its origin must be the key's name.

    Signatures of the given witnesses must hold where they are present. Raises CheckpointError.
    """
    try:
        opened = open_note(note, [log, *witnesses])
    except NoteError as error:
        raise CheckpointError(str(error)) from error
    if not any(log.made(signature) for signature in opened.verified):
        raise CheckpointError("The checkpoint is not signed by the log.")
    head = parse_checkpoint(opened.text)
    if head.origin != log.name:
        raise CheckpointError(f"The checkpoint is of {head.origin}, not of {log.name}.")
    return head


def parse_size(text: str) -> int:
    """Read a tree size or an index: decimal digits without leading zeros, below 10^19."""
    if _DECIMAL.fullmatch(text) is None:
        raise CheckpointError("A number in a checkpoint or proof is plain decimal.")
    return int(text)
