"""Signed notes: the vectors of C2SP and of a real log, and all that a strict reader refuses."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.common import signed_note
from workflows.common.signed_note import NoteError, Signature, Signer, Verifier

SPEC_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_NOTE = (
    "This is an example message.\n"
    "\n"
    "\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
TESSERA_SECRET = (
    "PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg"
)
TESSERA_VKEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
TESSERA_CHECKPOINT = (
    "example.com/log/testdata\n"
    "3\n"
    "Wqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk=\n"
    "\n"
    "\u2014 example.com/log/testdata M9e0lvAQRtH832pk2RTbeSeZMkp4FZSdJYFBUjO5SKxuRbywPUF3cx+HUrb50kjd3rUWW/fj53Wj1dwcwh9bGQnqVAg=\n"
)
OUR_VKEY = "cases.example.org/log/2026+9ae05fbc+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
WITNESS_VKEY = "witness.example.net/w1+669be294+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X"
OUR_TEXT = "cases.example.org/log/2026\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n"
OUR_SIGNATURE = "\u2014 cases.example.org/log/2026 muBfvOLtr2MEoZIp9iRi11kRqzl6Z1gGNeazV80sVPaHP3ThiAqo+ihUZIZ+pwHHTglzfCssStU1sTjcbPda64uG9A0=\n"
WITNESS_SIGNATURE = "\u2014 witness.example.net/w1 ZpvilAAAAABqGKUApwW8eOtQUMMgd9cSBW6+ahQjUEMIXHA5IbDY+lxNZraUqnTYxOgMKizmb+9HRV70m1hwd0RH8y0vkm2AIXxfBQ==\n"
OUR_NOTE = f"{OUR_TEXT}\n{OUR_SIGNATURE}{WITNESS_SIGNATURE}"

LOG = Verifier.from_vkey(OUR_VKEY)
WITNESS = Verifier.from_vkey(WITNESS_VKEY)


def signer_of(secret):
    """x/mod's PRIVATE+KEY text holds the name, and the seed after a type byte."""
    _, _, name, _, key = secret.split("+", maxsplit=4)
    return Signer(name, base64.b64decode(key)[1:])


def damaged(line):
    name, blob = line[2:-1].split(" ")
    data = bytearray(base64.b64decode(blob))
    data[-1] ^= 1
    return f"\u2014 {name} {base64.b64encode(data).decode()}\n"


def test_the_note_of_the_specification_opens():
    opened = signed_note.open_note(SPEC_NOTE, [Verifier.from_vkey(SPEC_VKEY)])
    assert opened.text == "This is an example message.\n"
    assert len(opened.verified) == 1


def test_signing_gives_the_bytes_of_a_real_log():
    signer = signer_of(TESSERA_SECRET)
    text = TESSERA_CHECKPOINT.partition("\n\n")[0] + "\n"
    assert signer.verifier.vkey == TESSERA_VKEY
    assert signer.sign(text) == TESSERA_CHECKPOINT


def test_signing_with_our_key_gives_the_known_bytes():
    signer = Signer("cases.example.org/log/2026", bytes(range(32)))
    assert signer.verifier.vkey == OUR_VKEY
    assert signer.sign(OUR_TEXT) == f"{OUR_TEXT}\n{OUR_SIGNATURE}"


def test_a_witness_and_its_time_are_verified():
    opened = signed_note.open_note(OUR_NOTE, [LOG, WITNESS])
    assert [signature.name for signature in opened.verified] == [LOG.name, WITNESS.name]
    assert signed_note.cosignature_time(opened.verified[1]) == 1780000000


def test_a_cosignature_holds_for_its_own_time_only():
    [_, signature] = signed_note.parse_note(OUR_NOTE).signatures
    later = (1780000001).to_bytes(8) + signature.data[8:]
    with pytest.raises(NoteError, match="does not hold"):
        WITNESS.verify(OUR_TEXT, Signature(signature.name, signature.key_id, later))


def test_a_cosignature_of_another_length_is_refused():
    [_, signature] = signed_note.parse_note(OUR_NOTE).signatures
    with pytest.raises(NoteError, match="8 bytes of time"):
        WITNESS.verify(OUR_TEXT, Signature(signature.name, signature.key_id, signature.data[:-1]))


def test_unknown_keys_are_passed_over():
    opened = signed_note.open_note(OUR_NOTE, [LOG])
    assert [signature.name for signature in opened.unknown] == [WITNESS.name]


def test_a_key_of_the_same_name_but_another_id_is_unknown():
    stranger = Signer(LOG.name, bytes(32)).verifier
    with pytest.raises(NoteError, match="no signature of a known key"):
        signed_note.open_note(OUR_NOTE, [stranger])


