"""Plain text: stretches of a document are changed, every other byte stays, and that is proved."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.corpus.edits.support import WORDING, apply, change, entries, tree
from workflows.corpus.edits.residual import OriginalSnapshot, ResidualReason, expected_hits, rescan
from workflows.corpus.edits.resolve import LONGEST_PARAGRAPH, paragraph
from workflows.corpus.entries import EditRefused, ManifestError, Op, Replacements
from workflows.corpus.formats.plain_text import text_records
from workflows.corpus.formats.shards import shards
from workflows.corpus.locate import locate
from workflows.corpus.match.patterns import Patterns
from workflows.corpus.values import Hit, Identifier, Kind, Schema, Strength

FILLER = "Nobody stands here, only words.\n" * 30 + "\n"
OURS = "王小明住在上海,\n电话 13800001234。"
PERSON = [
    Identifier("p1", Kind.NAME, "王小明"),
    Identifier("p1", Kind.PHONE, "+8613800001234"),
]


@pytest.fixture
def snapshot(tmp_path):
    """A document of several records: the person stands in a late one, a namesake in the last."""
    old = tmp_path / "old"
    (old / "sub").mkdir(parents=True)
    text = FILLER * 60 + OURS + "\n\n" + FILLER * 60 + "另一个王小明,无电话。\n"
    (old / "sub" / "a.txt").write_text(text)
    (old / "b.txt").write_bytes(b"\xef\xbb\xbfcaf\xc3\xa9\r\n")
    return old


def hits(snapshot):
    patterns = Patterns(PERSON)
    return [hit for result in locate(shards(snapshot), patterns, Schema()) for hit in result.hits]


def changes(snapshot, op="redact", **more):
    """A change for each hit of the person in the record in which the phone stands."""
    found = hits(snapshot)
    record = next(hit.id for hit in found if hit.kind == Kind.PHONE)
    return [
        change(op, hit.id, hit.start, hit.end, file=hit.file, **more)
        for hit in found
        if hit.id == record
    ]


def test_words_are_redacted_and_every_other_byte_stays(snapshot, tmp_path):
    made = entries(snapshot, *changes(snapshot))
    assert {entry.file for entry in made} == {"sub/a.txt"}
    applied = apply(made, snapshot, tmp_path / "new")

    before, after = tree(snapshot), tree(tmp_path / "new")
    expected = before["sub/a.txt"].decode().replace(OURS, "[REDACTED]住在上海,\n电话 [REDACTED]。")
    assert after["sub/a.txt"].decode() == expected
    assert after["b.txt"] == before["b.txt"]
    assert (applied.changed, applied.deleted) == (1, 0)


def test_a_deletion_takes_the_paragraph_and_not_some_pages(snapshot, tmp_path):
    made = entries(snapshot, *changes(snapshot, "delete"))
    assert {(entry.op, entry.start is None) for entry in made} == {(Op.REDACT, False)}
    apply(made, snapshot, tmp_path / "new")
    before, after = tree(snapshot), tree(tmp_path / "new")
    expected = before["sub/a.txt"].decode().replace(OURS, "[REDACTED]")
    assert after["sub/a.txt"].decode() == expected


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("one\n\nof HIM.\nAnd more\n \t\nend", "of HIM.\nAnd more"),
        ("HIM", "HIM"),
        ("a" * LONGEST_PARAGRAPH + "\nof HIM\n" + "b" * LONGEST_PARAGRAPH, "of HIM"),
        ("a" * LONGEST_PARAGRAPH + " HIM " + "b" * LONGEST_PARAGRAPH, "HIM"),
        ("one\r\n\r\nHIM\r\n\r\nend", "HIM\r"),
    ],
)
def test_what_a_paragraph_is(text, meant):
    start = text.index("HIM")
    first, last = paragraph(text, start, start + 3)
    assert text[first:last] == meant


def test_a_broken_byte_in_a_record_that_is_not_touched_stays(tmp_path):
    old = tmp_path / "old"
    old.mkdir()
    content = ("x" * 63 + "\n").encode() * 600
    content = content[:20000] + b"\xff" + content[20000:] + OURS.encode()
    (old / "a.txt").write_bytes(content)
    apply(entries(old, *changes(old)), old, tmp_path / "new")
    assert tree(tmp_path / "new")["a.txt"].count(b"\xff") == 1
    assert tree(tmp_path / "new")["a.txt"][:25000] == content[:25000]


@given(st.lists(st.text(max_size=2000), max_size=30))
def test_the_records_are_the_document(tmp_path_factory, pieces):
    path = tmp_path_factory.mktemp("document") / "a.txt"
    content = "".join(pieces).encode()
    path.write_bytes(content)
    records = list(text_records(path, "a.txt"))
    assert "".join(record["text"] for _row, record in records).encode() == content
    assert [record["id"] for _row, record in records] == [f"a.txt#{n}" for n in range(len(records))]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        ({"sha256_before": "0" * 64}, "sha256_before"),
        ({"row": 99}, "row 99: the file ends before it"),
        ({"row": 0}, "another id"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(snapshot, tmp_path, spoil, message):
    made = [replace(entries(snapshot, *changes(snapshot))[0], **spoil)]
    with pytest.raises(EditRefused, match=message):
        apply(made, snapshot, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_applying_twice_is_refused(snapshot, tmp_path):
    made = entries(snapshot, *changes(snapshot))
    apply(made, snapshot, tmp_path / "new")
    with pytest.raises(EditRefused, match="applied to the snapshot before"):
        apply(made, tmp_path / "new", tmp_path / "newer")


def left(made, snapshot, new, may_stay=(), wording=WORDING):
    return list(
        rescan(
            made, new, Schema(), Patterns(PERSON), expected_hits(may_stay),
            before=OriginalSnapshot(snapshot, wording),
        )
    )  # fmt: skip


def test_the_re_scan_is_content_with_what_the_manifest_makes_and_with_nothing_else(
    snapshot, tmp_path
):
    made = entries(snapshot, *changes(snapshot))
    apply(made, snapshot, tmp_path / "new")
    assert left(made, snapshot, tmp_path / "new") == []

    for content in (
        (snapshot / "sub" / "a.txt").read_text(),
        (tmp_path / "new" / "sub" / "a.txt").read_text() + " ",
        (tmp_path / "new" / "sub" / "a.txt").read_text()[:-1],
    ):
        (tmp_path / "new" / "sub" / "a.txt").write_text(content)
        assert left(made, snapshot, tmp_path / "new")[0].why == ResidualReason.DIFFERENT
    (tmp_path / "new" / "sub" / "a.txt").unlink()
    assert [place.why for place in left(made, snapshot, tmp_path / "new")] == [
        ResidualReason.DIFFERENT
    ]


def test_the_re_scan_names_what_nobody_judged(snapshot, tmp_path):
    made = entries(snapshot, *changes(snapshot))
    (snapshot / "c.txt").write_text(OURS)
    apply(made, snapshot, tmp_path / "new")
    found = left(made, snapshot, tmp_path / "new")
    assert {(place.why, place.file) for place in found} == {(ResidualReason.FOUND, "c.txt")}
    others = [
        Hit("p1", Kind(place.kind), place.file, "c.txt#7", "text", 0, 1, Strength.STRONG)
        for place in found
    ]
    assert left(made, snapshot, tmp_path / "new", others) == []


def test_plain_text_is_compared_with_the_old_snapshot_or_not_at_all(snapshot, tmp_path):
    made = entries(snapshot, *changes(snapshot))
    apply(made, snapshot, tmp_path / "new")
    with pytest.raises(ManifestError, match="old snapshot"):
        list(rescan(made, tmp_path / "new", Schema()))


def test_a_document_alone_may_have_another_name(tmp_path):
    old = tmp_path / "a.txt"
    old.write_text(OURS)
    made = entries(old, *changes(old))
    apply(made, old, tmp_path / "b.txt")
    assert left(made, old, tmp_path / "b.txt") == []


def test_a_text_is_replaced_wherever_it_stands(snapshot, tmp_path):
    (first, *_rest) = changes(snapshot, "replace", ref="r")
    made = entries(
        snapshot,
        replace(first, written="上海", anywhere=True, replacement_ref="r"),
        wording=Replacements({"r": "杭州"}),
    )
    apply(made, snapshot, tmp_path / "new", Replacements({"r": "杭州"}))
    assert "王小明住在杭州" in (tmp_path / "new" / "sub" / "a.txt").read_text()


def test_a_folder_of_records_keeps_its_text_files(tmp_path):
    old = tmp_path / "old"
    old.mkdir()
    (old / "a.jsonl").write_text('{"id": "x", "text": "abc"}\n')
    (old / "README.txt").write_text("abc")
    apply(entries(old, change("delete", "x", 0, 3)), old, tmp_path / "new")
    assert tree(tmp_path / "new")["README.txt"] == b"abc"
    assert tree(tmp_path / "new")["a.jsonl"] == b""
