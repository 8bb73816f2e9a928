"""The applier: the right records change, the others stay as bytes, and nothing appears by half."""

import gzip
import json
import os
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from tests.orphans import assert_nobody_outlives
from tests.workflows.corpus.edits.support import (
    FORMATS,
    PHONE,
    WORDING,
    apply,
    change,
    entries,
    read,
    tree,
    write,
)
from workflows.corpus.edits.apply import APPLIED, apply_entries
from workflows.corpus.entries import EditRefused, ManifestError, Op, Replacements
from workflows.corpus.formats.files import atomic_folder

ROWS = [
    {"id": "d0", "text": "电话 13800138025,谢谢", "n": 1},
    {"id": "d1", "text": "nobody", "n": 2},
    {"id": "d2", "text": "王小明 lives at 2 Side St", "n": 3},
    {"id": "d3", "text": "王小明", "n": 4},
    {"id": "d4", "text": "the end", "n": 5},
]


@pytest.fixture(params=FORMATS)
def snapshot(request, tmp_path):
    write(tmp_path / "old" / request.param, ROWS)
    (tmp_path / "old" / "README").write_text("What this is.")
    return tmp_path / "old"


def file_of(snapshot):
    return next(name for name in FORMATS if (snapshot / name).exists())


def three_changes(snapshot):
    file = file_of(snapshot)
    return entries(
        snapshot,
        change("redact", "d0", 3, 14, file=file),
        change("replace", "d2", 13, 22, "r1", file=file),
        change("delete", "d3", 0, 3, file=file),
    )


def test_redacts_replaces_and_deletes_and_leaves_the_rest(snapshot, tmp_path):
    applied = apply(three_changes(snapshot), snapshot, tmp_path / "new")

    assert read(tmp_path / "new" / file_of(snapshot)) == [
        {**ROWS[0], "text": "电话 [REDACTED],谢谢"},
        ROWS[1],
        {**ROWS[2], "text": "王小明 lives at 1 Main St"},
        ROWS[4],
    ]
    assert (tmp_path / "new" / "README").read_text() == "What this is."
    assert (applied.changed, applied.deleted, applied.files) == (2, 1, 2)


def test_several_processes_write_the_same(tmp_path):
    for name in FORMATS:
        write(tmp_path / "old" / name, ROWS)
    made = entries(
        tmp_path / "old", *(change("redact", "d0", 3, 14, file=name) for name in FORMATS)
    )
    apply(made, tmp_path / "old", tmp_path / "new")
    apply_entries(made, tmp_path / "old", tmp_path / "parallel", WORDING, processes=2)
    assert tree(tmp_path / "parallel") == tree(tmp_path / "new")
    spoilt = [replace(made[0], sha256_before="0" * 64)]
    with pytest.raises(EditRefused, match="sha256_before"):
        apply_entries(spoilt, tmp_path / "old", tmp_path / "third", WORDING, processes=2)


def test_killed_processes_do_not_keep_the_new_snapshot_waiting(tmp_path, monkeypatch):
    write(tmp_path / "old" / "a.jsonl", ROWS)
    monkeypatch.setattr("workflows.corpus.edits.apply.sync_file", lambda _: os._exit(9))
    with pytest.raises(EditRefused, match="Run it again"):
        apply_entries([], tmp_path / "old", tmp_path / "new", WORDING, processes=2)
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_no_process_outlives_the_applier_and_holds_its_folder(tmp_path, monkeypatch):
    write(tmp_path / "old" / "a.jsonl", ROWS)
    old, new = tmp_path / "old", tmp_path / "new"
    assert_nobody_outlives(
        lambda: apply_entries([], old, new, WORDING, processes=2),
        "workflows.corpus.edits.apply.sync_file",
        monkeypatch,
    )
    apply([], old, new)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "old"]


def test_an_empty_manifest_is_the_identity(snapshot, tmp_path):
    apply([], snapshot, tmp_path / "new")
    assert tree(tmp_path / "new") == tree(snapshot)