def test_a_failing_known_key_spoils_a_note_that_another_key_holds():
    spoiled = f"{OUR_TEXT}\n{OUR_SIGNATURE}{damaged(WITNESS_SIGNATURE)}"
    assert signed_note.open_note(spoiled, [LOG]).verified
    with pytest.raises(NoteError, match="does not hold"):
        signed_note.open_note(spoiled, [LOG, WITNESS])


def test_a_changed_text_does_not_open():
    with pytest.raises(NoteError, match="does not hold"):
        signed_note.open_note(OUR_NOTE.replace("\n8\n", "\n9\n"), [LOG])


def test_text_and_signatures_part_at_the_last_empty_line():
    signer = Signer("example.org/log", bytes(32))
    text = "one\n\ntwo\n\n\nthree\n"
    assert signed_note.open_note(signer.sign(text), [signer.verifier]).text == text


def test_sixteen_signatures_are_accepted():
    others = [Signer(f"example.org/{number}", bytes(32)) for number in range(15)]
    lines = "".join(other.sign(OUR_TEXT).partition("\n\n")[2] for other in others)
    opened = signed_note.open_note(OUR_NOTE + lines, [LOG])
    assert len(opened.unknown) == 16


def test_bytes_are_read_as_utf_8():
    assert signed_note.parse_note(OUR_NOTE.encode()).format() == OUR_NOTE
    with pytest.raises(NoteError, match="UTF-8"):
        signed_note.parse_note(OUR_NOTE.encode() + b"\xff\n")


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "no newline",
        "text\n",
        "text\n\n",
        f"text\n\n{OUR_SIGNATURE}\n",
        f"text\n\n{OUR_SIGNATURE[:-1]}",
        f"text\r\n\n{OUR_SIGNATURE}",
        f"te\x00xt\n\n{OUR_SIGNATURE}",
        f"text\n\n{OUR_SIGNATURE}".replace("\u2014", "-"),
        f"text\n\n{OUR_SIGNATURE}".replace("\u2014 ", "\u2014  "),
        f"text\n\n{OUR_SIGNATURE}".replace("=\n", "\n"),
        f"text\n\n{OUR_SIGNATURE}".replace("=\n", "==\n"),
        f"text\n\n{OUR_SIGNATURE}".replace("A0=\n", "A1=\n"),
        f"text\n\n{OUR_SIGNATURE}".replace("=\n", "= \n"),
        f"text\n\n{OUR_SIGNATURE}".replace("=\n", "=AA=\n"),
        f"text\n\n{OUR_SIGNATURE}".replace("example", "exa+mple"),
        f"text\n\n{OUR_SIGNATURE}".replace("example", "exa\u00a0mple"),
        "text\n\n\u2014 name AAAA\n",
        "text\n\n" + OUR_SIGNATURE * 101,
        "x" * 1_000_001,
    ],
)
def test_malformed_notes_are_refused(malformed):
    with pytest.raises(NoteError):
        signed_note.parse_note(malformed)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        "name+00000000",
        OUR_VKEY + "\n",
        OUR_VKEY.replace("9ae05fbc", "9ae05fbd"),
        OUR_VKEY.replace("9ae05fbc", "9AE05FBC"),
        OUR_VKEY.replace("cases.", "cases "),
        OUR_VKEY.replace("cases.", "other."),
        OUR_VKEY[:-4],
    ],
)
def test_malformed_vkeys_are_refused(vkey):
    with pytest.raises(NoteError):
        Verifier.from_vkey(vkey)


def test_key_types_that_are_not_known_are_refused():
    with pytest.raises(NoteError, match="0x06"):
        Verifier("example.org/log", 0x06, bytes(32))


@pytest.mark.parametrize("text", ["", "no newline", "tab\t\n"])
def test_a_text_that_cannot_be_a_note_is_not_signed(text):
    with pytest.raises(NoteError):
        Signer("example.org/log", bytes(32)).sign(text)


names = st.text(min_size=1, max_size=20).filter(
    lambda name: "+" not in name and not any(c.isspace() or c < " " for c in name)
)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]) | st.just("\n"))


@given(
    names.filter(lambda name: name.encode("utf-8", "ignore").decode() == name),
    texts,
    st.binary(min_size=32, max_size=32),
)
def test_what_is_signed_opens_again(name, text, seed):
    signer = Signer(name, seed)
    verifier = Verifier.from_vkey(signer.verifier.vkey)
    signed = signer.sign(text + "\n")
    assert signed_note.open_note(signed.encode(), [verifier]).text == text + "\n"
    assert signed_note.parse_note(signed).format() == signed
