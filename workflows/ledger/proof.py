"""Proof files of c2sp.org/tlog-proof and of c2sp.org/tlog-witness. No Django.

A `.tlog-proof` shows that an entry is in a log, offline: the index, the inclusion proof and the
signed checkpoint. The entry itself travels apart. An `add-checkpoint` body is what a log sends to
a witness; it is also the file form of a consistency proof, since every witness can read it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from workflows.common.signed_note import NoteError, Verifier, decode_base64, encode_base64
from workflows.ledger.checkpoint import CheckpointError, TreeHead, open_checkpoint, parse_size
from workflows.ledger.merkle import HASH_SIZE, ProofError, leaf_hash, verify_inclusion

PROOF_HEADER = "c2sp.org/tlog-proof@v1"
MAX_PROOF_HASHES = 63

_INDEX = "index "
_EXTRA = "extra "
_OLD = "old "


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