def test_what_concerns_outputs_only_changes_no_data(snapshot, tmp_path):
    made = [replace(entry, op=Op.SUPPRESS) for entry in three_changes(snapshot)]
    apply(made, snapshot, tmp_path / "new")
    assert tree(tmp_path / "new") == tree(snapshot)


def test_applying_twice_is_refused(snapshot, tmp_path):
    made = three_changes(snapshot)
    apply(made, snapshot, tmp_path / "new")
    with pytest.raises(EditRefused, match="applied to the snapshot before"):
        apply(made, tmp_path / "new", tmp_path / "newer")
    # A copy that has lost its list of manifests is told by its records.
    (tmp_path / "new" / APPLIED).unlink()
    with pytest.raises(EditRefused, match="sha256_before"):
        apply(made, tmp_path / "new", tmp_path / "newer")
    assert not (tmp_path / "newer").exists()


def test_twice_is_refused_where_identical_records_would_not_tell(tmp_path):
    same = {"id": "x", "text": "same"}
    write(tmp_path / "old" / "a.jsonl", [same, same])
    first, _second = entries(tmp_path / "old", change("delete", "x", 0, 4, count=2))
    apply([first], tmp_path / "old", tmp_path / "new")
    with pytest.raises(EditRefused, match="before"):
        apply([first], tmp_path / "new", tmp_path / "newer")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        ({"sha256_before": "0" * 64}, "row 0: sha256_before"),
        ({"sha256_after": "0" * 64}, "row 0: sha256_after"),
        ({"row": 1}, "row 1: the record has another id"),
        ({"row": 9}, "row 9: the file ends before it"),
        ({"field": "n"}, "row 0: the record has no text in n"),
        ({"file": "b.jsonl"}, "b.jsonl: the snapshot has no such file"),
        ({"file": "../old/a.jsonl"}, "the snapshot has no such file"),
        ({"file": "README"}, "no files of this format"),
        ({"end": 99}, "row 0: a span ends behind the text"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused_and_leaves_nothing(
    snapshot, tmp_path, spoil, message
):
    before = tree(snapshot)
    made = [replace(three_changes(snapshot)[0], **spoil)]
    with pytest.raises(EditRefused, match=message):
        apply(made, snapshot, tmp_path / "new")
    assert {path.name for path in tmp_path.iterdir()} == {"old"}
    assert tree(snapshot) == before


def test_a_missing_replacement_and_a_contradiction_are_named(tmp_path):
    write(tmp_path / "old" / "a.jsonl", ROWS)
    one, other = (
        entries(tmp_path / "old", change("replace", "d2", 13, end, ref))[0]
        for end, ref in [(22, "r1"), (20, "r2")]
    )
    with pytest.raises(ManifestError, match=r"row 2: .*no text for the replacement r1"):
        apply([one], tmp_path / "old", tmp_path / "new", Replacements({}))
    with pytest.raises(ManifestError, match="row 2: two replacements contradict"):
        apply([one, other], tmp_path / "old", tmp_path / "new")
    assert {path.name for path in tmp_path.iterdir()} == {"old"}


def test_a_file_alone_is_a_snapshot_too(tmp_path):
    old = write(tmp_path / "a.jsonl", ROWS)
    made = entries(old, change("delete", "d3", 0, 3))
    apply(made, old, tmp_path / "b.jsonl")
    assert read(tmp_path / "b.jsonl") == [row for row in ROWS if row["id"] != "d3"]


def test_a_file_keeps_its_format_and_under_another_name_its_list(tmp_path):
    old = write(tmp_path / "a.jsonl.zst", ROWS)
    made = entries(old, change("delete", "d3", 0, 3, file=old.name))
    for name in ("b.jsonl", "b.parquet", "b.txt", "b"):
        with pytest.raises(EditRefused, match="must end as"):
            apply(made, old, tmp_path / name)
    apply(made, old, tmp_path / "b.jsonl.zst")
    with pytest.raises(EditRefused, match="applied to the snapshot before"):
        apply(made, tmp_path / "b.jsonl.zst", tmp_path / "c.jsonl.zst")
    assert len(list(tmp_path.iterdir())) == 3


def test_a_file_keeps_the_list_of_its_manifests(tmp_path):
    old = write(tmp_path / "x" / "a.jsonl", ROWS)
    made = entries(old, change("delete", "d3", 0, 3))
    (tmp_path / "y").mkdir()
    (tmp_path / "z").mkdir()
    apply(made, old, tmp_path / "y" / "a.jsonl")
    with pytest.raises(EditRefused, match="applied to the snapshot before"):
        apply(made, tmp_path / "y" / "a.jsonl", tmp_path / "z" / "a.jsonl")


def test_what_exists_is_never_written_over(tmp_path):
    write(tmp_path / "old" / "a.jsonl", ROWS)
    (tmp_path / "new").mkdir()
    with pytest.raises(EditRefused, match="there already"):
        apply([], tmp_path / "old", tmp_path / "new")


def test_the_new_snapshot_is_not_written_into_the_old_one(tmp_path):
    write(tmp_path / "old" / "a.jsonl", ROWS)
    for target in (tmp_path / "old" / "new", tmp_path / "old"):
        with pytest.raises(EditRefused, match="stays as it is"):
            apply([], tmp_path / "old", target)
    assert list(tree(tmp_path / "old")) == ["a.jsonl"]


def test_two_at_once_do_not_write_into_each_other(tmp_path):
    write(tmp_path / "old" / "a.jsonl", ROWS)
    with atomic_folder(tmp_path / "new"), pytest.raises(EditRefused, match="another process"):
        apply([], tmp_path / "old", tmp_path / "new")


def test_a_link_to_a_folder_is_not_followed(tmp_path):
    write(tmp_path / "old" / "a.jsonl", ROWS)
    (tmp_path / "old" / "link").symlink_to(tmp_path)
    with pytest.raises(EditRefused, match="a link to another folder"):
        apply([], tmp_path / "old", tmp_path / "new")


def test_a_file_that_breaks_off_is_refused(snapshot, tmp_path):
    made = three_changes(snapshot)
    file = snapshot / file_of(snapshot)
    file.write_bytes(file.read_bytes()[:-60])
    with pytest.raises(EditRefused):
        apply(made, snapshot, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("ending", "pack"), [("gz", gzip.compress), ("zst", zstandard.compress)])
def test_a_file_that_breaks_off_behind_the_last_change_is_refused(tmp_path, ending, pack):
    file = write(tmp_path / "old" / f"a.jsonl.{ending}", ROWS)
    made = entries(tmp_path / "old", change("delete", "d3", 0, 3, file=file.name))
    file.write_bytes(file.read_bytes() + pack(b'{"id": "d9", "text": "x"}\n')[:-6])
    with pytest.raises(EditRefused, match="cannot be copied"):
        apply(made, tmp_path / "old", tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("place", [12, 60, -6])
def test_a_damaged_gzip_file_is_refused(tmp_path, place):
    file = write(tmp_path / "old" / "a.jsonl.gz", ROWS)
    made = entries(tmp_path / "old", change("delete", "d3", 0, 3, file=file.name))
    damaged = bytearray(file.read_bytes())
    damaged[place] ^= 0xFF
    file.write_bytes(damaged)
    with pytest.raises(EditRefused):
        apply(made, tmp_path / "old", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_parquet_keeps_schema_metadata_compression_and_other_columns(tmp_path):
    schema = pa.schema(
        [
            pa.field("id", pa.int64(), metadata={"a": "b"}),
            pa.field("text", pa.large_string()),
            pa.field("tags", pa.list_(pa.string())),
            pa.field("kind", pa.dictionary(pa.int32(), pa.string())),
        ],
        metadata={"huggingface": "{}"},
    )
    rows = [
        {"id": n, "text": None if n == 3 else f"text {n}", "tags": ["x", None], "kind": "k"}
        for n in range(7)
    ]
    (tmp_path / "old").mkdir()
    pq.write_table(
        pa.Table.from_pylist(rows, schema), tmp_path / "old" / "a.parquet",
        compression="gzip", row_group_size=3,
    )  # fmt: skip
    made = entries(
        tmp_path / "old",
        change("redact", 1, 0, 4, file="a.parquet"),
        *(change("delete", n, 0, 4, file="a.parquet") for n in (4, 5)),
    )
    apply(made, tmp_path / "old", tmp_path / "new")

    with (
        pq.ParquetFile(tmp_path / "old" / "a.parquet") as old,
        pq.ParquetFile(tmp_path / "new" / "a.parquet") as file,
    ):
        assert file.schema_arrow.equals(old.schema_arrow, check_metadata=True)
        assert file.metadata.row_group(0).column(1).compression == "GZIP"
        table = file.read().to_pylist()
    assert table == [
        {**row, "text": "[REDACTED] 1"} if row["id"] == 1 else row
        for row in rows
        if row["id"] not in {4, 5}
    ]


def unchecked(raws: list[bytes | None], kind: pa.DataType) -> pa.Array:
    """Return texts of which nobody has checked that they are UTF-8."""
    encoded = pa.array(raws, pa.binary())
    texts = pa.Array.from_buffers(pa.string(), len(raws), encoded.buffers())
    return texts.dictionary_encode() if pa.types.is_dictionary(kind) else texts.cast(kind)


def encoded(column: pa.ChunkedArray) -> list[bytes | None]:
    texts = column.combine_chunks()
    texts = texts.dictionary_decode() if pa.types.is_dictionary(texts.type) else texts
    return texts.cast(pa.large_string()).cast(pa.large_binary()).to_pylist()


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.dictionary(pa.int32(), pa.string()),
    ],
    ids=str,
)
def test_broken_bytes_in_parquet_stay_but_for_those_of_a_text_that_is_changed(tmp_path, kind):
    raws = [b"\xe7\x8e", b"text\xff", None, b"other \xf0\x9f", b"other \xf0\x9f"]
    table = pa.table({"id": list(range(5)), "text": unchecked(raws, kind)})
    (tmp_path / "old").mkdir()
    pq.write_table(table, tmp_path / "old" / "a.parquet", row_group_size=4)
    made = entries(
        tmp_path / "old",
        change("redact", 1, 0, 4, file="a.parquet"),
        change("redact", 3, 0, 5, file="a.parquet"),
    )
    apply(made, tmp_path / "old", tmp_path / "new")

    new = pq.read_table(tmp_path / "new" / "a.parquet")
    assert new.schema.field("text").type == kind
    assert encoded(new.column("text")) == [
        raws[0], "[REDACTED]\ufffd".encode(), None, "[REDACTED] \ufffd".encode(), raws[4],
    ]  # fmt: skip


def test_values_for_which_python_has_no_type_stop_nothing(tmp_path):
    """Three million years are more than a `datetime` holds."""
    far = pa.array([10**17] * 2, pa.timestamp("ms"))
    (tmp_path / "old").mkdir()
    table = pa.table({"id": [1, 2], "text": ["text 1", "text 2"], "at": far})
    pq.write_table(table, tmp_path / "old" / "a.parquet")
    made = entries(tmp_path / "old", change("redact", 1, 0, 4, file="a.parquet"))
    apply(made, tmp_path / "old", tmp_path / "new")
    new = pq.read_table(tmp_path / "new" / "a.parquet")
    assert new.column("text").to_pylist() == ["[REDACTED] 1", "text 2"]
    assert new.column("at").equals(pq.read_table(tmp_path / "old").column("at"))


def test_a_text_that_cannot_be_written_in_utf_8_is_refused_in_parquet(tmp_path):
    write(tmp_path / "old" / "a.parquet", ROWS)
    half = Replacements({"r1": "\ud83d"})
    made = entries(
        tmp_path / "old", change("replace", "d0", 3, 14, "r1", file="a.parquet"), wording=half
    )
    with pytest.raises(EditRefused, match="UTF-8"):
        apply(made, tmp_path / "old", tmp_path / "new", half)
    assert not (tmp_path / "new").exists()


def test_killed_at_any_point_the_old_one_is_whole_and_no_half_new_one_is_seen(tmp_path):
    """Fork, and end the child without any clean-up at each call that touches the disk's order."""
    write(tmp_path / "old" / "a.jsonl", ROWS)
    write(tmp_path / "old" / "sub" / "b.jsonl", ROWS)
    before = tree(tmp_path / "old")
    made = entries(tmp_path / "old", change("redact", "d0", 3, 14))
    points = 0
    while True:
        child = os.fork()
        if not child:
            _die_at(points)
            apply(made, tmp_path / "old", tmp_path / "new")
            os._exit(0)
        _pid, status = os.waitpid(child, 0)
        assert tree(tmp_path / "old") == before
        appeared = (tmp_path / "new").exists()
        if appeared:
            new = tree(tmp_path / "new")
            assert json.loads(new["a.jsonl"].split(b"\n")[0])["text"] == "电话 [REDACTED],谢谢"
            assert new["sub/b.jsonl"] == before["sub/b.jsonl"]
        if os.waitstatus_to_exitcode(status) == 0:
            break
        if appeared:  # killed after the name was given
            (tmp_path / "new").rename(tmp_path / f"seen-{points}")
        points += 1
    assert points > 5
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".partial")]


