"""What others say of the log goes into an export, and the verifier holds it against the log."""

import base64
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from tests import factories as make
from tests.workflows.reports.conftest import export, reseal, unpack
from workflows.cases.lifecycle import State
from workflows.ledger import selectors, sequencer
from workflows.ledger.evidence import add_cosignature
from workflows.ledger.keys import log_vkey
from workflows.ledger.models import Timestamp
from workflows.ledger.note import (
    COSIGNATURE,
    Signature,
    Verifier,
    cosignature_message,
    parse_note,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
WITNESS = Verifier("witness.example/w1", COSIGNATURE, KEY.public_key().public_bytes_raw())
STRANGER = Verifier("witness.example/w2", COSIGNATURE, KEY.public_key().public_bytes_raw())
MOMENT = 1_780_000_000


def cosign(note):
    signature = KEY.sign(cosignature_message(MOMENT, parse_note(note).text))
    return Signature(WITNESS.name, WITNESS.key_id, MOMENT.to_bytes(8) + signature).line()


@pytest.fixture
def evident(db):
    """An export made after one state of the log was cosigned and timestamped; and its size."""
    make.make_case(State.ANSWERED)
    sequencer.sequence_all()
    checkpoint = selectors.latest_checkpoint()
    add_cosignature(checkpoint, WITNESS, cosign(checkpoint.note))
    Timestamp.objects.create(
        checkpoint=checkpoint,
        authority="https://tsa.example",
        response=b"DER" + sha256(checkpoint.note.encode()).digest(),
        at=timezone.now(),
    )
    return unpack(export()), checkpoint.size


def test_cosignatures_and_timestamps_are_in_the_export(evident, verify):
    files, size = evident
    code, said = verify(files, vkey=log_vkey(), witness=WITNESS.vkey)
    assert code == 0, said
    assert f"witness {WITNESS.name} signed the first {size} entries at 2026-05-28 20:26:40" in said
    assert f"openssl ts -verify -in log/timestamps/{size}.tsr" in said
    code, said = verify(files, vkey=log_vkey())
    assert "pass --witness" in said


def test_without_the_signature_of_a_witness_that_was_named_it_fails(evident, verify):
    code, said = verify(evident[0], vkey=log_vkey(), witness=STRANGER.vkey)
    assert (code, said) == (
        1,
        f"FAULT: No checkpoint here is signed by the witness {STRANGER.name}.\n",
    )
    code, said = verify(evident[0], vkey=log_vkey(), witness=log_vkey())
    assert "is not the Ed25519 key of a witness" in said


def test_evidence_that_was_tampered_with_is_found(evident, verify):
    files, size = evident
    checkpoint, stamp = f"log/checkpoints/{size}", f"log/timestamps/{size}"
    line = files[checkpoint].split(b"\n")[-2]
    blob = bytearray(base64.b64decode(line.split(b" ")[-1]))
    blob[11] ^= 1  # another time
    changed = line.rsplit(b" ", 1)[0] + b" " + base64.b64encode(blob)
    newest = files["log/checkpoint"].split(b"\n")[1].decode()
    tampered = {
        f"{checkpoint}: the cosignature of {WITNESS.name} does not hold.": {
            checkpoint: files[checkpoint].replace(line, changed)
        },
        f"No checkpoint here is signed by the witness {WITNESS.name}.": {
            checkpoint: files[checkpoint].replace(line + b"\n", b"")
        },
        f"{stamp}.tsr is not on {stamp}.checkpoint.": {f"{stamp}.tsr": b"DER" + bytes(32)},
        f"The timestamp {stamp}.tsr is missing.": {f"{stamp}.tsr": None},
        f"{stamp}.checkpoint is missing.": {f"{stamp}.checkpoint": None},
        f"{stamp}.checkpoint is a checkpoint of another size.": {
            f"{stamp}.checkpoint": files["log/checkpoint"]
        },
        "log/timestamps/1.txt is neither a timestamp nor a checkpoint.": {
            "log/timestamps/1.txt": b""
        },
        f"{stamp}.checkpoint is not one that this log continues.": {
            checkpoint: None,
            f"log/consistency/{size}-{newest}": None,
        },
    }
    for fault, changes in tampered.items():
        copy = {name: content for name, content in (files | changes).items() if content is not None}
        reseal(copy)
        code, said = verify(copy, vkey=log_vkey(), witness=WITNESS.vkey)
        assert (code, said.splitlines()[0]) == (1, f"FAULT: {fault}")
