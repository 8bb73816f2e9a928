"""Appending events: what enters the log, how it is numbered, what is refused."""

import datetime as dt
import json
import time
import uuid

import pytest
from django.db import DataError, IntegrityError, connection, transaction

from workflows.ledger import merkle
from workflows.ledger.append import InvalidEventError, append, prepared_cursor
from workflows.ledger.canonical import canonical_json, commit, new_uid
from workflows.ledger.models import CaseCounter, Event, InboxEntry

CASE = uuid.UUID("11111111-2222-4333-8444-555555555555")
OTHER_CASE = uuid.UUID("aaaaaaaa-2222-4333-8444-555555555555")


@pytest.mark.django_db
def test_the_leaf_is_exactly_this():
    content = commit({"text": "hello"}, bytes(32))
    event = append(
        name="case.received",
        role="public",
        actor="p-17",
        case=CASE,
        register="US-CA",
        facts={"kind": ["copy"], "items": 1},
        commitments={"request": content},
        at=dt.datetime(2026, 1, 2, 11, 4, 5, 6, dt.timezone(dt.timedelta(hours=8))),
    )
    assert event.leaf == (
        b'{"actor":"p-17","at":"2026-01-02T03:04:05.000006Z",'
        b'"case":"11111111-2222-4333-8444-555555555555",'
        b'"commitments":{"request":"' + content.encode() + b'"},'
        b'"facts":{"items":1,"kind":["copy"]},"name":"case.received","number":1,'
        b'"register":"US-CA","role":"public","step":1,"v":1}'
    )
    assert event.leaf_hash == merkle.leaf_hash(event.leaf)


@pytest.mark.django_db
def test_an_event_reads_back_with_its_columns_facts_and_commitments():
    content = commit("content", bytes(32))
    uid = append(
        name="match.reviewed",
        role="reviewer",
        case=CASE,
        facts={"verdict": "theirs"},
        commitments={"note": content},
    ).uid
    event = Event.objects.get(uid=uid)
    assert (event.case, event.step, event.register, event.register_number) == (CASE, 1, None, None)
    assert (event.name, event.role, event.actor) == ("match.reviewed", "reviewer", "")
    assert event.facts == {"verdict": "theirs"}
    assert event.commitments == {"note": content}
    assert event.body == json.loads(event.leaf)


@pytest.mark.django_db
def test_steps_count_within_each_case():
    steps = [
        append(name="case.viewed", role="reviewer", case=case).step
        for case in (CASE, OTHER_CASE, CASE, CASE)
    ]
    assert steps == [1, 1, 2, 3]


@pytest.mark.django_db
def test_register_numbers_count_within_each_regime():
    numbers = [
        append(
            name="case.received", role="public", case=uuid.uuid4(), register=register
        ).register_number
        for register in ("CN", "EU", "CN", "CN")
    ]
    assert numbers == [1, 1, 2, 3]


@pytest.mark.django_db
def test_an_event_may_belong_to_no_case():
    event = append(name="bundle.exported", role="regulator")
    assert (event.case, event.step) == (None, None)


@pytest.mark.django_db
def test_a_change_that_is_rolled_back_leaves_no_gap():
    append(name="case.viewed", role="reviewer", case=CASE)

    with transaction.atomic():
        append(name="case.received", role="public", case=CASE, register="CN")
        transaction.set_rollback(True)
    event = append(name="case.received", role="public", case=CASE, register="CN")
    assert (event.step, event.register_number) == (2, 1)


@pytest.mark.django_db
def test_a_new_event_waits_in_the_inbox():
    event = append(name="case.viewed", role="reviewer", case=CASE)
    assert InboxEntry.objects.get().event == event


@pytest.mark.django_db
def test_appending_takes_one_statement(django_assert_num_queries):
    with django_assert_num_queries(1):
        append(name="bundle.exported", role="regulator")
    with django_assert_num_queries(1):
        append(name="case.received", role="public", case=CASE, register="CN")


