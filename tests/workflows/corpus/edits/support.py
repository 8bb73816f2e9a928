"""A small snapshot in any format, and manifests for it."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from workflows.corpus.edits.apply import apply_entries
from workflows.corpus.edits.resolve import records, resolve
from workflows.corpus.entries import EntryOrigin, Op, Replacements, RequestedChange
from workflows.corpus.formats.registry import format_of

FORMATS = ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.parquet"]
PHONE = "13800138025"
WORDING = Replacements({"r1": "1 Main St", "r2": "李小红"})


def write(path: Path, rows: list[dict]) -> Path:
    """Write records in the format that the name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=2)
    elif path.suffix == ".gz":
        path.write_bytes(gzip.compress(raw))
    elif path.suffix == ".zst":
        path.write_bytes(zstandard.compress(raw))
    else:
        path.write_bytes(raw)
    return path


def read(path: Path) -> list[dict]:
    return [record for _row, record in records(path, format_of(path))]


def change(
    op: str, id_: object, start: int = 0, end: int = 0, ref: str = "", **more
) -> RequestedChange:
    return RequestedChange(
        Op(op),
        **{"file": "a.jsonl", "field": "text", **more},
        id=id_,
        start=start,
        end=end,
        replacement_ref=ref,
    )


def entries(
    folder: Path, /, *changes: RequestedChange, wording: Replacements = WORDING, **origin
) -> list:
    return list(resolve(changes, folder, EntryOrigin(**origin), wording))


def apply(made: list, snapshot: Path, target: Path, wording: Replacements = WORDING):
    return apply_entries(made, snapshot, target, wording)


def tree(folder: Path) -> dict[str, bytes]:
    """Return what lies in a folder."""
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}
