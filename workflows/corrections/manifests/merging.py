"""A manifest as a table for one MERGE into Delta or Iceberg: `id, op, new_text`.

`op` is `update` or `delete`; `new_text` is the whole text of the record as it is to become. The
table holds personal text and is as confidential as the snapshot. Both formats keep the old files
until they are vacuumed, so the re-scan looks at the files, not at the table.
"""

import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from workflows.corrections.manifests.edits import Wording, checked_edits, edited
from workflows.corrections.manifests.entries import Entry, ManifestError
from workflows.corrections.manifests.files import snapshot_files
from workflows.corrections.manifests.ledger import in_order
from workflows.corrections.manifests.resolve import records
from workflows.datasets.lookup.shards import format_of


def merge_table(
    entries: Iterable[Entry], snapshot: Path, wording: Wording, *, id_field: str = "id"
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
    changes: list[Entry], snapshot: Path
) -> Iterable[tuple[Mapping[str, Any], list[Entry]]]:
    files = snapshot_files(snapshot)
    for file in dict.fromkeys(entry.file for entry in changes):
        known = format_of(files[file]) if file in files else None
        if known is None:
            raise ManifestError(f"{file}: the snapshot has no such file.")
        by_row: dict[int, list[Entry]] = {}
        for entry in changes:
            if entry.file == file:
                by_row.setdefault(entry.row, []).append(entry)
        for row, record in records(files[file], known):
            if row in by_row:
                yield record, by_row[row]


def _row(
    record: Mapping[str, Any], entries: list[Entry], wording: Wording, id_field: str
) -> dict[str, Any]:
    edits = checked_edits(record, id_field, entries, wording)
    field = entries[0].field
    new_text = None if edits is None else edited(record[field], edits[field])
    return {
        "id": record.get(id_field),
        "op": "delete" if edits is None else "update",
        "new_text": new_text,
    }
