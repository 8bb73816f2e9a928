"""Files of a dataset, and the pieces that they are read in."""

import gzip
import itertools
import json
import os
import random
import signal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tests.orphans import assert_nobody_outlives
from tests.workflows.corpus.support import WANG, patterns
from workflows.corpus.formats import registry
from workflows.corpus.formats.shards import shards
from workflows.corpus.locate import ScanAborted, locate, locate_records, locate_shard
from workflows.corpus.values import FORMATS, ReadError, ReadStats, Schema, traits_of

KNOWN = patterns(WANG)
RECORDS = [
    {"id": "a", "text": "联系王小明，电话 138\n0013\n8025"},
    {"id": 2, "text": "nothing here"},
    {"id": "c", "text": 'say "王小明" \\ or \t１３８００１３８０２５ 😀'},
    {"id": "d", "text": ""},
    {"id": "e", "text": "😀 王小明 wang.xm_7@mail.example.com"},
]
EXPECTED = [
    ("a", "name", 2, 5),
    ("a", "phone", 9, 22),
    ("c", "name", 5, 8),
    ("c", "phone", 16, 27),
    ("e", "name", 2, 5),
    ("e", "email", 6, 32),
]


def lines(records=RECORDS, **options):
    return "".join(json.dumps(record, **options) + "\n" for record in records).encode()


def located(path, schema=None, **options):
    return [
        (hit.id, str(hit.kind), hit.start, hit.end)
        for shard in shards(path, **options)
        for hit in locate_shard(shard, KNOWN, schema)
    ]


@pytest.mark.parametrize("ascii_only", [True, False])
def test_offsets_are_characters_of_the_decoded_text(tmp_path, ascii_only):
    (tmp_path / "x.jsonl").write_bytes(lines(ensure_ascii=ascii_only))
    assert located(tmp_path / "x.jsonl") == EXPECTED


def test_compressed_files_hold_the_same(tmp_path):
    (tmp_path / "x.jsonl.gz").write_bytes(gzip.compress(lines()))
    frames = zstandard.compress(lines(RECORDS[:2])) + zstandard.compress(lines(RECORDS[2:]))
    (tmp_path / "x.jsonl.zst").write_bytes(frames)
    assert located(tmp_path / "x.jsonl.gz") == EXPECTED
    assert located(tmp_path / "x.jsonl.zst") == EXPECTED


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())]
)
def test_parquet_holds_the_same(tmp_path, kind):
    table = pa.table(
        {
            "id": [str(record["id"]) for record in RECORDS],
            "text": pa.array([record["text"] for record in RECORDS], pa.string()).cast(kind),
            "other": range(5),
        }
    )
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=2)
    assert len(shards(tmp_path / "x.parquet")) == 3
    assert located(tmp_path / "x.parquet") == EXPECTED


def test_parquet_may_have_numbers_for_ids_and_holes_in_texts(tmp_path):
    table = pa.table(
        {
            "key": [1, 2, 3],
            "body": [None, "王小明", None],
            "url": ["", None, "见 weibo.com/u/12345678"],
        }
    )
    pq.write_table(table, tmp_path / "x.parquet")
    schema = Schema("key", ("body", "url"))
    assert located(tmp_path / "x.parquet", schema) == [(2, "name", 0, 3), (3, "url", 2, 22)]


def test_a_parquet_file_may_have_no_text_at_all_but_not_two_columns_of_a_name(tmp_path):
    pq.write_table(pa.table({"id": [1], "text": pa.nulls(1)}), tmp_path / "x.parquet")
    assert located(tmp_path / "x.parquet") == []
    twice = pa.Table.from_arrays([pa.array(["1"])] * 3, names=["id", "text", "text"])
    pq.write_table(twice, tmp_path / "x.parquet")
    with pytest.raises(ReadError, match="no column text, or several of this name"):
        located(tmp_path / "x.parquet")