@pytest.mark.django_db(transaction=True)
def test_a_connection_keeps_its_cursor_and_a_new_one_gets_its_own():
    first = prepared_cursor(connection).cursor
    assert prepared_cursor(connection).cursor is first
    with transaction.atomic():
        append(name="case.viewed", role="reviewer", case=CASE)
    connection.close()
    with transaction.atomic():
        assert append(name="case.viewed", role="reviewer", case=CASE).step == 2
    assert prepared_cursor(connection).cursor is not first


@pytest.mark.django_db
def test_a_statement_that_failed_does_not_spoil_the_kept_cursor():
    append(name="case.viewed", role="reviewer", case=CASE)
    with pytest.raises(DataError), transaction.atomic():
        prepared_cursor(connection).execute("SELECT 1 / $1::integer", [0])
    assert append(name="case.viewed", role="reviewer", case=CASE).step == 2


@pytest.mark.django_db
def test_threads_do_not_share_a_cursor(in_thread):
    here = prepared_cursor(connection).cursor
    there = in_thread(lambda: prepared_cursor(connection).cursor).result()
    assert there is not here


@pytest.mark.django_db
def test_the_stored_row_is_what_append_returns():
    event = append(
        name="case.received",
        role="public",
        case=CASE,
        register="CN",
        # Members and texts that look like those of the numbers stay where they are.
        facts={"step": None, "number": None, "text": '"step":null,"number":null'},
    )
    stored = Event.objects.values().get()
    assert {key: getattr(event, key) for key in stored} == stored
    assert stored["leaf"] == canonical_json(json.loads(stored["leaf"]))
    assert (event.body["step"], event.body["number"]) == (1, 1)
    assert event.facts == {
        "step": None,
        "number": None,
        "text": '"step":null,"number":null',
    }


@pytest.mark.django_db
def test_names_of_events_rise_with_time():
    uids = [append(name="case.viewed", role="reviewer", case=CASE).uid for _ in range(2)]
    earlier = new_uid()
    time.sleep(0.002)
    assert earlier < new_uid()
    assert {(uid.version, uid.variant) for uid in uids} == {(7, uuid.RFC_4122)}
    assert len({new_uid() for _ in range(1000)}) == 1000


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_appended():
    with pytest.raises(RuntimeError, match="in the transaction"):
        append(name="case.viewed", role="reviewer")
    assert not Event.objects.exists()


REFUSED = {
    "no verb": {"name": "case"},
    "two verbs": {"name": "case.was.viewed"},
    "capitals": {"name": "Case.viewed"},
    "newline in the name": {"name": "case.viewed\n"},
    "control character in the name": {"name": "case.vie\x00wed"},
    "name too long": {"name": "case." + "v" * 96},
    "no role": {"role": ""},
    "newline in the role": {"role": "reviewer\n"},
    "role too long": {"role": "r" * 65},
    "control character in the actor": {"actor": "p\x1b17"},
    "line separator in the actor": {"actor": "p\u202817"},
    "actor too long": {"actor": "p" * 129},
    "naive time": {"at": dt.datetime(2026, 1, 1)},
    "fact that is a date": {"facts": {"on": dt.date(2026, 1, 1)}},
    "fact that is not a number": {"facts": {"score": float("nan")}},
    "fact that is a lone surrogate": {"facts": {"text": "\ud800"}},
    "fact with a key that is no text": {"facts": {1: "one"}},
    "role that is a lone surrogate": {"role": "\ud800"},
    "commitment to a lone surrogate": {"commitments": {"\ud800": "a" * 64}},
    "commitment with a key that is no text": {"commitments": {1: "a" * 64}},
    "fact too long": {"facts": {"text": "x" * 101}},
    "fact with words": {"facts": {"ground": "The person asked."}},
    "fact with a word that is no code": {"facts": {"ground": "当事人要求"}},
    "fact with a line end": {"facts": {"text": "one\n—forged"}},
    "fact with words as a name": {"facts": {"rows": {"Erika Beispiel": 1}}},
    "fact with words in a list": {"facts": {"outcomes": [{"reasons": "It was wrong."}]}},
    "facts too long": {"facts": {"texts": ["x" * 100] * 650}},
    "commitment in capitals": {"commitments": {"request": "A" * 64}},
    "commitment too short": {"commitments": {"request": "a" * 63}},
    "commitment with a newline": {"commitments": {"request": "a" * 64 + "\n"}},
    "register for another event": {"register": "CN"},
    "register without a case": {"name": "case.received", "register": "CN", "case": None},
    "register with a newline": {"name": "case.received", "register": "CN\n"},
    "register too long": {"name": "case.received", "register": "C" * 33},
}


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", REFUSED.values(), ids=REFUSED)
def test_a_wrong_event_is_refused_and_uses_no_number(wrong):
    with pytest.raises(InvalidEventError):
        append(**{"name": "case.viewed", "role": "reviewer", "case": CASE, **wrong})
    assert not Event.objects.exists()
    event = append(name="case.received", role="public", case=CASE, register="CN")
    assert (event.step, event.register_number) == (1, 1)


