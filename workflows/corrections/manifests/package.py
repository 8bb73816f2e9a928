"""A manifest as a folder: the entries in two formats, and a note that says what they are, signed.

The note is a C2SP signed note, which existing tools verify, with a key of its own beside that of
the log. Its text:

    requests-portal/manifest/v1
    id <UUID>
    dataset <name>
    snapshot <version>
    made <time in UTC>
    redaction <what takes the place of redacted text>
    entries <how many>
    entries.jsonl <SHA-256>
    entries.parquet <SHA-256>
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from workflows.common.signed_note import NoteError, Signer, Verifier, open_note, parse_note
from workflows.corrections.manifests.entries import REDACTION, Entry, ManifestError
from workflows.corrections.manifests.ledger import as_jsonl, as_parquet, in_order, read_entries

FIRST_LINE = "requests-portal/manifest/v1"
NOTE = "manifest.note"
JSONL = "entries.jsonl"
PARQUET = "entries.parquet"
_NAMES = ("id", "dataset", "snapshot", "made", "redaction", "entries", JSONL, PARQUET)


@dataclass(frozen=True, slots=True)
class Header:
    """What the note says of a manifest, but for the digests. `made` is ISO 8601 in UTC."""

    id: str
    dataset: str
    snapshot: str
    made: str
    redaction: str = REDACTION


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest that was read: what its note says, if it has one, and its entries in order."""

    entries: list[Entry]
    header: Header | None = None

    @property
    def redaction(self) -> str:
        """What takes the place of redacted text."""
        return self.header.redaction if self.header else REDACTION


def package(header: Header, entries: Iterable[Entry], signer: Signer) -> dict[str, bytes]:
    """Return the files of a manifest by their names. The note is the last one."""
    ordered = in_order(entries)
    files = {JSONL: as_jsonl(ordered), PARQUET: as_parquet(ordered)}
    lines = [
        FIRST_LINE,
        f"id {header.id}",
        f"dataset {_one_line(header.dataset)}",
        f"snapshot {_one_line(header.snapshot)}",
        f"made {header.made}",
        f"redaction {_one_line(header.redaction)}",
        f"entries {len(ordered)}",
        *(f"{name} {hashlib.sha256(content).hexdigest()}" for name, content in files.items()),
    ]
    return {**files, NOTE: signer.sign("\n".join(lines) + "\n").encode()}


def _one_line(text: str) -> str:
    return "".join(" " if ord(character) < ord(" ") else character for character in text)


def read_manifest(path: Path, verifiers: Sequence[Verifier] = ()) -> Manifest:
    """Read the folder of a manifest, or a file of entries, which nobody has signed.

    With `verifiers` it must be a folder that one of them has signed. Raises ManifestError.
    """
    if not path.is_dir():
        if verifiers:
            raise ManifestError(f"{path} is a file of entries, which carries no signature.")
        return Manifest(read_entries(path))
    try:
        note = (path / NOTE).read_bytes()
        text = open_note(note, verifiers).text if verifiers else parse_note(note).text
    except (OSError, NoteError) as error:
        raise ManifestError(f"{path / NOTE} cannot be relied on: {error}") from error
    said = _parse(text)
    for name in (JSONL, PARQUET):
        file = path / name
        if file.exists() and hashlib.sha256(file.read_bytes()).hexdigest() != said[name]:
            raise ManifestError(f"{file} is not the one that the note speaks of.")
    entries = read_entries(path / JSONL if (path / JSONL).exists() else path / PARQUET)
    if len(entries) != int(said["entries"]):
        raise ManifestError(f"{path} has another number of entries than its note says.")
    return Manifest(
        entries,
        Header(said["id"], said["dataset"], said["snapshot"], said["made"], said["redaction"]),
    )


def _parse(text: str) -> dict[str, str]:
    first, *lines = text.removesuffix("\n").split("\n")
    said = dict(line.partition(" ")[::2] for line in lines)
    if first != FIRST_LINE or tuple(said) != _NAMES or not said["entries"].isdecimal():
        raise ManifestError("The note is not one of a manifest.")
    return said
