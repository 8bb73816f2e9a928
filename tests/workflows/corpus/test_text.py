"""Plain text: a file is a document, cut into records of bounded length with ids that stay."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workflows.corpus.support import WANG, patterns
from workflows.corpus.formats.plain_text import TEXT_RECORD
from workflows.corpus.formats.registry import read_batches
from workflows.corpus.formats.shards import shards
from workflows.corpus.locate import locate_shard
from workflows.corpus.values import Schema

KNOWN = patterns(WANG)


def records(path, **options) -> dict[str, bytes]:
    found = {}
    for shard in shards(path, **options):
        for batch in read_batches(shard, Schema(), lambda _lines: ()):
            (column,) = batch.columns
            for row in range(len(column)):
                found[str(batch.record_id(row))] = bytes(column.encoded(row))
    return found


PIECES = st.sampled_from(["王", "x" * 5000, "字" * 2000, "\n", "\n\n", "\r\n\r\n", "😀" * 3000])


@settings(max_examples=30)
@given(pieces=st.lists(PIECES, min_size=1, max_size=40))
def test_the_records_are_the_file_whatever_it_holds(tmp_path_factory, pieces):
    path = tmp_path_factory.mktemp("text") / "a.txt"
    path.write_bytes("".join(pieces).encode())
    whole = records(path)
    assert b"".join(whole.values()) == path.read_bytes()
    assert all(len(text) <= 2 * TEXT_RECORD for text in whole.values())
    assert all(text.decode() or not text for text in whole.values())
    assert records(path, shard_bytes=TEXT_RECORD) == whole


def test_a_record_begins_at_a_paragraph(tmp_path):
    first = "x" * (TEXT_RECORD + 10) + "\nstill\n\n"
    (tmp_path / "a.txt").write_text(first + "next")
    assert records(tmp_path / "a.txt") == {"a.txt#0": first.encode(), "a.txt#1": b"next"}


def test_hits_are_characters_of_the_record(tmp_path):
    padding = "段落\n" * (TEXT_RECORD // 6)
    (tmp_path / "a.txt").write_text(padding + "\n\n联系王小明，电话１３８ 0013 8025\n")
    hits = [hit for shard in shards(tmp_path) for hit in locate_shard(shard, KNOWN)]
    texts = records(tmp_path / "a.txt")
    assert [texts[hit.id].decode()[hit.start : hit.end] for hit in hits] == [
        "王小明",
        "１３８ 0013 8025",
    ]
