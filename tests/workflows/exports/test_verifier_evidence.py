"""What others say of the log goes into an export, and the verifier holds it against the log."""

import base64
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from tests import factories as make
from tests.evidence import Authority
from tests.exports import Files, export, reseal, unpack
from tests.workflows.exports.test_verifier_tampering import manifest
from workflows.cases.lifecycle import State
from workflows.common.signed_note import (
    COSIGNATURE,
    ED25519,
    Signature,
    Verifier,
    cosignature_message,
    parse_note,
)
from workflows.ledger import selectors, sequencer
from workflows.ledger.evidence import add_cosignature
from workflows.ledger.keys import log_vkey
from workflows.ledger.models import Timestamp
from workflows.ledger.timestamping import make_request

pytestmark = pytest.mark.stack

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
WITNESS = Verifier("witness.example/w1", COSIGNATURE, KEY.public_key().public_bytes_raw())
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\1")
OTHER = Verifier("witness.example/w2", COSIGNATURE, OTHER_KEY.public_key().public_bytes_raw())
MOMENT = 1_780_000_000


def cosign(note, witness=WITNESS, key=KEY, moment=MOMENT):
    signature = key.sign(cosignature_message(moment, parse_note(note).text))
    return Signature(witness.name, witness.key_id, moment.to_bytes(8) + signature).line()


@dataclass
class Evident:
    """An export made after two states of the log were timestamped and the second cosigned.

    `sizes` are those of the two states; the last one is that of a third, of which nobody said
    anything. Made once in a process.
    """

    files: Files = field(default_factory=dict)
    sizes: tuple[int, int, int] = (0, 0, 0)
    authority: Authority | None = None
    stranger: Authority | None = None

    def stamp(self, number):
        return f"log/timestamps/{self.sizes[number]}"

    @property
    def cosigned(self):
        return f"log/checkpoints/{self.sizes[1]}"


_EVIDENT = Evident()


@pytest.fixture
def evident(db, tmp_path_factory):
    if not _EVIDENT.files:
        _EVIDENT.authority = Authority(tmp_path_factory.mktemp("authority"))
        _EVIDENT.stranger = Authority(tmp_path_factory.mktemp("stranger"))
        checkpoints = []
        for _number in range(2):
            make.make_case(State.ANSWERED)
            sequencer.drain_inbox()
            checkpoints.append(selectors.latest_checkpoint())
            timestamp(checkpoints[-1], _EVIDENT.authority)
        add_cosignature(checkpoints[1], WITNESS, cosign(checkpoints[1].note))
        _EVIDENT.files = unpack(export())
        newest = int(_EVIDENT.files["log/checkpoint"].split(b"\n")[1])
        _EVIDENT.sizes = (checkpoints[0].size, checkpoints[1].size, newest)
    return _EVIDENT


def timestamp(checkpoint, authority):
    response = authority.answer(make_request(checkpoint.note.encode()).body)
    Timestamp.objects.create(
        checkpoint=checkpoint,
        authority="https://tsa.example",
        response=response,
        at=timezone.now(),
    )


def test_cosignatures_and_timestamps_are_in_the_export(evident, verify):
    code, said = verify(evident.files, vkey=log_vkey(), witness=WITNESS.vkey)
    assert code == 0, said
    size = evident.sizes[1]
    assert f"witness {WITNESS.name} signed the first {size} entries at 2026-05-28 20:26:40" in said
    for number in (0, 1):
        assert f"openssl ts -verify -in {evident.stamp(number)}.tsr" in said
    code, said = verify(evident.files, vkey=log_vkey())
    assert code == 0, said
    assert "pass --witness" in said