@given(st.integers(1, 400), st.randoms(use_true_random=False))
def test_wherever_a_file_is_cut_each_line_is_read_once(tmp_path_factory, size, rng):
    records = [dict(record, id=index) for index, record in enumerate(rng.choices(RECORDS, k=20))]
    path = tmp_path_factory.mktemp("cut") / "x.jsonl"
    path.write_bytes(lines(records, ensure_ascii=rng.random() < 0.5).rstrip(b"\n"))
    whole = located(path)
    assert located(path, shard_bytes=size) == whole
    assert [record for record, *_ in whole] == sorted(record for record, *_ in whole)


def test_a_folder_is_read_in_the_order_of_names_and_hits_name_the_file(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "b.jsonl").write_bytes(lines(RECORDS[:1]))
    (tmp_path / "sub" / "a.jsonl").write_bytes(lines(RECORDS[4:]))
    (tmp_path / "README.md").write_text("王小明")
    results = locate(shards(tmp_path), KNOWN, Schema(), processes=1)
    files = [hit.file for result in results for hit in result.hits]
    assert files == ["b.jsonl", "b.jsonl", "sub/a.jsonl", "sub/a.jsonl"]


def test_several_processes_find_what_one_finds(tmp_path):
    (tmp_path / "x.jsonl").write_bytes(lines(RECORDS * 20))
    pieces = shards(tmp_path / "x.jsonl", shard_bytes=1000)
    assert len(pieces) > 2
    one = [hit for result in locate(pieces, KNOWN, Schema()) for hit in result.hits]
    two = [hit for result in locate(pieces, KNOWN, Schema(), processes=2) for hit in result.hits]
    assert one == two
    assert len(one) == 20 * len(EXPECTED)


def test_a_pass_of_which_a_process_is_killed_ends_with_an_error(tmp_path, monkeypatch):
    (tmp_path / "x.jsonl").write_bytes(lines())
    monkeypatch.setattr("workflows.corpus.locate.locate_shard", lambda *_: os._exit(9))
    with pytest.raises(ScanAborted, match="not all"):
        list(locate(shards(tmp_path), KNOWN, Schema(), processes=2))


def test_the_pass_takes_shards_as_it_needs_them_and_its_results_do_not_pile_up(tmp_path):
    (tmp_path / "x.jsonl").write_bytes(lines())
    taken = []
    endless = map(taken.append, itertools.repeat(None))
    pieces = (shard for _none in endless for shard in shards(tmp_path))
    results = locate(pieces, KNOWN, Schema(), processes=2)
    assert len(next(results).hits) == len(EXPECTED)
    first = len(taken)
    next(results)
    assert len(taken) == first + 1
    results.close()


def test_an_interruption_ends_a_process_in_the_middle_of_a_shard(tmp_path, monkeypatch):
    (tmp_path / "x.jsonl").write_bytes(lines())
    monkeypatch.setattr(
        "workflows.corpus.locate.locate_shard",
        lambda *_: os.kill(os.getpid(), signal.SIGINT),
    )
    with pytest.raises(ScanAborted, match="not all"):
        list(locate(shards(tmp_path), KNOWN, Schema(), processes=2))


def test_no_process_of_a_pass_outlives_it(tmp_path, monkeypatch):
    (tmp_path / "x.jsonl").write_bytes(lines())
    assert_nobody_outlives(
        lambda: list(locate(shards(tmp_path), KNOWN, Schema(), processes=2)),
        "workflows.corpus.locate.locate_shard",
        monkeypatch,
    )


def test_several_fields_are_looked_through_as_one_record(tmp_path):
    record = {"id": 1, "title": "王小明", "text": "见 @wang_xm"}
    (tmp_path / "x.jsonl").write_bytes(lines([record]))
    (shard,) = shards(tmp_path / "x.jsonl")
    found = list(locate_shard(shard, KNOWN, Schema("id", ("title", "text"))))
    assert [(hit.field, str(hit.strength)) for hit in found] == [
        ("text", "strong"),
        ("title", "strong"),
    ]


