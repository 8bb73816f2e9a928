"""The ledger manifest: entries as JSONL and as Parquet, the same columns in the same order."""

import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from workflows.corrections.manifests.edits import EditRefused
from workflows.corrections.manifests.entries import COLUMNS, Entry, ManifestError
from workflows.corrections.manifests.files import UNREADABLE, reading
from workflows.datasets.lookup.readers import parse_record
from workflows.datasets.lookup.shards import RECORD_FORMATS, Format, format_of

_UNREADABLE: tuple[type[Exception], ...] = (*UNREADABLE, EditRefused)
_BITS = 64
_WHOLE_NUMBERS = frozenset({"row", "start", "end"})


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries in the order in which they are written: by file, row and place."""
    return sorted(
        entries, key=lambda e: (e.file, e.row, e.field, e.start or 0, e.end or 0, e.op, e.as_line())
    )


def as_jsonl(entries: Iterable[Entry]) -> bytes:
    """Return entries as JSONL."""
    return "".join(entry.as_line() for entry in entries).encode()


def as_parquet(entries: Sequence[Entry]) -> bytes:
    """Return entries as Parquet. The column `id` holds numbers if all ids are, of 64 bits."""
    import pyarrow as pa
    from pyarrow import parquet

    numbers = bool(entries) and all(
        isinstance(entry.id, int) and entry.id.bit_length() < _BITS for entry in entries
    )

    def kind(column: str) -> Any:
        whole = column in _WHOLE_NUMBERS or (column == "id" and numbers)
        return pa.int64() if whole else pa.string()

    def value(entry: Entry, column: str) -> Any:
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


def read_entries(path: Path) -> list[Entry]:
    """Read the entries of a ledger manifest in JSONL or Parquet, and put them in order.

    Raises ManifestError, which names the row.
    """
    known = format_of(path)
    try:
        if known is None or not path.is_file():
            raise ManifestError(f"{path} is no manifest in {', '.join(sorted(RECORD_FORMATS))}.")
        rows = _parquet_rows(path) if known is Format.PARQUET else _jsonl_rows(path, known)
        return in_order(Entry.from_dict(row, number) for number, row in enumerate(rows))
    except _UNREADABLE as error:
        raise ManifestError(f"{path} cannot be read.") from error


def _jsonl_rows(path: Path, known: Format) -> list[dict[str, Any]]:
    rows = []
    with reading(path, known) as lines:
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


def fingerprint(entries: Iterable[Entry]) -> str:
    """Return a SHA-256 in hexadecimal that is the same for the same entries in either format."""
    rows = [
        json.dumps({**entry.as_dict(), "id": str(entry.id)}, ensure_ascii=False)
        for entry in entries
    ]
    return hashlib.sha256("\n".join(sorted(rows)).encode("utf-8", "surrogatepass")).hexdigest()
