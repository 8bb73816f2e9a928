"""Broken UTF-8 in Parquet: who stands there is taken out, and no other byte changes."""

from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.factories import WANG
from tests.workflows.corrections.changing import executing
from tests.workflows.corrections.test_right_record import applied
from tests.workflows.datasets.entries import make_snapshot
from workflows.cases.filing_request import FiledItem
from workflows.corrections.manifests import entries_of
from workflows.corrections.models import Manifest, Reingestion
from workflows.corrections.redo_removal import find_reingested
from workflows.datasets.locations import path_of
from workflows.vocabulary.outcomes import Outcome

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]

DELETE = replace(WANG, items=(FiledItem("delete", {"statement": "请删除。"}),))
THEIRS = "王小明住在上海，电话 13800001234".encode()
ROWS = {
    "id": [b"1", b"\xe7\x8e2", b"3\xff", b"4"],
    "text": [b"cut \xe7\x8e", b"\xf0\x9f" + THEIRS + b"\xff", b"\xc3(", None],
    "url": [b"https://a.example/\xff", b"https://b.example/\xe2\x80", None, b""],
}


def of_bytes(values, kind=None):
    """Return an array of texts of which nobody has checked that they are UTF-8."""
    encoded = pa.array(values, pa.binary())
    texts = pa.Array.from_buffers(pa.string(), len(values), encoded.buffers())
    return texts if kind is None else texts.cast(kind)


def bytes_of(column):
    return column.combine_chunks().cast(pa.large_string()).cast(pa.large_binary()).to_pylist()


@pytest.fixture
def posts(data):
    columns = {name: of_bytes(values) for name, values in ROWS.items()}
    tags = pa.ListArray.from_arrays([0, 1, 2, 2, 3], of_bytes([b"\xff", b"b", b"c"]))
    about = pa.StructArray.from_arrays([of_bytes([b"x", b"\xff", b"y", None])], ["a"])
    table = pa.table({**columns, "tags": tags, "about": about})
    pq.write_table(table, data / "posts.parquet", row_group_size=2)
    return make_snapshot("posts.parquet", format="parquet")


@pytest.mark.parametrize("outcome", [Outcome.DELETED, Outcome.ANONYMISED])
def test_a_person_among_broken_bytes_is_taken_out_and_no_other_byte_changes(posts, outcome):
    case = executing(outcome, DELETE, frozenset({"\ufffd2"}))

    manifest = applied(posts)

    assert {entry.id for entry in entries_of(manifest)} == {"\ufffd2"}
    assert {match.source for match in case.matches.select_related("case__data_key")} == {
        "https://b.example/\ufffd"
    }
    assert manifest.state == Manifest.State.VERIFIED, manifest.left
    assert case.items.get().executed
    new = pq.read_table(path_of(manifest.result))
    deleted = outcome == Outcome.DELETED
    assert {name: bytes_of(new.column(name)) for name in ("id", "url")} == {
        name: [value for row, value in enumerate(ROWS[name]) if row != 1 or not deleted]
        for name in ("id", "url")
    }
    text = "\ufffd[REDACTED]住在上海，电话 [REDACTED]\ufffd".encode()
    changed = [] if deleted else [text]
    assert bytes_of(new.column("text")) == [ROWS["text"][0], *changed, *ROWS["text"][2:]]


def test_what_comes_back_with_the_same_broken_bytes_is_recognised(posts, data):
    executing(Outcome.DELETED, DELETE, frozenset({"\ufffd2"}))
    applied(posts)
    (data / "later.jsonl").write_bytes(
        b'{"id": 1, "text": ""}\n{"id": 7, "text": "' + ROWS["text"][1] + b'"}\n'
    )
    later = make_snapshot("later.jsonl", posts.dataset, version="2", source_field="")
    find_reingested(later.pk)
    assert Reingestion.objects.get(snapshot=later).records == 1
