"""The ledger manifest: two formats with one meaning, no personal text, signed as a folder."""

import io
import json
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from tests.workflows.corpus.edits.support import change, entries, write
from workflows.common.signed_note import Signer
from workflows.corpus.edits.manifest_files import (
    fingerprint,
    in_order,
    package,
    read_entries,
    read_manifest,
)
from workflows.corpus.entries import (
    COLUMNS,
    JSONL,
    NOTE,
    PARQUET,
    Header,
    ManifestEntry,
    ManifestError,
    Op,
)

SIGNER = Signer("portal.example/manifests", b"k" * 32)
HEADER = Header("1b4e28ba", "forum", "2026-11", "2026-11-24T00:00:00+00:00")
ROW = {
    "op": "redact",
    "file": "a.jsonl",
    "row": 0,
    "id": "d0",
    "start": 1,
    "end": 2,
    "sha256_before": "0" * 64,
}


@pytest.fixture
def made(tmp_path):
    rows = [
        {"id": f"d{n}", "text": f"王小明 {n}", "url": f"https://e.example/{n}"} for n in range(3)
    ]
    write(tmp_path / "old" / "a.jsonl", rows)
    return entries(
        tmp_path / "old",
        change("replace", "d2", 0, 3, "r2", case_pseudonym="c-1"),
        change("redact", "d0", 0, 3),
        change("delete", "d1", 0, 3),
        dataset="forum", snapshot="2026-11", source_field="url",
    )  # fmt: skip


def folder(tmp_path, made):
    target = tmp_path / "manifest"
    target.mkdir()
    for name, content in package(HEADER, made, SIGNER).items():
        (target / name).write_bytes(content)
    return target


@pytest.mark.parametrize(
    ("ids", "read"),
    [([1, 2], [1, 2]), ([1, 2**64 - 1], ["1", str(2**64 - 1)]), ([1, "a"], ["1", "a"])],
)
def test_the_ids_of_a_parquet_file_are_numbers_where_all_are_and_fit(tmp_path, ids, read):
    rows = [ManifestEntry.from_dict({**ROW, "id": id_}, 0) for id_ in ids]
    (folder(tmp_path, rows) / JSONL).unlink()
    assert [entry.id for entry in read_manifest(tmp_path / "manifest").entries] == read


@pytest.mark.parametrize("separator", ["\u2028", "\x85"])
def test_a_name_may_hold_what_some_readers_take_for_the_end_of_a_line(tmp_path, made, separator):
    named = replace(HEADER, dataset=f"forum{separator}posts")
    for name, content in package(named, made, SIGNER).items():
        (tmp_path / name).write_bytes(content)
    read = read_manifest(tmp_path, [SIGNER.verifier])
    assert read.header == named


def test_the_columns_are_those_that_pipelines_read(tmp_path, made):
    target = folder(tmp_path, made)
    line = json.loads((target / JSONL).read_text().splitlines()[2])
    assert list(line) == list(COLUMNS) == pq.read_table(target / PARQUET).column_names
    assert {**line, "sha256_before": "", "sha256_after": ""} == {
        "op": "replace", "dataset": "forum", "snapshot": "2026-11",
        "source": "https://e.example/2", "id": "d2", "file": "a.jsonl", "field": "text", "row": 2,
        "start": 0, "end": 3, "sha256_before": "", "sha256_after": "", "replacement_ref": "r2",
        "case_pseudonym": "c-1",
    }  # fmt: skip


def test_no_personal_text_stands_in_it(tmp_path, made):
    for name, content in package(HEADER, made, SIGNER).items():
        text = (
            str(pq.read_table(io.BytesIO(content)).to_pylist())
            if name == PARQUET
            else content.decode()
        )
        assert "王小明" not in text
        assert "\\u738b" not in text


def test_both_formats_say_the_same(tmp_path, made):
    target = folder(tmp_path, made)
    assert read_entries(target / JSONL) == read_entries(target / PARQUET) == in_order(made)
    assert fingerprint(read_entries(target / JSONL)) == fingerprint(made)


@pytest.mark.parametrize("ids", [[1, 2], [1, "b"], ["a", None]])
def test_ids_of_any_kind_mean_the_same_in_both(tmp_path, ids):
    made = [ManifestEntry.from_dict({**ROW, "id": id_, "row": n}, n) for n, id_ in enumerate(ids)]
    target = folder(tmp_path, made)
    assert fingerprint(read_entries(target / JSONL)) == fingerprint(read_entries(target / PARQUET))


def test_an_empty_manifest_is_one(tmp_path):
    target = folder(tmp_path, [])
    assert read_manifest(target, [SIGNER.verifier]).entries == []
    assert read_entries(target / PARQUET) == []


def test_a_signed_manifest_is_read_with_its_key_only(tmp_path, made):
    target = folder(tmp_path, made)
    manifest = read_manifest(target, [SIGNER.verifier])
    assert (manifest.header, manifest.entries) == (HEADER, in_order(made))
    other = Signer("portal.example/manifests", b"x" * 32).verifier
    with pytest.raises(ManifestError, match="cannot be relied on"):
        read_manifest(target, [other])
    with pytest.raises(ManifestError, match="no signature"):
        read_manifest(target / JSONL, [SIGNER.verifier])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda f: (f / JSONL).write_text((f / JSONL).read_text().replace("redact", "delete")),
        lambda f: (f / PARQUET).write_bytes(b"PAR1"),
        lambda f: (f / NOTE).write_text((f / NOTE).read_text().replace("entries 3", "entries 4")),
        lambda f: (f / NOTE).unlink(),
        lambda f: (f / NOTE).write_text(SIGNER.sign("something\nelse\n")),
        lambda f: [(f / name).unlink() for name in (JSONL, PARQUET)],
    ],
)
def test_a_changed_manifest_is_refused(tmp_path, made, spoil):
    target = folder(tmp_path, made)
    spoil(target)
    with pytest.raises(ManifestError):
        read_manifest(target, [SIGNER.verifier])


@pytest.mark.parametrize(
    "wrong",
    [
        {"op": "explode"}, {"op": None}, {"file": ""}, {"row": -1}, {"row": "0"}, {"id": 1.5},
        {"start": None}, {"start": 2}, {"start": -1}, {"end": "2"}, {"sha256_before": ""},
        {"sha256_before": "xyz"}, {"sha256_after": 7}, {"op": "replace"}, {"source": 1},
        {"row": True},
    ],
)  # fmt: skip
def test_a_row_that_says_nothing_clear_is_named(tmp_path, wrong):
    path = tmp_path / "m.jsonl"
    path.write_text(json.dumps(ROW) + "\n" + json.dumps({**ROW, **wrong}) + "\n")
    with pytest.raises(ManifestError, match="Row 1 of the manifest"):
        read_entries(path)


def test_a_row_about_outputs_names_no_record():
    assert ManifestEntry.from_dict({"op": "suppress"}, 0).op is Op.SUPPRESS


@pytest.mark.parametrize("content", ["[]\n", "nothing\n"])
def test_a_line_that_is_no_object_is_named(tmp_path, content):
    (tmp_path / "m.jsonl").write_text(content)
    with pytest.raises(ManifestError, match="Row 0"):
        read_entries(tmp_path / "m.jsonl")
    with pytest.raises(ManifestError, match="is no manifest"):
        read_entries(tmp_path / "m.csv")
