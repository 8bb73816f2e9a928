"""Proof files: written, read strictly, verified."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.ledger.reading import parse_add_checkpoint
from workflows.common.signed_note import Signer
from workflows.ledger import merkle
from workflows.ledger.checkpoints import (
    AddCheckpoint,
    CheckpointError,
    TlogProof,
    TreeHead,
    parse_proof,
    verify_proof,
)
from workflows.ledger.merkle import ProofError

ENTRIES = [f"entry {number}".encode() for number in range(11)]
HASHES = [merkle.leaf_hash(entry) for entry in ENTRIES]
SIGNER = Signer("cases.example.org/log/2026", bytes(range(32)))
HEAD = TreeHead(SIGNER.verifier.name, len(ENTRIES), merkle.root(HASHES))
NOTE = SIGNER.sign(HEAD.format())


def span_root(start, end):
    return merkle.root(HASHES[start:end])


def proof_of(index, extra=None):
    return TlogProof(
        index, tuple(merkle.inclusion_proof(index, len(ENTRIES), span_root)), NOTE, extra
    )


TEXT = proof_of(4).format()
BODY = AddCheckpoint(5, tuple(merkle.consistency_proof(5, 11, span_root)), NOTE).format()


def test_the_layout_of_a_proof_file():
    lines = proof_of(10, b"note").format().split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra bm90ZQ==", "index 10"]
    assert lines[5] == ""
    assert "\n".join(lines[6:]) == NOTE


def test_the_layout_of_an_add_checkpoint_body():
    head, checkpoint = BODY.split("\n\n", maxsplit=1)
    assert head.split("\n")[0] == "old 5"
    assert checkpoint == NOTE


@pytest.mark.parametrize("index", range(len(ENTRIES)))
def test_each_entry_is_proved_by_its_file(index):
    proof = parse_proof(proof_of(index).format())
    assert verify_proof(proof, ENTRIES[index], SIGNER.verifier) == HEAD


def test_a_proof_of_one_entry_does_not_prove_another():
    with pytest.raises(ProofError, match="does not lead to the root"):
        verify_proof(parse_proof(TEXT), b"entry 5", SIGNER.verifier)


def test_a_proof_under_another_key_proves_nothing():
    with pytest.raises(CheckpointError):
        verify_proof(parse_proof(TEXT), ENTRIES[4], Signer(HEAD.origin, bytes(32)).verifier)


def test_a_stored_consistency_proof_verifies():
    body = parse_add_checkpoint(BODY)
    merkle.verify_consistency(body.old, HEAD.size, span_root(0, body.old), HEAD.root, body.hashes)


@given(
    st.integers(0, 2**62),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    st.none() | st.binary(),
)
def test_what_is_written_is_read(index, hashes, extra):
    proof = TlogProof(index, tuple(hashes), NOTE, extra)
    assert parse_proof(proof.format()) == proof
    body = AddCheckpoint(index, tuple(hashes), NOTE)
    assert parse_add_checkpoint(body.format()) == body


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        TEXT.replace("@v1", "@v2"),
        TEXT.replace("index 4", "index 04"),
        TEXT.replace("index 4", "index -4"),
        TEXT.replace("index 4", "index  4"),
        TEXT.replace("index 4\n", ""),
        TEXT.replace("index 4", "extra ?\nindex 4"),
        TEXT.replace("\n\n", "\n", 1).replace("\n\n", "\n"),
        TEXT.replace("=\n", "\n", 1),
        TEXT.replace("index 4\n", "index 4\nAAAA\n"),
        TEXT.replace("index 4\n", "index 4\n" + ("A" * 43 + "=\n") * 60),
        TEXT.replace("\n", "\r\n"),
    ],
)
def test_malformed_proof_files_are_refused(malformed):
    with pytest.raises(ProofError):
        parse_proof(malformed)
