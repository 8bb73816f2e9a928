"""The ledger manifest: entries as JSONL and as Parquet, the same columns in the same order."""

import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workflows.common.signed_note import NoteError, Signer, Verifier, open_note, parse_note
from workflows.corpus.edits.resolve import records
from workflows.corpus.entries import (
    COLUMNS,
    JSONL,
    NOTE,
    PARQUET,
    REDACTION,
    EditRefused,
    Header,
    ManifestEntry,
    ManifestError,
    Replacements,
    apply_edits,
    verified_edits,
)
from workflows.corpus.formats.files import UNREADABLE, open_compressed, snapshot_files
from workflows.corpus.formats.jsonl_rewriting import parse_record
from workflows.corpus.formats.registry import record_format_of
from workflows.corpus.values import FORMATS, Hit, Kind, Strength, traits_of

_UNREADABLE: tuple[type[Exception], ...] = (*UNREADABLE, EditRefused)
_BITS = 64
_WHOLE_NUMBERS = frozenset({"row", "start", "end"})


def in_order(entries: Iterable[ManifestEntry]) -> list[ManifestEntry]:
    """Return entries in the order in which they are written: by file, row and place."""
    return sorted(
        entries, key=lambda e: (e.file, e.row, e.field, e.start or 0, e.end or 0, e.op, e.as_line())
    )


def as_jsonl(entries: Iterable[ManifestEntry]) -> bytes:
    """Return entries as JSONL."""
    return "".join(entry.as_line() for entry in entries).encode()


def as_parquet(entries: Sequence[ManifestEntry]) -> bytes:
    """Return entries as Parquet. The column `id` holds numbers if all ids are, of 64 bits."""
    import pyarrow as pa
    from pyarrow import parquet

    numbers = bool(entries) and all(
        isinstance(entry.id, int) and entry.id.bit_length() < _BITS for entry in entries
    )

    def kind(column: str) -> Any:
        whole = column in _WHOLE_NUMBERS or (column == "id" and numbers)
        return pa.int64() if whole else pa.string()

    def value(entry: ManifestEntry, column: str) -> Any:
        found = getattr(entry, column)
        return str(found) if column == "id" and found is not None and not numbers else found

    table = pa.table(
        {
            column: pa.array([value(entry, column) for entry in entries], kind(column))
            for column in COLUMNS
        }
    )
    written = io.BytesIO()
    parquet.write_table(table, written, compression="zstd")
    return written.getvalue()


def read_entries(path: Path) -> list[ManifestEntry]:
    """Read the entries of a ledger manifest in JSONL or Parquet, and put them in order.

    Raises ManifestError, which names the row.
    """
    try:
        # A manifest comes in two of the formats, whichever others data may have.
        read = _READERS.get(known.name) if (known := traits_of(path)) else None
        if read is None or not path.is_file():
            raise ManifestError(f"{path} is no manifest in {', '.join(_READERS)}.")
        rows = read(path)
        return in_order(ManifestEntry.from_dict(row, number) for number, row in enumerate(rows))
    except _UNREADABLE as error:
        raise ManifestError(f"{path} cannot be read.") from error


def _jsonl_rows(path: Path) -> list[dict[str, Any]]:
    rows = []
    with open_compressed(path) as lines:
        for number, line in enumerate(lines):
            row = parse_record(line)
            if row is None:
                raise ManifestError(f"Row {number} of the manifest is no JSON object.")
            rows.append(row)
    return rows


def _parquet_rows(path: Path) -> list[dict[str, Any]]:
    from pyarrow import ArrowException
    from pyarrow.parquet import read_table

    try:
        rows: list[dict[str, Any]] = read_table(path).to_pylist()
    except ArrowException as error:
        raise ManifestError(f"{path} is no Parquet file.") from error
    return rows


_READERS = {FORMATS["jsonl"].name: _jsonl_rows, FORMATS["parquet"].name: _parquet_rows}


def fingerprint(entries: Iterable[ManifestEntry]) -> str:
    """Return a SHA-256 in hexadecimal that is the same for the same entries in either format."""
    rows = [
        json.dumps({**entry.as_dict(), "id": str(entry.id)}, ensure_ascii=False)
        for entry in entries
    ]
    return hashlib.sha256("\n".join(sorted(rows)).encode("utf-8", "surrogatepass")).hexdigest()