def test_only_the_named_fields_count(tmp_path):
    (tmp_path / "x.jsonl").write_bytes(lines([{"id": 1, "text": "x", "author": "王小明"}]))
    assert located(tmp_path / "x.jsonl") == []
    assert located(tmp_path / "x.jsonl", Schema("id", ("author",))) == [(1, "name", 0, 3)]


def test_a_text_longer_than_a_block_is_found_through_to_its_end(tmp_path):
    rng = random.Random(1)
    filler = "".join(rng.choices("的一是不了人 the of", k=800_000))
    records = [{"id": 1, "text": f"{filler}。王小明。{filler}。138 0013 8025。"}]
    (tmp_path / "x.jsonl").write_bytes(lines(records))
    place = len(filler)
    assert located(tmp_path / "x.jsonl") == [
        (1, "name", place + 1, place + 4),
        (1, "phone", 2 * place + 6, 2 * place + 19),
    ]


def test_lines_that_are_no_records_are_counted(tmp_path):
    broken = '{"id": 1, "text": "王小明"\n"王小明"\n\n'.encode()
    lone_surrogate = b'{"id": 2, "text": "\\ud83d \xe7\x8e\x8b\xe5\xb0\x8f\xe6\x98\x8e"}\n'
    not_utf8 = b'{"id": 3, "text": "\xff 13800138025"}\n'
    half = '{"id": 4, "text": "一三八零零一三八零二五'.encode() + b' \x80"}\n'
    (tmp_path / "x.jsonl").write_bytes(broken + lone_surrogate + not_utf8 + half)
    (shard,) = shards(tmp_path / "x.jsonl")
    figures = ReadStats()
    found = list(locate_shard(shard, KNOWN, Schema(), figures))
    assert [(hit.id, hit.start, hit.end) for hit in found] == [(2, 2, 5), (3, 2, 13), (4, 0, 11)]
    assert figures.unreadable == 2
    assert figures.bytes == (tmp_path / "x.jsonl").stat().st_size


@pytest.mark.parametrize("name", ["x.jsonl.gz", "x.jsonl.zst", "x.parquet"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, name):
    (tmp_path / name).write_bytes(b"this is something else, 13800138025")
    with pytest.raises(ReadError, match=name) as error:
        located(tmp_path / name)
    assert "13800138025" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "pack"), [("x.jsonl.gz", gzip.compress), ("x.jsonl.zst", zstandard.compress)]
)
def test_a_compressed_file_that_breaks_off_is_named(tmp_path, name, pack):
    whole, part = pack(lines()), pack(lines())[:-12]
    for broken in (part, whole + part, whole + whole[:3]):
        (tmp_path / name).write_bytes(broken)
        with pytest.raises(ReadError, match=f"{name} cannot be read to its end"):
            located(tmp_path / name)


def test_a_missing_field_is_named(tmp_path):
    pq.write_table(pa.table({"id": [1], "text": [1]}), tmp_path / "x.parquet")
    (tmp_path / "x.jsonl").write_bytes(lines())
    with pytest.raises(ReadError, match=r"x\.jsonl has no field body"):
        located(tmp_path / "x.jsonl", Schema("id", ("body",)))
    with pytest.raises(ReadError, match="no column body"):
        located(tmp_path / "x.parquet", Schema("id", ("body",)))
    with pytest.raises(ReadError, match="not text"):
        located(tmp_path / "x.parquet")


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(lines()),
        lines().decode().encode("utf-16"),
        json.dumps(RECORDS).encode(),
        json.dumps(RECORDS, indent=1).encode(),
        lines().replace(b"\n", b"\r"),
    ],
)
def test_a_file_that_begins_with_no_record_is_refused(tmp_path, content):
    (tmp_path / "x.jsonl").write_bytes(content)
    with pytest.raises(ReadError, match=r"x\.jsonl does not begin with JSON objects"):
        located(tmp_path / "x.jsonl")