def _die_at(point):
    left = [point]

    def dying(real):
        def call(*args, **kwargs):
            left[0] -= 1
            if left[0] < 0:
                os._exit(9)
            return real(*args, **kwargs)

        return call

    for name in ("fsync", "rename", "mkdir"):
        setattr(os, name, dying(getattr(os, name)))


def test_redactions_that_overlap_become_one(tmp_path):
    write(tmp_path / "old" / "a.jsonl", [{"id": 1, "text": f"abc {PHONE} def"}])
    made = entries(
        tmp_path / "old",
        change("redact", 1, 4, 10),
        change("redact", 1, 8, 15),
        change("redact", 1, 4, 10),
        change("replace", 1, 9, 12, "r1"),
        change("redact", 1, 15, 16),
        change("replace", 1, 0, 0, "r2"),
    )
    apply(made, tmp_path / "old", tmp_path / "new", WORDING)
    assert read(tmp_path / "new" / "a.jsonl")[0]["text"] == "李小红abc [REDACTED][REDACTED]def"


def without_sizes(file):
    """Let the row groups of a Parquet file say that they have 0 bytes, as some writers leave it."""
    raw = file.read_bytes()
    metadata = pq.read_metadata(file)
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        # Thrift's compact protocol: field 2 and field 3 of a row group, each an i64.
        said = b"\x16" + zigzag(group.total_byte_size) + b"\x16" + zigzag(group.num_rows)
        size = len(zigzag(group.total_byte_size))
        zero = b"\x80" * (size - 1) + b"\x00"
        assert raw.count(said) == 1
        raw = raw.replace(said, b"\x16" + zero + b"\x16" + zigzag(group.num_rows))
    file.write_bytes(raw)
    assert pq.read_metadata(file).row_group(0).total_byte_size == 0


def zigzag(number):
    groups = [number << 1 & 0x7F]
    while number := number >> 7 if len(groups) > 1 else number >> 6:
        groups.append(number & 0x7F)
    return bytes([*(group | 0x80 for group in groups[:-1]), groups[-1]])


def test_a_row_group_that_says_it_has_no_bytes_is_changed_like_others(tmp_path):
    file = write(tmp_path / "old" / "a.parquet", [*ROWS[:1], {"id": "é", "text": "x" * 99, "n": 6}])
    without_sizes(file)
    made = entries(tmp_path / "old", change("redact", "d0", 3, 14, file="a.parquet"))
    apply(made, tmp_path / "old", tmp_path / "new")
    assert [row["text"] for row in read(tmp_path / "new" / "a.parquet")] == [
        "电话 [REDACTED],谢谢",
        "x" * 99,
    ]
