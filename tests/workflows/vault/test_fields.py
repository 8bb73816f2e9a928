"""Sealed columns: clear in the program, sealed in the table, gone after shredding."""

import copy
import pickle
from typing import Any

import pytest
from django.core.exceptions import FieldError
from django.db import NotSupportedError, connection, models, transaction
from django.template import Context, Template
from django.test.utils import isolate_apps
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workflows.vault.crypto import DecryptionFailed, Shredded
from workflows.vault.fields import SealedText, erase_sealed, text_or_erased
from workflows.vault.models import DataKey
from workflows.vault.numbers import number_rows
from workflows.vault.services import shred

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=8,
)


def stored_bytes(row: Any, column: str) -> bytes | None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM vault_note WHERE id = %s", [row.pk])
        value = cursor.fetchone()[0]
    return None if value is None else bytes(value)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    title=st.text(st.characters(codec="utf-8")),
    details=JSON,
    digest=st.binary(),
)
def test_every_value_comes_back_as_it_was(
    note: Any, key: DataKey, title: str, details: Any, digest: bytes
) -> None:
    saved = note.objects.create(key=key, title=title, details=details, digest=digest)

    row = note.objects.get(pk=saved.pk)

    assert (row.title, row.details, row.digest, row.body) == (title, details, digest, None)


def test_the_table_never_holds_the_text(note: Any, key: DataKey) -> None:
    row = note.objects.create(key=key, title="Zhang Wei", details={"name": "Zhang Wei"})

    for column in ("title", "details"):
        assert b"Zhang" not in stored_bytes(row, column)


def test_bulk_create_seals_too(note: Any, key: DataKey) -> None:
    note.objects.bulk_create([note(key=key, title="first"), note(key=key, title="second")])

    assert sorted(row.title for row in note.objects.all()) == ["first", "second"]


def test_a_row_read_from_the_table_is_opened_only_when_asked(note: Any, key: DataKey) -> None:
    note.objects.create(key=key, title="first")
    shred(key)

    row = note.objects.get()

    assert row.place == 0
    with pytest.raises(Shredded):
        _ = row.title


def test_saving_an_unopened_row_keeps_its_bytes(note: Any, key: DataKey) -> None:
    row = note.objects.create(key=key, title="first")
    before = stored_bytes(row, "title")

    unopened = note.objects.get()
    unopened.place = 7
    unopened.save()

    assert stored_bytes(row, "title") == before


def test_a_change_inside_a_json_value_is_saved(note: Any, key: DataKey) -> None:
    note.objects.create(key=key, title="", details={"urls": []})

    row = note.objects.get()
    row.details["urls"].append("https://example.org/")
    row.save()

    assert note.objects.get().details == {"urls": ["https://example.org/"]}


def test_deferred_and_refreshed_values_are_opened(note: Any, key: DataKey) -> None:
    saved = note.objects.create(key=key, title="first")
    deferred = note.objects.defer("title").get()
    note.objects.update(place=3)

    saved.refresh_from_db()

    assert (deferred.title, saved.title, saved.place) == ("first", "first", 3)


def test_a_shredded_row_can_be_refreshed(note: Any, key: DataKey) -> None:
    row = note.objects.create(key=key, title="first")
    shred(key)

    row.refresh_from_db()

    with pytest.raises(Shredded):
        _ = row.title


def test_a_value_moved_to_another_column_does_not_open(note: Any, key: DataKey) -> None:
    note.objects.create(key=key, title="first", body="second")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE vault_note SET title = body, body = title")

    row = note.objects.get()

    for name in ("title", "body"):
        with pytest.raises(DecryptionFailed):
            getattr(row, name)


def test_a_value_moved_to_a_row_of_another_case_does_not_open(
    note: Any, key: DataKey, other_key: DataKey
) -> None:
    source = note.objects.create(key=key, title="first")
    target = note.objects.create(key=other_key, title="second")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE vault_note SET title = (SELECT title FROM vault_note WHERE id = %s)"
            " WHERE id = %s",
            [source.pk, target.pk],
        )

    with pytest.raises(DecryptionFailed):
        _ = note.objects.get(pk=target.pk).title


def test_values_exchanged_between_rows_of_one_case_do_not_open(note: Any, key: DataKey) -> None:
    rows = note.objects.bulk_create([note(key=key, title="first"), note(key=key, title="second")])
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE vault_note AS one SET title = other.title FROM vault_note AS other"
            " WHERE one.id <> other.id"
        )

    for row in rows:
        with pytest.raises(DecryptionFailed):
            _ = note.objects.get(pk=row.pk).title


