"""The re-scan: finds what is left, names the place, and is silent about what may stay."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from tests.workflows.corpus.edits.support import (
    FORMATS,
    WORDING,
    apply,
    change,
    entries,
    read,
    write,
)
from workflows.corpus.columns import text_sha256
from workflows.corpus.edits.residual import (
    Judged,
    OriginalSnapshot,
    Residual,
    ResidualReason,
    expected_hits,
    rescan,
)
from workflows.corpus.match.patterns import Patterns
from workflows.corpus.values import Hit, Kind, Schema, Strength, read_persons

WANG = {"ref": "w", "names": ["王小明"], "phones": ["+8613800138025"]}
ROWS = [
    {"id": 1, "text": "王小明 13800138025"},
    {"id": 2, "text": "王小明的旧地址是西街2号"},
    {"id": 3, "text": "another 王小明"},
]


def look(made, snapshot, stay=()):
    patterns = Patterns(read_persons([json.dumps(WANG)]))
    return list(rescan(made, snapshot, Schema(), patterns, expected_hits(stay)))


def all_changes(file):
    return [
        change("delete", 1, 0, 3, file=file),
        change("replace", 2, 8, 12, "r1", file=file),
    ]


@pytest.mark.parametrize("file", FORMATS)
def test_nothing_is_left_after_the_applier(tmp_path, file):
    write(tmp_path / "old" / file, ROWS)
    made = entries(tmp_path / "old", *all_changes(file))
    apply(made, tmp_path / "old", tmp_path / "new")
    assert look(made, tmp_path / "new") == []


def test_the_old_snapshot_shows_all_that_was_to_go(tmp_path):
    write(tmp_path / "a.jsonl", ROWS)
    assert look(entries(tmp_path, *all_changes("a.jsonl")), tmp_path) == [
        Residual(ResidualReason.UNCHANGED, "a.jsonl", 1, "text"),
        Residual(ResidualReason.UNCHANGED, "a.jsonl", 2, "text"),
        Residual(ResidualReason.NOT_CORRECTED, "a.jsonl", 2, "text"),
        Residual(ResidualReason.FOUND, "a.jsonl", 1, "text", "name", "w", 0, 3),
        Residual(ResidualReason.FOUND, "a.jsonl", 1, "text", "phone", "w", 4, 15),
    ]


def test_a_pipeline_may_write_other_files_in_another_order(tmp_path):
    write(tmp_path / "old" / "a.jsonl", ROWS)
    made = entries(tmp_path / "old", *all_changes("a.jsonl"))
    apply(made, tmp_path / "old", tmp_path / "new")
    write(tmp_path / "mixed" / "dsr-0000.jsonl.gz", read(tmp_path / "new" / "a.jsonl")[::-1])
    assert look(made, tmp_path / "mixed") == []


@pytest.mark.parametrize(
    ("record", "why"),
    [
        # changed, but not as the manifest says
        ({"id": 2, "text": "王小明的新地址是"}, ResidualReason.NOT_CORRECTED),
        # the person still stands in a record that was to go
        ({"id": 1, "text": "now 王小明 only"}, ResidualReason.FOUND),
        # a copy elsewhere, which two identifiers make certain
        ({"id": 9, "text": "王小明: 138-0013-8025"}, ResidualReason.FOUND),
    ],
)
def test_what_is_left_is_named(tmp_path, record, why):
    write(tmp_path / "old" / "a.jsonl", ROWS)
    made = entries(tmp_path / "old", *all_changes("a.jsonl"))
    apply(made, tmp_path / "old", tmp_path / "new")
    rest = [row for row in read(tmp_path / "new" / "a.jsonl") if row["id"] != record["id"]]
    write(tmp_path / "bad" / "a.jsonl", [*rest, record])
    assert {(left.why, left.id) for left in look(made, tmp_path / "bad")} == {(why, record["id"])}


def test_a_namesake_in_the_same_record_may_stay_but_only_so_often(tmp_path):
    write(tmp_path / "old" / "a.jsonl", [{"id": 1, "text": "王小明 and the other 王小明"}])
    made = entries(tmp_path / "old", change("redact", 1, 0, 3))
    apply(made, tmp_path / "old", tmp_path / "new")
    other = Hit("w", Kind.NAME, "a.jsonl", 1, "text", 18, 21, Strength.WEAK)
    assert look(made, tmp_path / "new", [other]) == []
    assert [left.start for left in look(made, tmp_path / "new")] == [25]


def test_without_persons_only_the_records_of_the_manifest_are_looked_at(tmp_path):
    write(tmp_path / "old" / "a.jsonl", ROWS)
    made = entries(tmp_path / "old", *all_changes("a.jsonl"))
    assert [left.why for left in rescan(made, tmp_path / "old", Schema())] == [
        ResidualReason.UNCHANGED, ResidualReason.UNCHANGED, ResidualReason.NOT_CORRECTED,
    ]  # fmt: skip


def compare(made, old, new):
    found = rescan(made, new, Schema(), before=OriginalSnapshot(old, WORDING))
    return [(left.why, left.file, left.id, left.expected, left.counted) for left in found]


@pytest.fixture
def changed(tmp_path):
    """A folder with an old snapshot and the new one that the manifest makes of it."""
    write(tmp_path / "old" / "a.jsonl", ROWS)
    write(tmp_path / "old" / "b.jsonl.gz", [{"id": 8, "text": "untouched"}])
    made = entries(tmp_path / "old", *all_changes("a.jsonl"))
    apply(made, tmp_path / "old", tmp_path / "new")
    return tmp_path, made


def test_compared_as_a_whole_nothing_is_left_after_the_applier(changed):
    folder, made = changed
    assert compare(made, folder / "old", folder / "new") == []


@pytest.mark.parametrize("name", ["a.jsonl", "renamed.jsonl.zst"])
def test_a_pipeline_that_numbers_anew_and_forgets_a_record_is_found_out(changed, name):
    folder, made = changed
    renumbered = [{"id": n + 100, "text": row["text"]} for n, row in enumerate(ROWS)]
    renumbered[1]["text"] = read(folder / "new" / "a.jsonl")[0]["text"]
    (folder / "new" / "a.jsonl").unlink()
    write(folder / "new" / name, renumbered)
    same = name == "a.jsonl"
    assert set(compare(made, folder / "old", folder / "new")) == {
        (ResidualReason.UNCHANGED, name, 100, None, None),
        (ResidualReason.RECORDS, name if same else "", None, 2 if same else 3, 3 if same else 4),
    }


def test_a_record_that_was_lost_is_missed(changed):
    folder, made = changed
    write(folder / "new" / "a.jsonl", read(folder / "new" / "a.jsonl")[:-1])
    expected = [(ResidualReason.RECORDS, "a.jsonl", None, 2, 1)]
    assert compare(made, folder / "old", folder / "new") == expected


def test_another_snapshot_of_the_same_size_is_none_that_came_out(changed):
    folder, made = changed
    corrected = read(folder / "new" / "a.jsonl")[0]
    write(folder / "new" / "a.jsonl", [corrected, {"id": 3, "text": "quite another text"}])
    expected = [(ResidualReason.DIFFERENT, "a.jsonl", None, None, None)]
    assert compare(made, folder / "old", folder / "new") == expected


def test_a_namesake_with_the_same_short_text_may_stay_and_no_more_than_before(tmp_path):
    rows = [{"id": n, "text": "王小明"} for n in (1, 2)]
    write(tmp_path / "old" / "a.jsonl", rows)
    made = entries(tmp_path / "old", change("redact", 1, 0, 3))
    apply(made, tmp_path / "old", tmp_path / "new")
    assert compare(made, tmp_path / "old", tmp_path / "new") == []
    write(tmp_path / "new" / "a.jsonl", [{"id": 7, "text": "王小明"}, {"id": 8, "text": "王小明"}])
    expected = [(ResidualReason.UNCHANGED, "a.jsonl", 7, None, None)]
    assert compare(made, tmp_path / "old", tmp_path / "new") == expected


class TestRecordsWithTheSameText:
    """Three records, of which the first two have the same text and the second is theirs."""

    TEXT = "王小明又来了"

    def compared(self, tmp_path, new, ids=(1, 2, 3)):
        old = [{"id": n, "text": text} for n, text in enumerate((*[self.TEXT] * 2, "another"), 1)]
        write(tmp_path / "old" / "a.jsonl", old)
        made = entries(tmp_path / "old", change("delete", 2, 0, 3))
        rows = [{**row, "id": n} for row, n in zip(old, ids, strict=True)]
        write(tmp_path / "old" / "a.jsonl", rows)
        made = [replace(entry, id=ids[1]) for entry in made]
        write(tmp_path / "new" / "a.jsonl", [{"id": n, "text": text} for n, text in new])
        return compare(made, tmp_path / "old", tmp_path / "new")

    def test_one_that_stands_because_another_s_was_taken_out_is_left(self, tmp_path):
        assert self.compared(tmp_path, [(2, self.TEXT), (3, "another")]) == [
            (ResidualReason.UNCHANGED, "a.jsonl", 2, None, None)
        ]

    def test_the_other_may_stand(self, tmp_path):
        assert self.compared(tmp_path, [(1, self.TEXT), (3, "another")]) == []

    def test_it_may_have_the_id_of_the_one_that_is_gone_where_all_are_numbered_anew(self, tmp_path):
        assert self.compared(tmp_path, [(2, self.TEXT), (7, "another")]) == []

    def test_it_may_have_it_where_both_had_it(self, tmp_path):
        assert self.compared(tmp_path, [(1, self.TEXT), (3, "another")], ids=(1, 1, 3)) == []


def test_without_the_old_snapshot_too_the_text_is_found_under_another_id(tmp_path):
    write(tmp_path / "old" / "a.jsonl", ROWS)
    made = entries(tmp_path / "old", change("delete", 1, 0, 3))
    write(tmp_path / "new" / "a.jsonl", [{**row, "id": row["id"] + 100} for row in ROWS])
    assert [(left.why, left.id) for left in rescan(made, tmp_path / "new", Schema())] == [
        (ResidualReason.UNCHANGED, 101)
    ]


class TestRecordsWithoutIds:
    """One of them is corrected, one goes; which hit is in which, no id says."""

    ROWS = (
        {"text": "王小明 (13800138025) 的旧地址是西街2号"},
        {"text": "王小明 13800138025"},
        {"text": "another 王小明"},
    )
    CORRECTED = {"text": "王小明 (13800138025) 的旧地址是1 Main St"}

    def made(self, folder, *ops):
        write(folder / "old" / "a.jsonl", list(self.ROWS))
        corrected, goes, _other = (row["text"] for row in self.ROWS)
        start = corrected.index("西街")
        first_line = (folder / "old" / "a.jsonl").read_bytes().split(b"\n")[0]
        of_op = {
            "replace": (start, start + 4, "r1", {"position": 0, "text": corrected}),
            "delete": (0, 3, "", {"position": len(first_line) + 1, "text": goes}),
        }
        return entries(
            folder / "old",
            *(
                change(
                    op, None, *span, position=at["position"], text_sha256=text_sha256(at["text"])
                )
                for op, (*span, at) in of_op.items()
                if op in ops
            ),
            id_field="",
        )

    def look(self, made, folder, rows, judged=None):
        write(folder / "new" / "a.jsonl", list(rows))
        patterns = Patterns(read_persons([json.dumps(WANG)]))
        schema = Schema(id_field="")
        before = OriginalSnapshot(folder / "old", WORDING)
        found = rescan(made, folder / "new", schema, patterns, before=before, judged=judged)
        persons = (
            left for left in found if left.why in (ResidualReason.FOUND, ResidualReason.UNJUDGED)
        )
        return [(left.why, left.kind, left.start) for left in persons]

    JUDGED = Judged({"w"}, Counter(), Counter({("w", Kind.NAME): 1}))

    def test_the_person_may_stand_in_the_one_that_was_corrected(self, tmp_path):
        made = self.made(tmp_path, "replace", "delete")
        rows = (self.CORRECTED, self.ROWS[2])
        assert self.look(made, tmp_path, rows, self.JUDGED) == []
        # Of whom nothing was judged, that is said, as it is of records with ids.
        assert self.look(made, tmp_path, rows) == [(ResidualReason.FOUND, "name", 8)]

    @pytest.mark.parametrize("ops", [("replace",), ("replace", "delete")])
    @pytest.mark.parametrize("is_judged", [True, False])
    def test_and_in_no_other_one(self, tmp_path, ops, is_judged):
        made = self.made(tmp_path, *ops)
        rows = (self.CORRECTED, {"text": "王小明, 138-0013-8025"})
        assert self.look(made, tmp_path, rows, self.JUDGED if is_judged else None) == [
            (ResidualReason.FOUND, "name", 0), (ResidualReason.FOUND, "phone", 5),
        ]  # fmt: skip

    def test_no_more_names_stand_there_than_were_judged_or_wait(self, tmp_path):
        made = self.made(tmp_path, "replace", "delete")
        rows = (self.CORRECTED, self.ROWS[2], {"text": "now 王小明 only"})
        found = self.look(made, tmp_path, rows, self.JUDGED)
        assert found == [(ResidualReason.UNJUDGED, "name", 4)]


def test_where_several_have_the_id_of_a_corrected_record_the_person_stands_in_that_alone(tmp_path):
    rows = [{"id": 2, "text": ROWS[1]["text"]}, {"id": 2, "text": "nobody"}]
    write(tmp_path / "old" / "a.jsonl", rows)
    sha256 = text_sha256(rows[0]["text"])
    made = entries(
        tmp_path / "old", change("replace", 2, 8, 12, "r1", position=0, text_sha256=sha256)
    )
    apply(made, tmp_path / "old", tmp_path / "new")
    assert look(made, tmp_path / "new") == []
    corrected = read(tmp_path / "new" / "a.jsonl")[0]
    write(tmp_path / "new" / "a.jsonl", [corrected, {"id": 2, "text": ROWS[0]["text"]}])
    assert {(left.why, left.kind) for left in look(made, tmp_path / "new")} == {
        (ResidualReason.FOUND, "name"), (ResidualReason.FOUND, "phone"),
    }  # fmt: skip