@pytest.mark.django_db
def test_the_largest_leaf_fits_into_a_bundle():
    def size_with(text):
        return len(
            append(
                name="case.viewed",
                role="reviewer",
                case=uuid.uuid4(),
                commitments={text: "ab" * 32},
            ).leaf
        )

    fixed = size_with("")
    assert size_with("x" * (65_500 - fixed)) == 65_500
    with pytest.raises(InvalidEventError, match="the log takes 65535"):
        size_with("x" * (65_536 - fixed))


@pytest.mark.django_db
def test_a_long_number_cannot_make_a_leaf_too_large():
    CaseCounter.objects.create(case=CASE, last=10**9)

    def leaf_with(text):
        commitments = {text: "ab" * 32}
        return append(name="case.viewed", role="reviewer", case=CASE, commitments=commitments).leaf

    fixed = len(leaf_with(""))
    with pytest.raises(InvalidEventError, match="the log takes 65535"):
        leaf_with("x" * (65_536 - fixed))
    assert CaseCounter.objects.get().last == 10**9 + 1


NOT_WHOLE = {
    "a hash that is not the leaf's": {"leaf_hash": bytes(32)},
    "a leaf that fits into no bundle": {"leaf": bytes(65_536)},
    "a case without a step": {"step": None},
    "a step without a case": {"case": None},
    "the step 0": {"step": 0},
    "a register without a number": {"register": "CN"},
    "a number without a register": {"register_number": 1},
    "the register number 0": {"register": "CN", "register_number": 0},
    "a register number without a case": {
        "case": None,
        "step": None,
        "register": "CN",
        "register_number": 1,
    },
}


def whole(**changed):
    values = {"case": CASE, "step": 1, "leaf": b"{}", **changed}
    values.setdefault("leaf_hash", merkle.leaf_hash(values["leaf"]))
    return Event(name="case.viewed", role="reviewer", at=dt.datetime.now(dt.UTC), **values)


@pytest.mark.django_db
@pytest.mark.parametrize("changed", NOT_WHOLE.values(), ids=NOT_WHOLE)
def test_the_database_refuses_an_event_that_is_not_whole(changed):
    with pytest.raises(IntegrityError, match="ledger_event_is_whole"), transaction.atomic():
        whole(**changed).save()
    assert not Event.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"leaf": bytes(65_535)},
        {"case": None, "step": None},
        {"register": "CN", "register_number": 1},
    ],
)
def test_the_database_takes_an_event_that_is_whole(changed):
    whole(**changed).save()
    assert Event.objects.count() == 1


@pytest.mark.django_db
def test_the_database_refuses_a_step_twice():
    event = append(name="case.viewed", role="reviewer", case=CASE)
    event.pk, event.uid = None, uuid.uuid4()
    with pytest.raises(IntegrityError, match="ledger_event_step_once"):
        event.save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_leave_no_gap(in_thread):
    def write():
        for _ in range(20):
            with transaction.atomic():
                append(name="case.viewed", role="reviewer", case=CASE)
                append(name="case.received", role="public", case=uuid.uuid4(), register="CN")

    for writer in [in_thread(write) for _ in range(3)]:
        writer.result()
    steps = Event.objects.filter(case=CASE).order_by("pk").values_list("step", flat=True)
    numbers = (
        Event.objects.filter(register="CN").order_by("pk").values_list("register_number", flat=True)
    )
    assert sorted(steps) == sorted(numbers) == list(range(1, 61))
