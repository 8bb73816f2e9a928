r"""C2SP signed notes (c2sp.org/signed-note): text, an empty line, signature lines. No Django.

A signature line is `— <key name> <base64(key id[4] || signature)>`. The key id is the first four
bytes of SHA-256(name || 0x0A || type || public key). Two types are known here: 0x01, Ed25519 over
the text, which a log uses; and 0x04, a witness's timestamped Ed25519 cosignature
(c2sp.org/tlog-cosignature), whose signature is eight bytes of UNIX time and then Ed25519 over
"cosignature/v1\ntime <t>\n" || text.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = 0x01
COSIGNATURE = 0x04
KEY_ID_SIZE = 4
PUBLIC_KEY_SIZE = 32
ED25519_SIGNATURE_SIZE = 64
TIMESTAMP_SIZE = 8
# The format asks for at least 16; the bounds keep a hostile note from costing much.
MAX_SIGNATURES = 100
MAX_NOTE_BYTES = 1_000_000

_SIGNATURE_LINE = re.compile(r"\u2014 ([^ \n]+) ([A-Za-z0-9+/]+={0,2})")
_VKEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")


class NoteError(ValueError):
    """A note, a key or a signature is malformed, or a signature does not hold."""


@dataclass(frozen=True)
class Signature:
    """One signature line: key name, key id (4 bytes), signature bytes of that key's type."""

    name: str
    key_id: bytes
    data: bytes

    def line(self) -> str:
        """Return the line as it stands in a note, with its newline."""
        return f"\u2014 {self.name} {encode_base64(self.key_id + self.data)}\n"


@dataclass(frozen=True)
class Note:
    """A parsed note, nothing verified: the signed text (ends in a newline), the signatures."""

    text: str
    signatures: tuple[Signature, ...]

    def format(self) -> str:
        """Return the whole note."""
        return self.text + "\n" + "".join(signature.line() for signature in self.signatures)


@dataclass(frozen=True)
class OpenedNote:
    """A verified note: its text, the signatures of known keys (all hold), those of unknown keys."""

    text: str
    verified: tuple[Signature, ...]
    unknown: tuple[Signature, ...]