FIRST_LINE = "requests-portal/manifest/v1"
_NAMES = ("id", "dataset", "snapshot", "made", "redaction", "entries", JSONL, PARQUET)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest that was read: what its note says, if it has one, and its entries in order."""

    entries: list[ManifestEntry]
    header: Header | None = None

    @property
    def redaction(self) -> str:
        """What takes the place of redacted text."""
        return self.header.redaction if self.header else REDACTION


def package(header: Header, entries: Iterable[ManifestEntry], signer: Signer) -> dict[str, bytes]:
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


def read_hits(path: Path) -> Iterator[Hit]:
    """Yield the hits of a file that `locate` wrote. Raises ManifestError, which names the line."""
    for number, line in _objects(path):
        try:
            hit = Hit(
                **{**line, "kind": Kind(line["kind"]), "strength": Strength(line["strength"])}
            )
        except (KeyError, TypeError, ValueError):
            hit = None
        if hit is None or not _is_sound(hit):
            raise ManifestError(f"{path}: line {number} is no hit.")
        yield hit


def _is_sound(hit: Hit) -> bool:
    if not isinstance(hit.ref, str | int) or not isinstance(hit.id, str | int | None):
        return False
    if not isinstance(hit.file, str) or not isinstance(hit.field, str):
        return False
    return type(hit.start) is type(hit.end) is int and 0 <= hit.start < hit.end


def read_replacements(path: Path | None) -> dict[str, str]:
    """Return the texts of a file with `{"ref": …, "text": …}` a line, by their ref."""
    texts: dict[str, str] = {}
    for number, line in _objects(path) if path else ():
        ref, text = line.get("ref"), line.get("text")
        if not isinstance(ref, str) or not isinstance(text, str):
            raise ManifestError(f"{path}: line {number} has no `ref` and `text`.")
        texts[ref] = text
    return texts


def _objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                found = None
            if not isinstance(found, dict):
                raise ManifestError(f"{path}: line {number} is no JSON object.")
            yield number, found


def merge_table(
    entries: Iterable[ManifestEntry], snapshot: Path, wording: Replacements, *, id_field: str = "id"
) -> bytes:
    """Return the table as Parquet. The column `id` has the type that it has in the snapshot.

    Raises ManifestError if more than one field is changed, or if two of the records have the same
    id; Refused if a record is not as its entry says.
    """
    import pyarrow as pa
    from pyarrow import parquet

    changes = in_order(entry for entry in entries if entry.changes_data)
    if len({entry.field for entry in changes}) > 1:
        raise ManifestError("A table for a merge changes one field; the manifest has several.")
    rows = [
        _row(record, of_record, wording, id_field)
        for record, of_record in _concerned(changes, snapshot)
    ]
    if len({row["id"] for row in rows}) < len(rows):
        raise ManifestError("A merge finds records by their id; two of them have the same.")
    columns: dict[str, Any] = {
        name: [row[name] for row in rows] for name in ("id", "op", "new_text")
    }
    table = pa.table(
        {
            "id": columns["id"] if rows else pa.array([], pa.string()),
            "op": pa.array(columns["op"], pa.string()),
            "new_text": pa.array(columns["new_text"], pa.string()),
        }
    )
    written = io.BytesIO()
    parquet.write_table(table, written, compression="zstd")
    return written.getvalue()


def _concerned(
    changes: list[ManifestEntry], snapshot: Path
) -> Iterable[tuple[Mapping[str, Any], list[ManifestEntry]]]:
    files = snapshot_files(snapshot)
    for file in dict.fromkeys(entry.file for entry in changes):
        known = record_format_of(files[file]) if file in files else None
        if known is None:
            raise ManifestError(f"{file}: the snapshot has no such file.")
        by_row: dict[int, list[ManifestEntry]] = {}
        for entry in changes:
            if entry.file == file:
                by_row.setdefault(entry.row, []).append(entry)
        for row, record in records(files[file], known):
            if row in by_row:
                yield record, by_row[row]


def _row(
    record: Mapping[str, Any], entries: list[ManifestEntry], wording: Replacements, id_field: str
) -> dict[str, Any]:
    edits = verified_edits(record, id_field, entries, wording)
    field = entries[0].field
    new_text = None if edits is None else apply_edits(record[field], edits[field])
    return {
        "id": record.get(id_field),
        "op": "delete" if edits is None else "update",
        "new_text": new_text,
    }
