"""`witness.py`, as others run it: it signs what continues, and nothing else, whatever happens."""

import runpy
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.evidence import PROGRAM
from workflows.common.http_client import NoAnswerError, post
from workflows.common.signed_note import Signer
from workflows.ledger import merkle
from workflows.ledger.checkpoints import AddCheckpoint, TreeHead, open_checkpoint
from workflows.ledger.evidence import witness_verifier
from workflows.ledger.keys import log_signer

pytestmark = pytest.mark.stack

HASHES = [merkle.leaf_hash(bytes([number])) for number in range(20)]
OTHERS = [merkle.leaf_hash(b"other" + bytes([number])) for number in range(20)]


def root_of(hashes):
    return lambda start, end: merkle.root(hashes[start:end])


def body(old, new, hashes=HASHES, signer=None, proof=None):
    signer = signer or log_signer()
    note = signer.sign(TreeHead(signer.verifier.name, new, merkle.root(hashes[:new])).format())
    if proof is None:
        proof = merkle.consistency_proof(old, new, root_of(hashes)) if old <= new else []
    return AddCheckpoint(old, tuple(proof), note).format()


def ask(witness, text):
    answer = post(f"{witness.url}/add-checkpoint", text.encode(), "text/plain")
    return answer.status, answer.body.decode()


def test_it_signs_a_log_that_grows(witness):
    log, key = log_signer().verifier, witness_verifier(witness.vkey)
    for old, new in [(0, 3), (3, 8), (8, 8), (8, 13)]:
        text = body(old, new)
        status, line = ask(witness, text)
        assert status == 200
        note = text.partition("\n\n")[2] + line
        assert open_checkpoint(note, log, [key]).size == new


REFUSED = {
    "an old size that is not where it stands": (lambda: body(2, 13), 409, "8\n"),
    "a rollback": (lambda: body(3, 5), 409, "8\n"),
    "another root at its size": (lambda: body(8, 8, OTHERS), 409, "8\n"),
    "a fork": (lambda: body(8, 13, OTHERS), 422, None),
    "a proof with a hash too many": (
        lambda: body(8, 13, proof=[*merkle.consistency_proof(8, 13, root_of(HASHES)), bytes(32)]),
        422,
        None,
    ),
    "no proof": (lambda: body(8, 13, proof=[]), 422, None),
    "an old size beyond the checkpoint": (lambda: body(9, 8), 400, None),
    "a log it does not know": (
        lambda: body(8, 13, signer=Signer("other.example", bytes(32))),
        404,
        None,
    ),
    "another key of the same name": (
        lambda: body(8, 13, signer=Signer(log_signer().verifier.name, bytes(32))),
        403,
        None,
    ),
    "a signature that does not hold": (
        lambda: body(8, 13).replace("\n13\n", "\n12\n"),
        403,
        None,
    ),
    "something else": (lambda: "hello", 400, None),
}


def test_it_refuses_the_rest_and_stays_where_it_was(witness):
    ask(witness, body(0, 8))
    for what, (make, status, text) in REFUSED.items():
        answer = ask(witness, make())
        assert answer[0] == status, what
        assert text in {None, answer[1]}, what
        assert "\u2014" not in answer[1], what
    assert post(f"{witness.url}/other", b"", "text/plain").status == 404
    assert ask(witness, body(8, 13))[0] == 200


def test_what_it_has_seen_survives_a_kill_before_its_answer(witness):
    ask(witness, body(0, 8))
    witness.stop()
    witness.start_one_that_dies()
    with pytest.raises(NoAnswerError):
        ask(witness, body(8, 13))
    witness.stop()
    witness.start()
    # A history that leaves out the checkpoint which nobody was told of has no chance any more.
    assert ask(witness, body(8, 12)) == (409, "13\n")
    assert ask(witness, body(13, 13, OTHERS)) == (409, "13\n")
    assert ask(witness, body(13, 13))[0] == 200


def test_of_two_histories_at_once_it_signs_one(witness):
    ask(witness, body(0, 8))
    forks = [[*HASHES[:8], *(merkle.leaf_hash(bytes([n, k])) for k in range(5))] for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda fork: ask(witness, body(8, 13, fork)), forks))
    assert sorted(status for status, _ in answers) == [200, 409, 409, 409, 409, 409]


def test_two_witnesses_do_not_share_a_state(witness):
    done = subprocess.run(
        [sys.executable, "-I", PROGRAM, "--log-vkey", witness.log_vkey, "--key", witness.folder / "key",
         "--state", witness.folder / "state", "--port", "0"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Another witness uses" in done.stderr


def test_two_logs_of_one_name_are_refused(witness):
    """It knew the last one only, and told the other that it had not signed its own checkpoints."""
    other = Signer(log_signer().verifier.name, bytes(32)).verifier.vkey
    witness.stop()
    done = subprocess.run(
        [sys.executable, "-I", PROGRAM, "--log-vkey", witness.log_vkey, "--log-vkey", other,
         "--key", witness.folder / "key", "--state", witness.folder / "state", "--port", "0"],
        capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"Two --log-vkey are of the name {log_signer().verifier.name}" in done.stderr


def test_its_log_holds_nothing_that_a_terminal_obeys(monkeypatch, capsys):
    """As under a Python that does not see to it itself."""
    own = runpy.run_path(str(PROGRAM), run_name="witness")
    monkeypatch.setattr(BaseHTTPRequestHandler, "_control_char_table", {}, raising=False)
    handler = object.__new__(own["handler_for"](None))
    handler.client_address = ("127.0.0.1", 1)
    handler.log_message('"%s" %s', "POST /\x1b[2J\x9b2J\r HTTP/1.1", "400")
    logged = capsys.readouterr().err
    assert logged.endswith('"POST /\\x1b[2J\\x9b2J\\r HTTP/1.1" 400\n')
    assert logged[:-1].isprintable()


def test_its_signatures_are_those_of_others():
    own = runpy.run_path(str(PROGRAM), run_name="witness")
    for number in range(5):
        seed, message = bytes([number]) * 32, b"message" * number
        key = Ed25519PrivateKey.from_private_bytes(seed)
        assert own["public_key"](seed) == key.public_key().public_bytes_raw()
        assert own["ed25519_sign"](seed, message) == key.sign(message)