@dataclass(frozen=True)
class Verifier:
    """A public key with its name and type; `key_id` and `vkey` follow from them."""

    name: str
    key_type: int
    public_key: bytes

    def __post_init__(self) -> None:
        """Refuse a name or a key that the format does not allow."""
        check_key_name(self.name)
        if self.key_type not in {ED25519, COSIGNATURE}:
            raise NoteError(f"Keys of type 0x{self.key_type:02x} are not supported.")
        if len(self.public_key) != PUBLIC_KEY_SIZE:
            raise NoteError(f"An Ed25519 public key has {PUBLIC_KEY_SIZE} bytes.")

    @classmethod
    def from_vkey(cls, vkey: str) -> Self:
        """Read `<name>+<key id in hex>+<base64(type || public key)>`."""
        match = _VKEY.fullmatch(vkey)
        if match is None:
            raise NoteError("A vkey reads NAME+KEYID+BASE64.")
        key = decode_base64(match[3])
        verifier = cls(match[1], key[0], key[1:])
        if verifier.key_id.hex() != match[2]:
            raise NoteError("The key id of the vkey does not belong to its key.")
        return verifier

    @property
    def key_id(self) -> bytes:
        """The four bytes by which signature lines name this key."""
        return _key_id(self.name, self.key_type, self.public_key)

    @property
    def vkey(self) -> str:
        """The public key as text, to be handed to those who verify."""
        key = encode_base64(bytes([self.key_type]) + self.public_key)
        return f"{self.name}+{self.key_id.hex()}+{key}"

    def made(self, signature: Signature) -> bool:
        """Tell whether a signature claims to be by this key."""
        return signature.name == self.name and signature.key_id == self.key_id

    def verify(self, text: str, signature: Signature) -> None:
        """Raise NoteError unless the signature over this note text holds."""
        message, data = text.encode(), signature.data
        if self.key_type == COSIGNATURE:
            message = cosignature_message(cosignature_time(signature), text)
            data = data[TIMESTAMP_SIZE:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(data, message)
        except InvalidSignature as error:
            raise NoteError(f"The signature of {self.name} does not hold.") from error


class Signer:
    """An Ed25519 key that signs notes (type 0x01), from a name and a 32-byte seed."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, ED25519, self._key.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """Return the whole note with one signature. The same text always gives the same bytes."""
        check_text(text)
        verifier = self.verifier
        signature = Signature(verifier.name, verifier.key_id, self._key.sign(text.encode()))
        return Note(text, (signature,)).format()


def parse_note(note: str | bytes) -> Note:
    """Split a note at its last empty line. Verifies nothing. Raises NoteError."""
    if isinstance(note, bytes):
        try:
            note = note.decode()
        except UnicodeDecodeError as error:
            raise NoteError("A note is UTF-8 text.") from error
    if len(note) > MAX_NOTE_BYTES:
        raise NoteError(f"A note has at most {MAX_NOTE_BYTES} bytes.")
    check_text(note)
    position = note.rfind("\n\n")
    if position < 0:
        raise NoteError("A note has an empty line between its text and its signatures.")
    text, tail = note[: position + 1], note[position + 2 :]
    lines = tail.split("\n")[:-1]
    if not 1 <= len(lines) <= MAX_SIGNATURES:
        raise NoteError(f"A note has 1 to {MAX_SIGNATURES} signatures.")
    return Note(text, tuple(parse_signature_line(line) for line in lines))


def parse_signature_line(line: str) -> Signature:
    """Read one signature line without its newline. Raises NoteError."""
    match = _SIGNATURE_LINE.fullmatch(line)
    if match is None:
        raise NoteError("A signature line reads \u2014 NAME BASE64.")
    check_key_name(match[1])
    data = decode_base64(match[2])
    if len(data) <= KEY_ID_SIZE:
        raise NoteError("A signature is too short.")
    return Signature(match[1], data[:KEY_ID_SIZE], data[KEY_ID_SIZE:])


def open_note(note: str | bytes, verifiers: Iterable[Verifier]) -> OpenedNote:
    """Parse a note and verify it with the known keys.

    Signatures of unknown keys are ignored. A known key whose signature fails spoils the whole
    note, and so does the lack of any known key. Raises NoteError.
    """
    parsed = parse_note(note)
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    verified: list[Signature] = []
    unknown: list[Signature] = []
    for signature in parsed.signatures:
        verifier = known.get((signature.name, signature.key_id))
        if verifier is None:
            unknown.append(signature)
        else:
            verifier.verify(parsed.text, signature)
            verified.append(signature)
    if not verified:
        raise NoteError("The note carries no signature of a known key.")
    return OpenedNote(parsed.text, tuple(verified), tuple(unknown))


def cosignature_time(signature: Signature) -> int:
    """Return the UNIX time, in seconds, that a witness put into its cosignature (type 0x04)."""
    if len(signature.data) != TIMESTAMP_SIZE + ED25519_SIGNATURE_SIZE:
        raise NoteError("A cosignature is 8 bytes of time and 64 bytes of Ed25519.")
    return int.from_bytes(signature.data[:TIMESTAMP_SIZE])


def cosignature_message(time: int, text: str) -> bytes:
    """Return the bytes that a witness signs: its time, then the note text without signatures."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def check_key_name(name: str) -> None:
    """Raise NoteError unless a key name is not empty and has no space and no plus sign."""
    if not name or "+" in name or any(char.isspace() for char in name):
        raise NoteError("A key name is not empty and holds no space and no plus sign.")


def check_text(text: str) -> None:
    """Raise NoteError unless a text ends in a newline and has no other control character."""
    if not text.endswith("\n"):
        raise NoteError("The text of a note ends in a newline.")
    if any(char < " " and char != "\n" for char in text):
        raise NoteError("The text of a note holds no control character but the newline.")


def encode_base64(data: bytes) -> str:
    """Return standard base64 with padding."""
    return base64.b64encode(data).decode("ascii")


def decode_base64(text: str) -> bytes:
    """Read standard base64 in its one canonical spelling. Raises NoteError."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError("This is not standard base64.") from error
    # Python overlooks stray bits and text after the padding; one value has one spelling here.
    if encode_base64(data) != text:
        raise NoteError("This is not standard base64 in its canonical spelling.")
    return data


def _key_id(name: str, key_type: int, public_key: bytes) -> bytes:
    material = name.encode() + b"\n" + bytes([key_type]) + public_key
    return sha256(material).digest()[:KEY_ID_SIZE]
