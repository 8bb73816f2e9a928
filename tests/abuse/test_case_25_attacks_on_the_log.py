"""Abuse case 25: no event is suppressed, oversized or split, and erased data are in no copy."""

import pytest
from django.db import DatabaseError, connection, transaction

from tests.clear_text import tables_with
from tests.factories import OFFICER, OTHER_OFFICER, WANG, make_case
from workflows.cases.lifecycle import State
from workflows.ledger.append import InvalidEventError, append
from workflows.ledger.models import Event
from workflows.retention.erasure import erase, request_erasure

pytestmark = pytest.mark.django_db

NAME = "王不存在"


@pytest.mark.parametrize(
    "statement", ["UPDATE ledger_event SET name = 'x.y'", "DELETE FROM ledger_event"]
)
def test_an_event_can_be_neither_changed_nor_deleted(statement):
    make_case(State.RECEIVED)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Event.objects.exists()


def test_an_entry_that_is_too_large_is_refused_with_what_caused_it():
    with pytest.raises(InvalidEventError, match="takes"), transaction.atomic():
        append(name="note.written", role="system", facts={"texts": ["x" * 100] * 700})


@pytest.mark.parametrize("text", ["one\n— forged 2\nAAAA", "one\nforged", "Erika Beispiel"])
def test_no_line_end_and_no_words_get_into_a_fact(text):
    with pytest.raises(InvalidEventError, match="a code"), transaction.atomic():
        append(name="note.written", role="system", facts={"text": text})
    assert not Event.objects.exists()


def test_a_line_end_in_what_is_committed_to_makes_no_second_entry():
    commitments = {"one\n— forged 2\nAAAA": "ab" * 32}
    event = append(name="note.written", role="system", commitments=commitments)

    assert b"\n" not in bytes(event.leaf)


def test_nothing_in_the_clear_is_left_of_an_erased_case():
    case = make_case(State.CLOSED, WANG, subject_name=NAME)
    request_erasure(case, OFFICER, "retention_over")
    erase(case, OTHER_OFFICER)

    assert tables_with(NAME) == []
