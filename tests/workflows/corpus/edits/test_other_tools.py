"""The manifest for a merge into Delta: carried out here by the real merge."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from tests.workflows.corpus.edits.support import (
    WORDING,
    apply,
    change,
    entries,
    read,
    write,
)
from workflows.corpus.edits.manifest_files import merge_table
from workflows.corpus.entries import ManifestError

ROWS = [
    {"id": f"d{n}", "source": "web/zh", "text": text}
    for n, text in enumerate(
        ["我叫王小明", "nothing", "王小明 at 2 Side St", "王小明", "😀 王小明"]
    )
]


def changes(file):
    return [
        change("redact", "d0", 2, 5, file=file),
        change("replace", "d2", 7, 16, "r1", file=file),
        change("delete", "d3", 0, 3, file=file),
        change("redact", "d4", 2, 5, file=file),
        change("redact", "d4", 3, 5, file=file),
    ]


def test_a_delta_table_takes_the_manifest_in_one_merge(tmp_path):
    write_deltalake(tmp_path / "table", pa.Table.from_pylist(ROWS))
    (file,) = (path.name for path in (tmp_path / "table").glob("*.parquet"))
    made = entries(tmp_path / "table", *changes(file))
    manifest = pq.read_table(io.BytesIO(merge_table(made, tmp_path / "table", WORDING)))
    assert manifest.column_names == ["id", "op", "new_text"]

    (
        DeltaTable(tmp_path / "table")
        .merge(manifest, "target.id = manifest.id", source_alias="manifest", target_alias="target")
        .when_matched_update({"text": "manifest.new_text"}, predicate="manifest.op = 'update'")
        .when_matched_delete(predicate="manifest.op = 'delete'")
        .execute()
    )
    merged = DeltaTable(tmp_path / "table").to_pyarrow_table().sort_by("id").to_pylist()

    write(tmp_path / "old" / file, ROWS)
    apply(entries(tmp_path / "old", *changes(file)), tmp_path / "old", tmp_path / "new")
    assert merged == read(tmp_path / "new" / file)


def test_a_merge_needs_ids_that_tell_records_apart(tmp_path):
    write(tmp_path / "a.jsonl", [{"id": 1, "text": "ab"}, {"id": 1, "text": "ac"}])
    made = entries(tmp_path, change("redact", 1, 0, 1, count=2))
    with pytest.raises(ManifestError, match="the same"):
        merge_table(made, tmp_path, WORDING)


def test_an_empty_manifest_is_an_empty_table(tmp_path):
    write(tmp_path / "a.jsonl", ROWS)
    assert pq.read_table(io.BytesIO(merge_table([], tmp_path, WORDING))).num_rows == 0
