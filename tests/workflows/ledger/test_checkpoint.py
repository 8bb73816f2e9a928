"""Checkpoints: three lines, read strictly, accepted only from the log they name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.common.signed_note import Signer
from workflows.ledger.checkpoints import (
    CheckpointError,
    TreeHead,
    open_checkpoint,
    parse_checkpoint,
)

ROOT = bytes.fromhex("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")
TEXT = "cases.example.org/log/2026\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n"
HEAD = TreeHead("cases.example.org/log/2026", 8, ROOT)
SIGNER = Signer(HEAD.origin, bytes(range(32)))


def test_the_known_checkpoint():
    assert HEAD.format() == TEXT
    assert parse_checkpoint(TEXT) == HEAD


def test_extension_lines_of_other_logs_are_read():
    head = parse_checkpoint(TEXT + "more\nand more\n")
    assert head.extensions == ("more", "and more")
    assert head.format() == TEXT + "more\nand more\n"


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        TEXT[:-1],
        "cases.example.org/log/2026\n8\n",
        TEXT + "\n",
        "\n" + TEXT,
        TEXT.replace("\n8\n", "\n08\n"),
        TEXT.replace("\n8\n", "\n+8\n"),
        TEXT.replace("\n8\n", "\n-8\n"),
        TEXT.replace("\n8\n", "\n 8\n"),
        TEXT.replace("\n8\n", "\n\u0668\n"),
        TEXT.replace("\n8\n", "\n10000000000000000000\n"),
        TEXT.replace("=\n", "\n"),
        TEXT.replace("yg=\n", "yh=\n"),
        TEXT.replace("Xcna", ""),
        TEXT.replace("Xcna", "XcnaXcna"),
    ],
)
def test_malformed_checkpoints_are_refused(malformed):
    with pytest.raises(CheckpointError):
        parse_checkpoint(malformed)


def test_a_signed_checkpoint_opens():
    assert open_checkpoint(SIGNER.sign(TEXT), SIGNER.verifier) == HEAD


def test_another_key_is_not_the_log():
    other = Signer(HEAD.origin, bytes(32))
    with pytest.raises(CheckpointError, match="no signature of a known key"):
        open_checkpoint(other.sign(TEXT), SIGNER.verifier)


def test_the_signature_of_a_witness_alone_is_not_enough():
    witness = Signer("witness.example.net/w1", bytes(32))
    with pytest.raises(CheckpointError, match="not signed by the log"):
        open_checkpoint(witness.sign(TEXT), SIGNER.verifier, [witness.verifier])


def test_a_checkpoint_of_another_origin_is_refused():
    with pytest.raises(CheckpointError, match=r"of other\.example, not of"):
        open_checkpoint(SIGNER.sign(TEXT.replace(HEAD.origin, "other.example")), SIGNER.verifier)


@given(st.integers(0, 2**62), st.binary(min_size=32, max_size=32))
def test_what_is_written_is_read(size, root):
    head = TreeHead("example.org/log", size, root)
    assert parse_checkpoint(head.format()) == head