def test_what_it_cannot_check_itself_is_named_with_the_command_that_does(evident, verify, tmp_path):
    """Who signed a timestamp is a matter of certificates, which Python alone cannot follow."""
    _code, said = verify(evident.files, vkey=log_vkey())
    commands = re.findall(r"openssl ts -verify .* CERTIFICATES", said)
    assert len(commands) == 2
    for name, content in evident.files.items():
        if name.startswith("log/timestamps/"):
            Path(tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            Path(tmp_path / name).write_bytes(content)

    def run(command, authority):
        certificates = str(authority.folder / "ca.pem")
        line = command.replace("CERTIFICATES", certificates).split()
        return subprocess.run(line, cwd=tmp_path, capture_output=True, check=False).returncode

    for command in commands:
        assert run(command, evident.authority) == 0
        assert run(command, evident.stranger) != 0


def test_the_name_of_the_log_is_none_of_a_witness(evident, verify):
    code, said = verify(evident.files, vkey=log_vkey(), witness=log_vkey())
    assert (code, said) == (1, "FAULT: The vkey is not the Ed25519 key of a witness.\n")


# --- Tampering, with the hashes of the manifest brought up to date -----------------------------------
TAMPERINGS = []


def tampering(message):
    """Register a change to the files; `message` is the fault with `@` for the cosigned file."""

    def register(change):
        TAMPERINGS.append(pytest.param(change, message, id=change.__name__.replace("_", " ")))
        return change

    return register


HOLDS_NOT = f"@: the cosignature of {WITNESS.name} does not hold."
NOT_SIGNED = f"No checkpoint here is signed by the witness {WITNESS.name}."
TWICE = f"@ has two cosignatures of {WITNESS.name}."


def lines_of(evident, files):
    """Return the cosigned checkpoint as its text with the log's signature, and the cosignature."""
    *head, line = files[evident.cosigned].decode().splitlines(keepends=True)
    assert line.split()[1] == WITNESS.name
    return "".join(head), line


def with_lines(evident, files, *lines):
    head, _line = lines_of(evident, files)
    files[evident.cosigned] = (head + "".join(lines)).encode()


def with_blob(evident, files, change):
    """Change the bytes of the cosignature: 4 of the key's id, 8 of time, 64 of the signature."""
    _head, line = lines_of(evident, files)
    dash, name, encoded = line.split()
    blob = bytearray(base64.b64decode(encoded))
    assert len(blob) == 76
    blob = change(blob) or blob
    with_lines(evident, files, f"{dash} {name} {base64.b64encode(blob).decode()}\n")


def _bit(place):
    def change(blob):
        blob[place] ^= 1

    return change


@tampering(HOLDS_NOT)
def one_bit_in_the_first_half_of_a_cosignature(evident, files):
    with_blob(evident, files, _bit(12))


@tampering(HOLDS_NOT)
def one_bit_in_the_second_half_of_a_cosignature(evident, files):
    with_blob(evident, files, _bit(44))


@tampering(HOLDS_NOT)
def the_time_of_a_cosignature_a_second_later(evident, files):
    with_blob(evident, files, _bit(11))


@tampering(HOLDS_NOT)
def the_time_of_a_cosignature_ages_ago(evident, files):
    with_blob(evident, files, lambda blob: blob[:4] + bytes(8) + blob[12:])


@tampering(HOLDS_NOT)
def a_cosignature_cut_off(evident, files):
    with_blob(evident, files, lambda blob: blob[:-1])


@tampering(HOLDS_NOT)
def a_cosignature_with_a_byte_more(evident, files):
    with_blob(evident, files, lambda blob: blob + b"\0")


@tampering(HOLDS_NOT)
def a_cosignature_of_nothing_but_the_key(evident, files):
    with_blob(evident, files, lambda blob: blob[:4])


@tampering(HOLDS_NOT)
def a_cosignature_without_its_time(evident, files):
    """As a log signs: over the text alone."""
    text = parse_note(files[evident.cosigned].decode()).text
    with_blob(evident, files, lambda blob: blob[:12] + KEY.sign(text.encode()))


@tampering(HOLDS_NOT)
def a_cosignature_of_an_earlier_checkpoint(evident, files):
    note = files[f"log/checkpoints/{evident.sizes[0]}"].decode()
    with_lines(evident, files, cosign(note))


@tampering(HOLDS_NOT)
def a_cosignature_of_another_log(evident, files):
    head, _line = lines_of(evident, files)
    with_lines(evident, files, cosign(head.replace("log\n", "log2\n", 1)))


@tampering(HOLDS_NOT)
def a_cosignature_by_another_key_under_the_name_and_id(evident, files):
    head, _line = lines_of(evident, files)
    with_lines(evident, files, cosign(head, key=OTHER_KEY))


@tampering(NOT_SIGNED)
def a_cosignature_by_another_key_under_the_name(evident, files):
    head, _line = lines_of(evident, files)
    named = Verifier(WITNESS.name, COSIGNATURE, OTHER.public_key)
    with_lines(evident, files, cosign(head, named, OTHER_KEY))


@tampering(NOT_SIGNED)
def a_cosignature_by_another_witness(evident, files):
    head, _line = lines_of(evident, files)
    with_lines(evident, files, cosign(head, OTHER, OTHER_KEY))


@tampering(NOT_SIGNED)
def a_cosignature_under_another_name(evident, files):
    _head, line = lines_of(evident, files)
    with_lines(evident, files, line.replace(WITNESS.name, OTHER.name))


@tampering(NOT_SIGNED)
def a_cosignature_with_the_id_of_a_log_key(evident, files):
    """The same key and name, but for signatures of kind 1."""
    identity = Verifier(WITNESS.name, ED25519, WITNESS.public_key).key_id
    with_blob(evident, files, lambda blob: identity + blob[4:])


@tampering(NOT_SIGNED)
def a_cosignature_taken_out(evident, files):
    with_lines(evident, files)


@tampering(TWICE)
def a_cosignature_doubled(evident, files):
    _head, line = lines_of(evident, files)
    with_lines(evident, files, line, line)


@tampering(TWICE)
def two_cosignatures_with_two_times(evident, files):
    head, line = lines_of(evident, files)
    with_lines(evident, files, line, cosign(head, moment=MOMENT + 3600))


@tampering("@ has a malformed signature line.")
def a_cosignature_in_two_pieces(evident, files):
    _head, line = lines_of(evident, files)
    with_lines(evident, files, line[:60] + " " + line[60:])


@tampering("A signature of @ is not base64.")
def a_cosignature_in_another_spelling(evident, files):
    """The last letter of base64 has bits that say nothing."""
    _head, line = lines_of(evident, files)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    stripped = line.rstrip("=\n")
    other = letters[letters.index(stripped[-1]) ^ 1]
    with_lines(evident, files, line.replace(stripped, stripped[:-1] + other))


@tampering("@ is not signed by the key requests-portal.localhost/log")
def a_witness_left_alone_without_the_log(evident, files):
    head, line = lines_of(evident, files)
    text = head.rsplit("\u2014", 1)[0]
    files[evident.cosigned] = (text + line).encode()


@tampering("is not one that this log continues.")
def a_cosigned_checkpoint_taken_out(evident, files):
    size, newest = evident.sizes[1:]
    del files[evident.cosigned], files[f"log/consistency/{size}-{newest}"]


STAMPS = "The timestamps differ from the 2 that the provider signed for: one was "


def bit_of_stamp(evident, files, place):
    name = evident.stamp(1) + ".tsr"
    token = bytearray(files[name])
    token[place] ^= 1
    files[name] = bytes(token)


@tampering(STAMPS + "changed or replaced.")
def one_bit_of_the_signature_of_a_timestamp(evident, files):
    bit_of_stamp(evident, files, -1)


@tampering(STAMPS + "changed or replaced.")
def the_year_of_a_timestamp(evident, files):
    year = re.search(rb"\x18\x0f20\d\d", files[evident.stamp(1) + ".tsr"])
    bit_of_stamp(evident, files, year.end() - 1)


@tampering(STAMPS + "changed or replaced.")
def a_timestamp_that_says_it_was_refused(evident, files):
    name = evident.stamp(1) + ".tsr"
    token = files[name]
    files[name] = token.replace(b"\2\1\0", b"\2\1\2", 1)


@tampering(STAMPS + "changed or replaced.")
def a_timestamp_cut_off(evident, files):
    name = evident.stamp(1) + ".tsr"
    files[name] = files[name][:-9]


@tampering(STAMPS + "changed or replaced.")
def a_timestamp_of_another_authority(evident, files):
    note = files[evident.stamp(1) + ".checkpoint"]
    files[evident.stamp(1) + ".tsr"] = evident.stranger.answer(make_request(note).body)


@tampering(".tsr is not on log/timestamps/")
def the_hash_in_a_timestamp(evident, files):
    token = files[evident.stamp(1) + ".tsr"]
    start = token.index(b"\4\x20")
    bit_of_stamp(evident, files, start + 2)


@tampering(".tsr is not on log/timestamps/")
def two_timestamps_exchanged(evident, files):
    first, second = (evident.stamp(number) + ".tsr" for number in (0, 1))
    files[first], files[second] = files[second], files[first]


@tampering("is a checkpoint of another size.")
def two_timestamps_exchanged_with_their_checkpoints(evident, files):
    for ending in (".tsr", ".checkpoint"):
        first, second = (evident.stamp(number) + ending for number in (0, 1))
        files[first], files[second] = files[second], files[first]


@tampering(".tsr is not on log/timestamps/")
def a_timestamped_checkpoint_with_a_cosignature_more(evident, files):
    files[evident.stamp(1) + ".checkpoint"] = files[evident.cosigned]


@tampering("The timestamp log/timestamps/")
def a_timestamp_taken_out(evident, files):
    del files[evident.stamp(1) + ".tsr"]


@tampering(".checkpoint is missing.")
def the_checkpoint_of_a_timestamp_taken_out(evident, files):
    del files[evident.stamp(1) + ".checkpoint"]


@tampering(STAMPS + "left out.")
def a_timestamp_taken_out_with_its_checkpoint(evident, files):
    del files[evident.stamp(1) + ".tsr"], files[evident.stamp(1) + ".checkpoint"]


@tampering(STAMPS + "added.")
def a_timestamp_added(evident, files):
    note = files["log/checkpoint"]
    files[evident.stamp(2) + ".checkpoint"] = note
    files[evident.stamp(2) + ".tsr"] = evident.authority.answer(make_request(note).body)


@tampering("manifest.json was changed: timestamps is not what the provider signed.")
def fewer_timestamps_in_the_manifest(_evident, files):
    manifest(files, timestamps={"count": 0, "sha256": "0" * 64})


@tampering("log/timestamps/1.txt is neither a timestamp nor a checkpoint.")
def a_strange_file_among_the_timestamps(_evident, files):
    files["log/timestamps/1.txt"] = b""


@tampering("is not one that this log continues.")
def a_timestamp_whose_checkpoint_the_log_is_not_proved_to_continue(evident, files):
    first, newest = evident.sizes[0], evident.sizes[2]
    del files[f"log/checkpoints/{first}"], files[f"log/consistency/{first}-{newest}"]


@pytest.mark.parametrize(("change", "message"), TAMPERINGS)
def test_evidence_that_was_tampered_with_is_refused_with_the_fault(
    change, message, evident, verify
):
    files = dict(evident.files)
    change(evident, files)
    assert files != evident.files
    reseal(files)
    code, said = verify(files, vkey=log_vkey(), witness=WITNESS.vkey)
    assert code == 1
    assert said.startswith("FAULT: ")
    assert message.replace("@", evident.cosigned) in said


def test_a_timestamp_taken_out_of_the_manifest_alone_is_found(evident, verify):
    files = dict(evident.files)
    name = evident.stamp(0) + ".tsr"
    content = files.pop(name)
    reseal(files)
    files[name] = content
    code, said = verify(files, vkey=log_vkey())
    assert (code, said) == (
        1,
        f"FAULT: {name} is not part of the export: manifest.json lacks it.\n",
    )


def test_of_a_witness_that_nobody_names_nothing_is_claimed(evident, verify):
    """Without its key there is nothing to hold a cosignature against."""
    files = dict(evident.files)
    one_bit_in_the_first_half_of_a_cosignature(evident, files)
    reseal(files)
    code, said = verify(files, vkey=log_vkey())
    assert code == 0
    assert WITNESS.name not in said
    assert "what witnesses signed: pass --witness" in said


def test_without_the_signature_of_a_witness_that_was_named_it_fails(evident, verify):
    code, said = verify(evident.files, vkey=log_vkey(), witness=OTHER.vkey)
    assert (code, said) == (
        1,
        f"FAULT: No checkpoint here is signed by the witness {OTHER.name}.\n",
    )
