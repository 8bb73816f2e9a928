"""The manifest for Dolma's mixer, and for a merge into Delta: carried out here by the real merge."""

import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from tests.workflows.corrections.manifests.support import (
    WORDING,
    apply,
    change,
    entries,
    read,
    write,
)
from workflows.corrections.manifests.dolma import mixer_configuration, write_attributes
from workflows.corrections.manifests.edits import EditRefused, Wording
from workflows.corrections.manifests.entries import ManifestError
from workflows.corrections.manifests.merging import merge_table

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


@pytest.fixture
def documents(tmp_path):
    write(tmp_path / "documents" / "zh" / "a.jsonl.gz", ROWS)
    write(tmp_path / "documents" / "b.jsonl.gz", ROWS[:1])
    return tmp_path / "documents"


def test_dolma_gets_every_row_in_order(tmp_path, documents):
    made = entries(documents, *changes("zh/a.jsonl.gz"))
    write_attributes(made, documents, tmp_path, WORDING)
    attributes = tmp_path / "attributes" / "dsr"
    assert _lines(attributes / "zh" / "a.jsonl.gz") == [
        {"id": f"d{n}", "source": "web/zh", "attributes": of_row}
        for n, of_row in enumerate(
            [
                {"dsr__redact": [[2, 5, 1.0]]},
                {},
                {"dsr__replace_1": [[7, 16, 1.0]]},
                {"dsr__delete": [[0, 3, 1.0]]},
                {"dsr__redact": [[2, 5, 1.0]]},
            ]
        )
    ]
    assert _lines(attributes / "b.jsonl.gz") == [{"id": "d0", "source": "web/zh", "attributes": {}}]


def _lines(path):
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def test_dolma_is_told_what_to_write_and_what_to_leave_out(documents):
    made = entries(documents, *changes("zh/a.jsonl.gz"))
    (stream,) = mixer_configuration(made, WORDING, documents=["d/*"], output="o")["streams"]
    assert {r["span"]: r["replacement"] for r in stream["span_replacement"]} == {
        "$.attributes.dsr__redact": "[REDACTED]",
        "$.attributes.dsr__replace_1": "1 Main St",
    }
    assert "dsr__delete" in stream["filter"]["exclude"][0]


def test_what_dolma_cannot_do_is_refused(tmp_path):
    write(tmp_path / "a.jsonl", ROWS)
    insertion = entries(tmp_path, change("replace", "d0", 2, 2, "r1"))
    with pytest.raises(EditRefused, match="inserts no text"):
        write_attributes(insertion, tmp_path, tmp_path / "out", WORDING)
    braces = entries(tmp_path, change("replace", "d0", 2, 5, "r1"))
    with pytest.raises(ManifestError, match="old text"):
        mixer_configuration(braces, Wording({"r1": "<{}>"}), documents=[], output="o")
    write(tmp_path / "p" / "a.parquet", ROWS)
    with pytest.raises(ManifestError, match="reads no Parquet"):
        write_attributes([], tmp_path / "p", tmp_path / "out", WORDING)
    write(tmp_path / "q" / "a.jsonl", [{"id": 1, "title": "ab"}])
    made = entries(tmp_path / "q", change("redact", 1, 0, 1, field="title"))
    with pytest.raises(ManifestError, match="no other field"):
        write_attributes(made, tmp_path / "q", tmp_path / "out", WORDING)


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