def test_a_file_in_another_encoding_is_refused_and_some_broken_lines_are_not(tmp_path):
    other = lines(RECORDS * 5, ensure_ascii=False).decode().encode("gb18030")
    (tmp_path / "x.jsonl").write_bytes(other)
    with pytest.raises(ReadError, match=r"x\.jsonl is not UTF-8"):
        located(tmp_path / "x.jsonl")
    (tmp_path / "x.jsonl").write_bytes(other + lines(ensure_ascii=False))
    assert set(located(tmp_path / "x.jsonl")) >= set(EXPECTED)


def test_a_parquet_file_that_breaks_off_after_it_was_listed_is_named(tmp_path):
    file = tmp_path / "x.parquet"
    pq.write_table(pa.table({"id": ["1"], "text": ["王小明"]}), file)
    pieces = shards(file)
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(ReadError, match=r"x\.parquet cannot be read"):
        list(locate(pieces, KNOWN, Schema()))


def test_some_lines_that_are_no_record_do_not_spoil_a_file(tmp_path):
    (tmp_path / "x.jsonl").write_bytes(b"\n  \nbroken\n[]\n" + lines())
    assert located(tmp_path / "x.jsonl") == EXPECTED


def test_what_is_no_text_is_refused_or_counted(tmp_path):
    nested = [{"id": n, "text": {"zh": "王小明"}} for n in range(3)]
    (tmp_path / "x.jsonl").write_bytes(lines(nested))
    with pytest.raises(ReadError, match=r"The field text of x\.jsonl is not text"):
        located(tmp_path / "x.jsonl")
    (tmp_path / "x.jsonl").write_bytes(lines([*nested, {"id": 4, "text": "王小明"}]))
    (shard,) = shards(tmp_path / "x.jsonl")
    figures = ReadStats()
    assert [hit.id for hit in locate_shard(shard, KNOWN, Schema(), figures)] == [4]
    assert figures.unreadable == 3


def test_a_line_nested_too_deep_is_counted(tmp_path):
    deep = '{"id": 1, "text": "王小明", "x": ' + "[" * 100_000 + "\n"
    (tmp_path / "x.jsonl").write_bytes(lines() + deep.encode())
    (shard,) = shards(tmp_path / "x.jsonl")
    figures = ReadStats()
    assert len(list(locate_shard(shard, KNOWN, Schema(), figures))) == len(EXPECTED)
    assert figures.unreadable == 1


@pytest.mark.parametrize("field", ["id", "source"])
def test_an_id_or_a_source_nested_too_deep_to_be_written_out_is_none(tmp_path, field):
    """The strict parser takes a few more levels than can be written out."""
    deep = '{"text": "王小明", "' + field + '": ' + "[" * 1020 + "]" * 1020 + "}\n"
    (tmp_path / "x.jsonl").write_text('{"text": "x"}\n' + deep)
    (shard,) = shards(tmp_path / "x.jsonl")
    (record,) = locate_records(shard, KNOWN, Schema(source_field="source"))
    assert (record.hits[0].id, record.source) == (None, "")


def test_ids_are_texts_whole_numbers_or_nothing(tmp_path):
    ids = ["a", 1, None, 1.5, True, [1]]
    (tmp_path / "x.jsonl").write_bytes(lines([{"id": one, "text": "王小明"} for one in ids]))
    found = [id_ for id_, *_place in located(tmp_path / "x.jsonl")]
    assert found == ["a", 1, None, "1.5", "True", "[1]"]


def test_a_file_that_becomes_shorter_is_not_taken_for_searched(tmp_path):
    (tmp_path / "x.jsonl").write_bytes(lines(RECORDS * 20))
    pieces = shards(tmp_path / "x.jsonl", shard_bytes=1000)
    (tmp_path / "x.jsonl").write_bytes(lines())
    with pytest.raises(ReadError, match="shorter"):
        list(locate(pieces, KNOWN, Schema()))


