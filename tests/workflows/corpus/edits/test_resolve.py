"""From a place that was judged to a row with digests."""

import hashlib
import json
from dataclasses import replace

import pytest

from tests.workflows.corpus.edits.support import FORMATS, WORDING, change, entries, write
from workflows.corpus.edits.resolve import resolve
from workflows.corpus.entries import EntryOrigin, ManifestError, Op, RecordNotFound


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("file", FORMATS)
def test_entries_name_row_and_digests(tmp_path, file):
    write(tmp_path / file, [{"id": 1, "text": "a"}, {"id": 2, "text": "x 王小明 y 王小明"}])
    found = entries(
        tmp_path, change("redact", 2, 2, 5, file=file), change("replace", 2, 8, 11, "r2", file=file)
    )
    assert [(e.op, e.row, e.start, e.end) for e in found] == [
        (Op.REDACT, 1, 2, 5), (Op.REPLACE, 1, 8, 11),
    ]  # fmt: skip
    assert {e.sha256_before for e in found} == {sha("x 王小明 y 王小明")}
    assert {e.sha256_after for e in found} == {sha("x [REDACTED] y 李小红")}


def test_a_record_that_goes_is_one_entry_and_has_no_after(tmp_path):
    write(tmp_path / "a.jsonl", [{"id": 1, "text": "ab"}])
    (entry,) = entries(
        tmp_path, change("redact", 1, 0, 1), change("delete", 1, 0, 1), change("delete", 1, 1, 2)
    )
    assert (entry.op, entry.start, entry.end, entry.sha256_after) == (Op.DELETE, None, None, "")


def test_a_record_that_its_case_has_corrected_stays_unless_another_case_deletes_it(tmp_path):
    write(tmp_path / "a.jsonl", [{"id": 1, "text": "x 王小明 y"}])
    correct = change("replace", 1, 2, 5, "r2", case_pseudonym="own")
    delete = change("delete", 1, 2, 5, case_pseudonym="own")
    assert [entry.op for entry in entries(tmp_path, correct, delete)] == [Op.REPLACE]
    other = change("delete", 1, 2, 5, case_pseudonym="other")
    assert {entry.op for entry in entries(tmp_path, correct, other)} == {Op.DELETE}


def test_lines_that_are_no_record_count(tmp_path):
    (tmp_path / "a.jsonl").write_text('broken\n\n{"id": 1, "text": "ab"}\n')
    (entry,) = entries(tmp_path, change("redact", 1, 0, 1))
    assert entry.row == 2


TEXTS = ["no one", "王小明 here", "王小明 again", "王小明 here", "x"]


@pytest.mark.parametrize("id_", ["same", None])
@pytest.mark.parametrize("file", FORMATS)
def test_where_ids_do_not_tell_records_apart_position_and_text_do(tmp_path, file, id_):
    write(tmp_path / file, [{"id": id_, "text": text} for text in TEXTS])
    line = len(f'{{"id": {json.dumps(id_)}, "text": "{TEXTS[0]}"}}\n'.encode())
    place = change("redact", id_, 0, 3, file=file, written="王小明", text_sha256=sha(TEXTS[1]))
    position = 1 if file.endswith(".parquet") else line
    (entry,) = entries(tmp_path, replace(place, position=position))
    assert entry.row == 1
    for elsewhere in (
        replace(place, position=position, text_sha256=sha(TEXTS[2])),
        replace(place, position=position + 1),
    ):
        with pytest.raises(RecordNotFound):
            entries(tmp_path, elsewhere)


@pytest.mark.parametrize("id_", ["same", None])
def test_what_could_be_in_several_records_is_refused(tmp_path, id_):
    records = [{"id": id_, "text": text, "about": n} for n, text in enumerate(TEXTS)]
    write(tmp_path / "a.jsonl", records)
    written = change("redact", id_, 0, 3, written="王小明")
    by_text = replace(written, text_sha256=sha(TEXTS[1]))
    with pytest.raises(RecordNotFound) as refused:
        entries(tmp_path, written, by_text)
    assert refused.value.changes == {written, by_text}
    assert not refused.value.done


def test_records_that_are_the_same_in_everything_are_meant_together(tmp_path):
    write(tmp_path / "a.jsonl", [{"id": 1, "text": text} for text in TEXTS])
    by_text = change("redact", 1, 0, 3, written="王小明", text_sha256=sha(TEXTS[1]))
    assert [entry.row for entry in entries(tmp_path, by_text)] == [1, 3]
    only = change("redact", 1, 0, 3, written="王小明", text_sha256=sha(TEXTS[2]))
    assert [entry.row for entry in entries(tmp_path, only)] == [2]


def test_a_record_that_is_gone_or_without_the_wrong_text_is_done_with(tmp_path):
    write(tmp_path / "a.jsonl", [{"id": 1, "text": "ab"}])
    gone = change("redact", 2, 0, 1, file="", written="a")
    right = change("replace", 1, ref="r2", file="", written="z", anywhere=True)
    moved = change("redact", 1, 1, 2, file="", written="a")
    with pytest.raises(RecordNotFound) as refused:
        entries(tmp_path, gone, right, moved)
    assert refused.value.changes == {gone, right, moved}
    assert refused.value.done == {gone, right}


@pytest.mark.parametrize(
    "wanted",
    [
        change("redact", "d9", 0, 1),
        change("redact", 1, 0, 3),
        change("redact", 1, 0, 1, written="z"),
        change("redact", 1, 0, 1, field="title"),
        change("redact", 1, 0, 1, file="b.jsonl"),
    ],
)
def test_a_place_that_is_no_longer_as_it_was_found_is_named(tmp_path, wanted):
    write(tmp_path / "a.jsonl", [{"id": 1, "text": "ab"}])
    with pytest.raises(ManifestError, match=wanted.file):
        list(resolve([wanted], tmp_path, EntryOrigin(), WORDING))
