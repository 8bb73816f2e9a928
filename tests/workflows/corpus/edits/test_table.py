"""A table is changed in one transaction by a script that looks at every digest itself."""

import psycopg
import pytest

from tests.workflows.corrections.tables import address, content, drop_table, make_table, run_script
from workflows.corpus.columns import text_sha256
from workflows.corpus.edits.residual import ResidualReason, expected_hits, rescan_table
from workflows.corpus.edits.resolve import resolve_located
from workflows.corpus.entries import (
    EditRefused,
    EntryOrigin,
    ManifestError,
    Op,
    RecordNotFound,
    Replacements,
    RequestedChange,
)
from workflows.corpus.formats.sql_table import Table, changes_script
from workflows.corpus.locate import locate
from workflows.corpus.match.patterns import Patterns
from workflows.corpus.values import Identifier, Kind, Schema

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = [
    (1, "王小明 13800138025", "it's \\ a title"),
    (2, "nothing", None),
    (3, "王小明 lives at 2 Side St", "王小明"),
    (4, None, "王小明 13800138025"),
    (5, "another 王小明", None),
]
WORDING = Replacements({"r": "O'Neil's \\ 1 Main St $$"})
PERSON = [
    Identifier("w", Kind.NAME, "王小明"),
    Identifier("w", Kind.PHONE, "+8613800138025"),
]


@pytest.fixture
def table():
    make_table("posts", ROWS)
    yield Table(address(), "public.posts", Schema("key", ("Body", "title")))
    drop_table("posts")


def change(op, key, start, end, *, field="Body", ref="", **more):
    return RequestedChange(
        Op(op), "public.posts", key, field, start, end, replacement_ref=ref, **more
    )


def entries(table, *changes):
    located = table.located({str(one.id) for one in changes})
    return list(resolve_located(changes, located, EntryOrigin("Forum", "1", "key"), WORDING))


def three_changes(table):
    return entries(
        table,
        change("redact", 1, 4, 15),
        change("redact", 1, 0, 2, field="title"),
        change("replace", 3, 13, 22, ref="r"),
        change("delete", 4, 0, 3, field="title"),
    )


def script(table, made):
    return changes_script(made, table, WORDING, manifest="m-1")


def test_texts_are_changed_rows_deleted_and_the_rest_stays(table):
    run_script(script(table, three_changes(table)))
    assert content("posts") == [
        (1, "王小明 [REDACTED]", "[REDACTED]'s \\ a title"),
        ROWS[1],
        (3, f"王小明 lives at {WORDING.replacements['r']}", "王小明"),
        ROWS[4],
    ]


def test_a_second_run_changes_nothing_and_says_so(table):
    once = script(table, three_changes(table))
    run_script(once)
    after = content("posts")
    with pytest.raises(
        psycopg.errors.RaiseException, match=r"Manifest m-1: .* Nothing was changed"
    ):
        run_script(once)
    assert content("posts") == after


def test_a_text_that_was_changed_since_stops_the_whole_script(table):
    late = script(table, three_changes(table))
    run_script("UPDATE posts SET title = 'x' WHERE key = 4")
    before = content("posts")
    with pytest.raises(psycopg.errors.RaiseException):
        run_script(late)
    assert content("posts") == before


def test_no_script_is_made_for_a_row_that_is_not_as_it_was(table):
    made = three_changes(table)
    run_script("""UPDATE posts SET "Body" = "Body" || '!' WHERE key = 3""")
    with pytest.raises(EditRefused, match="row 3"):
        script(table, made)


def test_rows_with_the_same_id_are_told_by_their_text(table):
    run_script("INSERT INTO posts VALUES (1, 'someone else', NULL)")
    told = text_sha256("王小明 13800138025")
    made = entries(table, change("redact", 1, 4, 15, written="13800138025", text_sha256=told))
    run_script(script(table, made))
    assert sorted(row[1] for row in content("posts") if row[0] == 1) == [
        "someone else",
        "王小明 [REDACTED]",
    ]


@pytest.mark.parametrize("key", ["text", "uuid"])
def test_ids_of_any_type(key):
    uid = "5d1c1b9a-52a2-4b8a-9a0b-3f8a3a8c7f11"
    make_table("others", [(uid, "王小明", None)], key=key)
    try:
        table = Table(address(), "others", Schema("key", ("Body",)))
        change_ = RequestedChange(Op.REDACT, "others", uid, "Body", 0, 3)
        located = table.located({uid})
        made = list(resolve_located([change_], located, EntryOrigin("F", "1", "key"), WORDING))
        run_script(changes_script(made, table, WORDING, manifest="m"))
        assert content("others")[0][1] == "[REDACTED]"
    finally:
        drop_table("others")


def test_what_is_not_there_any_more_is_not_resolved(table):
    with pytest.raises(RecordNotFound):
        entries(table, change("redact", 99, 0, 3))
    with pytest.raises(ManifestError, match="no column with ids"):
        list(Table(table.database, "posts", Schema("", ("Body",))).located({"1"}))


def test_the_re_scan_reads_the_table(table):
    def left(made, stay=()):
        return list(rescan_table(made, table, Patterns(PERSON), expected_hits(stay)))

    patterns = Patterns(PERSON)
    hits = [hit for one in locate(table.shards(), patterns, table.schema) for hit in one.hits]
    theirs = [hit for hit in hits if hit.id in {1, 4}]
    made = entries(
        table, *(change("delete", hit.id, hit.start, hit.end, field=hit.field) for hit in theirs)
    )
    found = left(made)
    assert {(place.why, place.id) for place in found} >= {
        (ResidualReason.UNCHANGED, 1),
        (ResidualReason.FOUND, 4),
    }
    run_script(script(table, made))
    assert left(made) == []


def test_the_address_stands_nowhere(table):
    assert "password" not in repr(table)
    assert address() not in repr(table)
    assert address() not in script(table, three_changes(table))