def test_rows_are_numbered_by_the_sequence_of_their_table(note: Any, key: DataKey) -> None:
    first = note.objects.create(key=key, title="a")
    several = note.objects.bulk_create([note(key=key, title=title) for title in "bcd"])
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO vault_note (key_id, title, place) VALUES (%s, '', 0) RETURNING id",
            [key.pk],
        )
        by_the_database = cursor.fetchone()[0]

    numbers = [first.pk, *(row.pk for row in several), by_the_database]
    assert numbers == list(range(first.pk, first.pk + 5))
    assert "".join(row.title for row in note.objects.order_by("pk")[:4]) == "abcd"


def test_numbering_takes_one_query_for_all_rows(
    note: Any, key: DataKey, django_assert_num_queries: Any
) -> None:
    rows = [note(key=key, title=str(number)) for number in range(50)]

    with django_assert_num_queries(1):
        number_rows(rows)
    with django_assert_num_queries(0):
        number_rows(rows)
    with django_assert_num_queries(1):
        note.objects.bulk_create(rows)
    assert [row.title for row in note.objects.order_by("pk")] == [row.title for row in rows]


def test_a_row_whose_insert_was_rolled_back_can_be_saved_again(note: Any, key: DataKey) -> None:
    row = note(key=key, title="first")
    savepoint = transaction.savepoint()
    row.save()
    transaction.savepoint_rollback(savepoint)

    row.save()

    assert note.objects.get(pk=row.pk).title == "first"


def test_an_upsert_is_refused(note: Any, key: DataKey) -> None:
    row = note.objects.create(key=key, title="first")

    with pytest.raises(NotSupportedError):
        note.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["id"], update_fields=["title"]
        )


@pytest.mark.parametrize(
    "lookup", ["title", "title__contains", "title__in", "title__gt", "details__name"]
)
def test_a_sealed_column_cannot_be_searched(note: Any, lookup: str) -> None:
    with pytest.raises(FieldError):
        note.objects.filter(**{lookup: "x"}).exists()


def test_a_missing_value_can_be_looked_for(note: Any, key: DataKey) -> None:
    note.objects.create(key=key, title="first")

    assert note.objects.filter(body__isnull=True).count() == 1


def test_an_update_in_the_table_is_refused(note: Any, key: DataKey) -> None:
    row = note.objects.create(key=key, title="first")

    with pytest.raises(TypeError):
        note.objects.update(title="second")
    with pytest.raises(TypeError):
        note.objects.bulk_update([row], ["title"])


@pytest.mark.parametrize("values", [{"title": 1}, {"title": b"x"}, {"title": "x", "digest": "x"}])
def test_a_value_of_another_kind_is_refused(
    note: Any, key: DataKey, values: dict[str, Any]
) -> None:
    with pytest.raises(TypeError):
        note.objects.create(key=key, **values)


def test_nothing_shows_in_representations_queries_and_pickles(note: Any, key: DataKey) -> None:
    row = note.objects.create(key=key, title="Zhang Wei")
    reread = note.objects.get()
    assert reread.title == "Zhang Wei"

    assert "Zhang" not in repr(vars(row)) + repr(vars(reread))
    assert repr(note.objects.values_list("title", flat=True)) == "<SealedQuerySet [<sealed>]>"
    with pytest.raises(TypeError):
        pickle.dumps(vars(reread)["title"])


def test_a_value_can_be_copied_inside_the_process(note: Any, key: DataKey) -> None:
    row = note(key=key, title="first")

    row.__dict__.update(copy.deepcopy({"title": vars(row)["title"]}))

    assert row.title == "first"


def test_dumpdata_is_refused(note: Any, key: DataKey) -> None:
    row = note.objects.create(key=key, title="first")

    with pytest.raises(NotSupportedError):
        note._meta.get_field("title").value_to_string(row)


def test_pages_show_that_a_value_was_erased(note: Any, key: DataKey) -> None:
    row = note.objects.create(key=key, title="first", body="")
    page = Template("{{ row.title|default:'gone' }}")
    assert page.render(Context({"row": row})) == "first"
    assert text_or_erased(row, "title") == "first"
    shred(key)

    row = note.objects.get()

    assert page.render(Context({"row": row})) == "gone"
    with translation.override("en"):
        assert text_or_erased(row, "title") == "erased"


def test_erasing_overwrites_every_sealed_column(note: Any, key: DataKey) -> None:
    row = note.objects.create(key=key, title="first", details={}, digest=b"x", place=4)

    assert erase_sealed(note.objects.all()) == 1

    assert [stored_bytes(row, c) for c in ("title", "body", "details", "digest")] == [b""] * 4
    erased = note.objects.get()
    assert erased.place == 4
    with pytest.raises(Shredded):
        _ = erased.title


def test_a_model_with_mistakes_fails_the_system_check() -> None:
    with isolate_apps("workflows.vault"):

        class Careless(models.Model):
            name = SealedText(unique=True)

            class Meta:
                app_label = "vault"

        found = {error.id for error in Careless._meta.get_field("name").check()}

    assert found >= {"vault.E003", "vault.E004"}