def test_links_are_followed_or_refused_and_never_passed_over(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x.jsonl").write_bytes(lines())
    data = tmp_path / "data"
    (data / "sub").mkdir(parents=True)
    (data / "file.jsonl").symlink_to(tmp_path / "other" / "x.jsonl")
    (data / "inside").symlink_to(data / "sub")
    assert [shard.file for shard in shards(data)] == ["file.jsonl"]
    (data / "sub" / "link").symlink_to(tmp_path / "other")
    with pytest.raises(ReadError, match="not followed"):
        shards(data)
    (data / "sub" / "link").unlink()
    (data / "gone.jsonl").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ReadError, match=r"gone\.jsonl is a link to nothing"):
        shards(data)


def test_a_folder_that_cannot_be_opened_is_named(tmp_path, monkeypatch):
    (tmp_path / "x.jsonl").write_bytes(lines())
    (tmp_path / "closed").mkdir()
    real = os.scandir

    def scandir(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(ReadError, match="closed cannot be opened: Permission denied"):
        shards(tmp_path)


def test_nothing_to_read_is_an_error(tmp_path):
    with pytest.raises(ReadError, match="holds no"):
        shards(tmp_path)
    (tmp_path / "x.xyz").write_text("x")
    with pytest.raises(ReadError, match="holds no"):
        shards(tmp_path / "x.xyz")
    with pytest.raises(ReadError, match="does not exist"):
        shards(tmp_path / "missing")


def test_formats_are_told_by_their_names(tmp_path):
    for ending in (*FORMATS["jsonl"].endings, *FORMATS["text"].endings):
        (tmp_path / f"x{ending}").write_bytes(b"\n")
    found = shards(tmp_path)
    assert {shard.format for shard in found} == {"jsonl"}
    assert len(found) == len(FORMATS["jsonl"].endings)


def test_the_names_that_dolma_gives_its_files_are_known(tmp_path):
    assert traits_of("dsr-0000.json.gz") is FORMATS["jsonl"]
    assert traits_of("dsr-0000.json.zst") is FORMATS["jsonl"]
    assert traits_of("settings.json") is None


def test_each_format_is_one_class_and_its_traits():
    assert {name: known.traits for name, known in registry.FORMATS.items()} == FORMATS


def test_plain_text_is_read_where_nothing_else_is_or_on_request(tmp_path):
    (tmp_path / "README.txt").write_text("about\n")
    (tmp_path / ".hidden.txt").write_text("not yet\n")
    assert [shard.file for shard in shards(tmp_path)] == ["README.txt"]
    (tmp_path / "x.jsonl").write_bytes(lines())
    assert [shard.file for shard in shards(tmp_path)] == ["x.jsonl"]
    assert [s.file for s in shards(tmp_path, formats=[FORMATS["text"]])] == ["README.txt"]


def located_in_both(folder, texts):
    """Return what is found in texts, which is the same in JSONL and in Parquet."""
    records = [{"id": n, "text": text} for n, text in enumerate(texts)]
    (folder / "x.jsonl").write_bytes(lines(records))
    pq.write_table(pa.Table.from_pylist(records), folder / "x.parquet")
    found = located(folder / "x.jsonl")
    assert located(folder / "x.parquet") == found
    return found


@pytest.mark.parametrize("neighbour", ["weibo", "x", "ａ", "é", "王"])
def test_the_text_of_the_next_record_is_no_part_of_a_word(tmp_path, neighbour):
    texts = [neighbour, "wang_xm", neighbour, "see @wang_xm", neighbour]
    # Every record is about the person, so that all are parsed and lie side by side.
    assert located_in_both(tmp_path, texts) == [(1, "handle", 0, 7), (3, "handle", 4, 12)]


def test_a_tag_does_not_end_in_the_next_record(tmp_path):
    texts = ["see <b", "138>0013<i>8025", "see <b", "13800138025"]
    assert located_in_both(tmp_path, texts) == [(1, "phone", 0, 15), (3, "phone", 0, 11)]
