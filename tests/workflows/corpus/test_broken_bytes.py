"""Broken UTF-8: whoever stands behind it is found, where decoders say that they stand.

A decoder reads a byte anew that does not go on with the character before it (Unicode Standard,
section 3.9, "maximal subpart"; so do the WHATWG's decoder and Python's "replace").
"""

import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.workflows.corpus.support import WANG, patterns
from workflows.corpus.columns import SEPARATOR, Column
from workflows.corpus.formats.parquet import values_of
from workflows.corpus.formats.plain_text import TEXT_RECORD
from workflows.corpus.formats.shards import shards
from workflows.corpus.locate import locate_records
from workflows.corpus.match.scan import findings
from workflows.corpus.normalize.kernel import native
from workflows.corpus.normalize.stream import fold_bytes, normalize_stream

KNOWN = patterns({**WANG, "names": ["王小明", "Wang Xiaoming", "José Núñez"]})
BROKEN = {
    "a lead of two bytes": b"\xc3",
    "a lead of three bytes": b"\xe2",
    "a lead of three bytes, of a Han character": b"\xe7",
    "a lead of four bytes": b"\xf0",
    "two of three bytes": b"\xe2\x80",
    "two of three bytes of a Han character": b"\xe7\x8e",
    "two of four bytes": b"\xf0\x9f",
    "three of four bytes": b"\xf0\x9f\x93",
    "the rest of a character": b"\x80",
    "the rests of very many": b"\xbf" * 300,
    "overlong, of two bytes": b"\xc0\xaf",
    "overlong, of three bytes": b"\xe0\x9f\xbf",
    "overlong, of four bytes": b"\xf0\x8f\xbf\xbf",
    "half of a surrogate pair": b"\xed\xa0\xbd",
    "a surrogate pair": b"\xed\xa0\xbd\xed\xb3\xb1",
    "beyond U+10FFFF": b"\xf4\x90\x80\x80",
    "beyond what four bytes hold": b"\xf8\x88\x80\x80\x80",
    "no byte of UTF-8": b"\xfe",
    "the byte that parts texts": SEPARATOR,
}
PEOPLE = ["王小明", "Wang Xiaoming", "José Núñez", "13800138025", "wang.xm_7@mail.example.com"]

every_kind = pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)


