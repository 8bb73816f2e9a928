"""Checkpoints (c2sp.org/tlog-checkpoint), and the proofs that end in one. No Django."""

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
from workflows.ledger.merkle import HASH_SIZE, ProofError, leaf_hash, verify_inclusion

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_FIXED_LINES = 3

PROOF_HEADER = "c2sp.org/tlog-proof@v1"
MAX_PROOF_HASHES = 63
_INDEX = "index "
_EXTRA = "extra "
_OLD = "old "


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


@dataclass(frozen=True)
class TlogProof:
    """An inclusion proof as a file; `extra` is not authenticated, `checkpoint` is a signed note."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None

    def format(self) -> str:
        """Return the text of the file."""
        extra = [] if self.extra is None else [_EXTRA + encode_base64(self.extra)]
        lines = [PROOF_HEADER, *extra, f"{_INDEX}{self.index}", *map(encode_base64, self.hashes)]
        return "\n".join(lines) + "\n\n" + self.checkpoint


@dataclass(frozen=True)
class AddCheckpoint:
    """A consistency proof from size `old` to the size of the signed checkpoint that follows it."""

    old: int
    hashes: tuple[bytes, ...]
    checkpoint: str

    def format(self) -> str:
        """Return the body to send, or the text of the file."""
        lines = [f"{_OLD}{self.old}", *map(encode_base64, self.hashes)]
        return "\n".join(lines) + "\n\n" + self.checkpoint


def parse_proof(text: str) -> TlogProof:
    """Read a `.tlog-proof` file. Verifies nothing. Raises ProofError."""
    head, checkpoint = _split(text)
    if head.pop(0) != PROOF_HEADER:
        raise ProofError(f"A proof file begins with {PROOF_HEADER}.")
    extra = None
    if head and head[0].startswith(_EXTRA):
        extra = _base64(head.pop(0).removeprefix(_EXTRA))
    index = _number(head, _INDEX)
    return TlogProof(index, _hashes(head), checkpoint, extra)


def verify_proof(
    proof: TlogProof, entry: bytes, log: Verifier, witnesses: Iterable[Verifier] = ()
) -> TreeHead:
    """Check that `entry` is in the log with this key, and return the signed tree head.

    Raises CheckpointError when the checkpoint is not the log's, ProofError when the entry or the
    hashes are wrong.
    """
    head = open_checkpoint(proof.checkpoint, log, witnesses)
    verify_inclusion(proof.index, head.size, leaf_hash(entry), proof.hashes, head.root)
    return head


def _split(text: str) -> tuple[list[str], str]:
    head, found, checkpoint = text.partition("\n\n")
    if not found:
        raise ProofError("A proof has an empty line before its checkpoint.")
    return head.split("\n"), checkpoint


def _number(lines: list[str], prefix: str) -> int:
    line = lines.pop(0) if lines else ""
    if not line.startswith(prefix):
        raise ProofError(f"A line with {prefix.strip()!r} and a number is missing.")
    try:
        return parse_size(line.removeprefix(prefix))
    except CheckpointError as error:
        raise ProofError(str(error)) from error


def _hashes(lines: list[str]) -> tuple[bytes, ...]:
    hashes = tuple(map(_base64, lines))
    if len(hashes) > MAX_PROOF_HASHES:
        raise ProofError(f"A proof has at most {MAX_PROOF_HASHES} hashes.")
    if any(len(value) != HASH_SIZE for value in hashes):
        raise ProofError(f"A hash must have {HASH_SIZE} bytes.")
    return hashes


def _base64(text: str) -> bytes:
    try:
        return decode_base64(text)
    except NoteError as error:
        raise ProofError("A hash in a proof is not standard base64.") from error
