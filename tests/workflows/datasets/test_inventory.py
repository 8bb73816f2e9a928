"""A snapshot is read when it is registered: counted, hashed, checked, or said why not."""

import gzip
import hashlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.workflows.datasets.entries import RECORDS, lines, make_snapshot
from workflows.datasets.inventory import read_snapshot
from workflows.datasets.models import Snapshot, SnapshotFile
from workflows.datasets.read_errors import read_error_of
from workflows.ledger.models import Event
from workflows.outbox.models import Effect
from workflows.outbox.services import run_effect

pytestmark = pytest.mark.django_db


def test_files_are_counted_and_hashed(data):
    (data / "posts" / "deep").mkdir(parents=True)
    plain, packed = lines().encode(), gzip.compress(lines(RECORDS[:1]).encode())
    (data / "posts" / "deep" / "a.jsonl").write_bytes(plain)
    (data / "posts" / "b.jsonl.gz").write_bytes(packed)
    (data / "posts" / "README.md").write_text("no data")

    snapshot = make_snapshot("posts")

    assert snapshot.state == Snapshot.State.READABLE
    assert (snapshot.rows, snapshot.bytes) == (3, len(plain) + len(packed))
    assert list(snapshot.files.values_list("path", "bytes", "rows", "sha256")) == [
        ("b.jsonl.gz", len(packed), 1, hashlib.sha256(packed).hexdigest()),
        ("deep/a.jsonl", len(plain), 2, hashlib.sha256(plain).hexdigest()),
    ]
    assert Event.objects.get(name="snapshot.read").facts["rows"] == 3


def test_parquet_and_text_are_counted_too(data):
    pq.write_table(pa.table({"id": [1, 2, 3], "body": ["x", None, "y"]}), data / "a.parquet")
    (data / "b.txt").write_text("one\n\ntwo\n")

    columns = {"text_fields": ["body"], "source_field": ""}
    parquet = make_snapshot("a.parquet", format="parquet", **columns)
    text = make_snapshot("b.txt", parquet.dataset, version="2", format="text", id_field="")

    assert (parquet.state, parquet.rows) == ("readable", 3)
    assert (text.state, text.rows) == ("readable", 1)


@pytest.mark.parametrize(
    ("content", "changes", "words"),
    [
        (None, {}, "a.jsonl does not exist."),
        ("", {}, "holds no file of this format"),
        ("plain words\n", {}, "a.jsonl is damaged, or is not of this format."),
        ('{"id": 1, "body": "x"}\n', {}, "The records have no field text."),
        ('{"text": "x"}\n', {}, "The records have no field id."),
        ('{"id": 1, "text": "x"}\n', {"format": "parquet"}, "holds no file of this format"),
    ],
)
def test_what_cannot_be_read_says_why(data, content, changes, words):
    if content is not None:
        (data / "a.jsonl").write_text(content)
    snapshot = make_snapshot("a.jsonl", **changes)
    assert snapshot.state == Snapshot.State.UNREADABLE
    assert words in read_error_of(snapshot)
    # People know a place by what they typed, not by where the server keeps its files.
    assert str(data) not in read_error_of(snapshot)
    assert Event.objects.filter(name="snapshot.unreadable").exists()


def test_a_file_that_breaks_off_is_found_when_it_is_registered(data):
    (data / "a.jsonl.gz").write_bytes(gzip.compress(lines().encode())[:-9])
    assert make_snapshot("a.jsonl.gz").problem == "broken"


def test_text_in_another_encoding_is_refused(data):
    (data / "a.txt").write_bytes("王小明的帖子".encode("gb18030"))
    assert make_snapshot("a.txt", format="text").problem == "not_utf8"


@pytest.mark.parametrize("location", ["/etc", "../other", "link"])
def test_nothing_outside_of_the_allowed_folders_is_read(data, tmp_path, location):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.jsonl").write_text(lines())
    (data / "link").symlink_to(tmp_path / "other")
    assert make_snapshot(location).problem == "outside"


def test_records_need_no_id_where_none_is_expected(data):
    (data / "a.jsonl").write_text('{"text": "x"}\n')
    assert make_snapshot("a.jsonl", id_field="").is_readable


def test_what_was_read_before_a_crash_is_not_read_again(data):
    (data / "a.jsonl").write_text(lines())
    snapshot = make_snapshot("a.jsonl", read=False)
    kept = SnapshotFile.objects.create(
        snapshot=snapshot, path="a.jsonl", bytes=len(lines().encode()), rows=99, sha256="0" * 64
    )
    Snapshot.objects.update(state=Snapshot.State.READING)

    read_snapshot(snapshot.pk)

    snapshot.refresh_from_db()
    assert (snapshot.state, snapshot.rows) == ("readable", kept.rows)


def test_reading_twice_changes_nothing(data):
    (data / "a.jsonl").write_text(lines())
    snapshot = make_snapshot("a.jsonl")
    read_snapshot(snapshot.pk)
    assert Event.objects.filter(name="snapshot.read").count() == 1


def test_a_reader_that_never_ends_is_given_up(data):
    snapshot = make_snapshot("a.jsonl", read=False)
    effect = Effect.objects.get(kind="datasets.read_snapshot")
    Effect.objects.update(payload={**effect.payload, "turn": 1000})
    run_effect(effect.pk)
    snapshot.refresh_from_db()
    assert snapshot.problem == "gave_up"
    assert "never came to an end" in read_error_of(snapshot)