@pytest.fixture(autouse=True, scope="module", params=["compiled", "numpy"])
def way(request):
    """Each test runs with the compiled kernel, where there is one, and with NumPy."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "numpy":
            patch.setattr(native, "load", lambda: None)
        yield


def stream(raw: bytes, *, escaped: bool = False) -> bytes:
    return normalize_stream(fold_bytes(bytearray(raw), escaped=escaped).folded).stream


def found(column: Column) -> set[tuple[object, ...]]:
    return {
        (row, finding.identifier, finding.start, finding.end)
        for row, among in findings(column, KNOWN)
        for finding in among
    }


PIECES = st.sampled_from(
    [*BROKEN.values(), *(person.encode() for person in PEOPLE), b" ", b",", b"a", "é".encode(),
     "王".encode(), "，".encode(), b"138<b", b">0013</b>8025", "１３８".encode(), b"138-", b"00138025", b"\n", "📱".encode()]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=8).map(b"".join)


@given(TEXTS | st.binary(max_size=100))
@example(b"\xe2Li Na")
@example(b"x" * 31 + b"\xe2Li Na")
@example(b"x" * 31 + b"\xe2\x80")
def test_the_stream_is_that_of_the_decoded_text(raw):
    assert stream(raw) == stream(raw.decode("utf-8", "replace").encode())
    assert stream(raw, escaped=True) == stream(
        raw.decode("utf-8", "replace").encode(), escaped=True
    )


@given(st.lists(TEXTS, max_size=4))
@example([b"\xe7\x8e", "王小明".encode()])
@example([b"138<b \xff>0013</b>8025", b"138<b", b">0013</b>8025"])
@example(["王小明".encode() + b"\x80" * 300 + "王小明".encode()])
def test_what_is_found_is_what_the_decoded_text_holds(raws):
    texts = [raw.decode("utf-8", "replace") for raw in raws]
    assert found(Column.of_encoded("text", raws)) == found(Column.of_texts("text", texts))


def spellings(path, **options) -> list[str]:
    """Return what is found in a file, as it stands in its texts."""
    return [
        record.texts["text"][hit.start : hit.end]
        for shard in shards(path, **options)
        for record in locate_records(shard, KNOWN)
        for hit in sorted(record.hits, key=lambda hit: hit.start)
    ]


def around_each(broken: bytes) -> list[bytes]:
    """Return texts in which something broken stands right before or behind a person."""
    people = [person.encode() for person in PEOPLE]
    return [text for person in people for text in (broken + person, person + broken)]


FOUND = [person for person in PEOPLE for _side in range(2)]


@every_kind
@pytest.mark.parametrize("packed", [False, True])
def test_in_jsonl(tmp_path, broken, packed):
    lines = [b'{"id": "\xe8\xb0\x81", "text": ""}']
    lines += [b'{"id": 1, "text": "' + text + b'"}' for text in around_each(broken)]
    data = b"\n".join(lines)
    path = tmp_path / ("a.jsonl.gz" if packed else "a.jsonl")
    path.write_bytes(gzip.compress(data) if packed else data)
    assert spellings(path) == FOUND


@every_kind
def test_in_plain_text(tmp_path, broken):
    texts = b"\n".join(around_each(broken))
    (tmp_path / "a.txt").write_bytes(b"x" * TEXT_RECORD + b"\n\n" + texts)
    assert spellings(tmp_path / "a.txt") == FOUND


@every_kind
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_in_parquet(tmp_path, broken, kind):
    raws = around_each(broken)
    encoded = pa.array(raws, pa.large_binary() if kind == pa.large_string() else pa.binary())
    texts = pa.Array.from_buffers(kind, len(raws), encoded.buffers())  # nobody checks them
    table = pa.table({"id": list(range(len(raws))), "text": texts})
    pq.write_table(table, tmp_path / "a.parquet")
    assert spellings(tmp_path / "a.parquet") == FOUND


def test_the_values_of_a_column_are_read_as_its_texts_are_at_any_depth():
    encoded = pa.array([b"a\xff", b"\xe7\x8e", None, b"b"], pa.binary())
    texts = pa.Array.from_buffers(pa.string(), 4, encoded.buffers())
    read = ["a\ufffd", "\ufffd", None, "b"]
    as_json = pa.ExtensionArray.from_storage(pa.json_(), texts)
    for column in (texts, texts.cast(pa.string_view()), texts.dictionary_encode(), as_json):
        assert values_of(column) == read
    lists = pa.ListArray.from_arrays([0, 2, 2, 4], texts)
    assert values_of(lists) == [read[:2], [], read[2:]]
    pairs = pa.StructArray.from_arrays([pa.array([1, 2, 3, 4]), texts], ["n", "t"])
    assert values_of(pairs)[1:3] == [{"n": 2, "t": "\ufffd"}, {"n": 3, "t": None}]
    assert values_of(pa.ListArray.from_arrays([0, 1], pairs)) == [[{"n": 1, "t": "a\ufffd"}]]
    keyed = pa.MapArray.from_arrays([0, 1, 1, 2], pa.array(["k", "l"]), texts[:2])
    entry = {"key": "k", "value": "a\ufffd"}
    assert values_of(keyed) == [[entry], [], [{"key": "l", "value": "\ufffd"}]]


@every_kind
def test_cut_between_two_records_of_plain_text(tmp_path, broken):
    before = b"x" * (2 * TEXT_RECORD - 1)
    (tmp_path / "a.txt").write_bytes(
        before + broken + "王小明".encode() + b"y" * TEXT_RECORD + broken * TEXT_RECORD
    )
    assert spellings(tmp_path / "a.txt") == ["王小明"]
    assert spellings(tmp_path / "a.txt", shard_bytes=TEXT_RECORD) == ["王小明"]


def test_half_of_an_escaped_surrogate_pair_parts_as_the_decoded_text_is_parted():
    raw = rb'"138\ud83d0013\udcf18025"'
    assert stream(raw, escaped=True) == b"13800138025"


@given(st.lists(TEXTS, max_size=4))
def test_a_column_gives_its_texts_back_as_they_were(raws):
    column = Column.of_encoded("text", raws)
    found(column)
    assert [bytes(column.encoded(row)) for row in range(len(column))] == raws
