"""Verification names each way in which a stored log can be wrong."""

import base64
import uuid

import pytest
from django.db import connection, transaction

from workflows.common.signed_note import Signer
from workflows.ledger import append, merkle, selectors, sequencer
from workflows.ledger.canonical import canonical_json
from workflows.ledger.checkpoints import TreeHead
from workflows.ledger.keys import log_signer
from workflows.ledger.models import Checkpoint, Event, InboxEntry
from workflows.ledger.verify import APPEND_ONLY_TABLES, LogFaultError, VerifiedLog, verify_log

CASES = [uuid.UUID(int=number) for number in range(1, 5)]
SIZE = 300


@pytest.fixture(autouse=True)
def log(db, write_once):
    write_once(build)


def build():
    """300 events of four cases; checkpoints of sizes 0, 4, 100, 256, 300."""
    with transaction.atomic():
        for number in range(SIZE):
            received = number < len(CASES)
            append.append(
                name="case.received" if received else "case.noted",
                role="public",
                actor="p-1",
                case=CASES[number % len(CASES)],
                register="CN" if received else None,
                facts={"number": number},
            )
    for limit in (0, 4, 96, 156, 44):
        sequencer.sequence(limit)


def tamper(*statements):
    """Change the tables as their owner can: lift the protection, write, and put it back."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in APPEND_ONLY_TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE ledger_event DROP CONSTRAINT ledger_event_is_whole")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in APPEND_ONLY_TABLES:
            for trigger in ("row", "truncate"):
                cursor.execute(
                    f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER ledger_append_only_{trigger}"
                )


def fault(previous=None):
    with pytest.raises(LogFaultError) as caught:
        verify_log(previous=previous)
    return str(caught.value)


def sign(size, root):
    signer = log_signer()
    return signer.sign(TreeHead(signer.verifier.name, size, root).format())


def store_event(**columns):
    """Write an event past the service, with a leaf that agrees with its columns."""
    event = Event(name="case.noted", role="public", at=selectors.entry(0).at, **columns)
    event.leaf = canonical_json(
        {
            **selectors.entry(0).body,
            "actor": event.actor,
            "name": event.name,
            "case": str(event.case),
            "step": event.step,
            "register": event.register,
            "number": event.register_number,
        }
    )
    event.leaf_hash = merkle.leaf_hash(event.leaf)
    event.save()
    InboxEntry.objects.create(event=event)


def test_a_sound_log():
    newest = selectors.latest_checkpoint()
    assert verify_log() == VerifiedLog(
        size=300,
        root=newest.root,
        checkpoints=5,
        waiting=0,
        cosignatures=0,
        timestamps=None,
    )


def test_events_that_wait_are_counted():
    append.append(name="case.noted", role="public", case=CASES[0])
    assert verify_log().waiting == 1


def test_verification_takes_few_statements(django_assert_max_num_queries):
    with django_assert_max_num_queries(40):
        verify_log()


def test_a_log_without_checkpoints():
    tamper("TRUNCATE ledger_leaf, ledger_tile, ledger_checkpoint")
    assert "the sequencer has never run" in fault()


AT_42 = "WHERE id = (SELECT event_id FROM ledger_leaf WHERE index = 42)"

TAMPERINGS = {
    "a leaf was changed": (
        f"UPDATE ledger_event SET leaf = leaf || '!' {AT_42}",
        "The event at place 42 has not the hash of its leaf.",
    ),
    "a hash was changed": (
        f"UPDATE ledger_event SET leaf_hash = sha256('') {AT_42}",
        "The event at place 42 has not the hash of its leaf.",
    ),
    "a leaf is no JSON": (
        rf"UPDATE ledger_event SET leaf = '!', leaf_hash = sha256('\x00'::bytea || '!') {AT_42}",
        "The leaf at place 42 is not that of an event.",
    ),
    "a leaf is no event": (
        rf"UPDATE ledger_event SET leaf = '[]', leaf_hash = sha256('\x00'::bytea || '[]') {AT_42}",
        "The leaf at place 42 is not that of an event.",
    ),
    "the name was changed": (
        f"UPDATE ledger_event SET name = 'case.closed' {AT_42}",
        "The columns of the event at place 42 differ from its leaf.",
    ),
    "the role was changed": (
        f"UPDATE ledger_event SET role = 'reviewer' {AT_42}",
        "The columns of the event at place 42 differ",
    ),
    "the actor was changed": (
        f"UPDATE ledger_event SET actor = 'p-2' {AT_42}",
        "The columns of the event at place 42 differ",
    ),
    "the time was changed": (
        f"UPDATE ledger_event SET at = at - interval '1 microsecond' {AT_42}",
        "The columns of the event at place 42 differ",
    ),
    "the case was changed": (
        f'UPDATE ledger_event SET "case" = gen_random_uuid() {AT_42}',
        "The columns of the event at place 42 differ",
    ),
    "the step was changed": (
        f"UPDATE ledger_event SET step = 9999 {AT_42}",
        "The columns of the event at place 42 differ",
    ),
    "the register number was changed": (
        "UPDATE ledger_event SET register_number = 9 WHERE register_number = 3",
        "The columns of the event at place 2 differ",
    ),
    "an event was removed": (
        (
            "CREATE TEMPORARY TABLE gone AS SELECT event_id FROM ledger_leaf WHERE index = 42;"
            "DELETE FROM ledger_leaf WHERE index = 42; DELETE FROM ledger_event WHERE id IN (SELECT event_id FROM gone)"
        ),
        "Place 42 of the log has lost its event.",
    ),
    "the last event was removed": (
        (
            "CREATE TEMPORARY TABLE gone AS SELECT event_id FROM ledger_leaf WHERE index = 299;"
            "DELETE FROM ledger_leaf WHERE index = 299; DELETE FROM ledger_event WHERE id IN (SELECT event_id FROM gone)"
        ),
        "Place 299 of the log has lost its event.",
    ),
    "all later events moved down": (
        (
            "DELETE FROM ledger_leaf WHERE index = 42; UPDATE ledger_leaf SET index = 1000 + index WHERE index > 42;"
            "UPDATE ledger_leaf SET index = index - 1001 WHERE index > 1000"
        ),
        "The checkpoint of size 100 has not the root of the log.",
    ),
    "two places were exchanged": (
        (
            "UPDATE ledger_leaf SET index = 1000 + index WHERE index IN (41, 42);"
            "UPDATE ledger_leaf SET index = 1083 - index WHERE index > 1000"
        ),
        "The checkpoint of size 100 has not the root of the log.",
    ),
    "a tile was changed": (
        "UPDATE ledger_tile SET hashes = set_byte(hashes, 8191, 0) WHERE level = 0",
        "Tile 0 of level 0 is not that of the leaves.",
    ),
    "the root of a tile was changed": (
        "UPDATE ledger_tile SET root = sha256('')",
        "Tile 0 of level 0 is not that of the leaves.",
    ),
    "a tile was removed": ("DELETE FROM ledger_tile", "Tile 0 of level 0 is missing."),
    "a tile was added": (
        "INSERT INTO ledger_tile (level, index, hashes, root) SELECT level, 1, hashes, root FROM ledger_tile",
        "The log holds tile 1 of level 0, which no checkpoint covers.",
    ),
    "a tile was added above": (
        "INSERT INTO ledger_tile (level, index, hashes, root) SELECT 1, 0, hashes, root FROM ledger_tile",
        "The log holds tile 0 of level 1, which no checkpoint covers.",
    ),
    "the root of a checkpoint was changed": (
        "UPDATE ledger_checkpoint SET root = sha256('') WHERE size = 100",
        "The checkpoint of size 100 is not what was signed.",
    ),
    "the size of a checkpoint was changed": (
        "UPDATE ledger_checkpoint SET size = 101 WHERE size = 100",
        "The checkpoint of size 101 is not what was signed.",
    ),
    "the note of a checkpoint was changed": (
        "UPDATE ledger_checkpoint SET note = replace(note, E'\\n100\\n', E'\\n101\\n') WHERE size = 100",
        "The checkpoint of size 100: The signature of",
    ),
    "the note of a checkpoint is that of another": (
        "UPDATE ledger_checkpoint SET note = (SELECT note FROM ledger_checkpoint WHERE size = 4) WHERE size = 100",
        "The checkpoint of size 100 is not what was signed.",
    ),
    "the newest checkpoint was removed": (
        "DELETE FROM ledger_checkpoint WHERE size = 300",
        "The log holds place 256, which no checkpoint covers.",
    ),
    "an event waits for a second place": (
        "INSERT INTO ledger_inbox (event_id, at) SELECT event_id, now() FROM ledger_leaf WHERE index = 42",
        "has its place and waits for another",
    ),
    "a step counter was set back": (
        "UPDATE ledger_casecounter SET last = last - 1 WHERE \"case\" = '00000000-0000-0000-0000-000000000002'",
        "The steps of case 00000000-0000-0000-0000-000000000002 are not 1 to 74: 75 different ones, from 1 to 75.",
    ),
    "a step counter was removed": (
        "DELETE FROM ledger_casecounter WHERE \"case\" = '00000000-0000-0000-0000-000000000002'",
        "The steps of case 00000000-0000-0000-0000-000000000002 are not 1 to",
    ),
    "a step counter is ahead": (
        "INSERT INTO ledger_casecounter VALUES ('00000000-0000-0000-0000-000000000009', 1)",
        "The steps of case 00000000-0000-0000-0000-000000000009 are not 1 to 1: 0 different ones",
    ),
    "a register counter is ahead": (
        "UPDATE ledger_registercounter SET last = 5",
        "The register numbers of CN are not 1 to 5: 4 different ones, from 1 to 4.",
    ),
    "the protection was lifted": (
        "DROP TRIGGER ledger_append_only_row ON ledger_event; CREATE TRIGGER ledger_append_only_row BEFORE DELETE ON ledger_event FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change()",
        "The trigger ledger_append_only_row on ledger_event does not do what it should.",
    ),
}


@pytest.mark.parametrize(("statement", "message"), TAMPERINGS.values(), ids=TAMPERINGS)
def test_a_change_past_the_services_is_named(statement, message):
    tamper(statement)
    assert message in fault()


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (42, "The checkpoint of size 100 has not the root of the log."),
        (270, "The checkpoint of size 300 has not the root of the log."),
    ],
)
def test_an_event_rewritten_with_its_hash_is_named(index, message):
    event = selectors.entry(index)
    leaf = canonical_json({**event.body, "facts": {"number": 7}})
    tamper(
        f"UPDATE ledger_event SET leaf = '\\x{leaf.hex()}', leaf_hash = '\\x{merkle.leaf_hash(leaf).hex()}' WHERE id = {event.pk}"
    )
    assert fault() == message


def test_a_checkpoint_of_another_key_is_named():
    other = Signer(log_signer().verifier.name, bytes(32))
    newest = selectors.latest_checkpoint()
    note = other.sign(TreeHead(other.verifier.name, newest.size, newest.root).format())
    tamper(f"UPDATE ledger_checkpoint SET note = '{note}' WHERE size = 300")
    assert "The checkpoint of size 300: The note carries no signature of a known key." in fault()


def test_a_signed_checkpoint_of_another_history_is_named():
    root = merkle.leaf_hash(b"other")
    Checkpoint.objects.create(size=150, root=root, note=sign(150, root))
    assert fault() == "The checkpoint of size 150 has not the root of the log."


def test_an_event_that_was_never_sequenced_is_named():
    event = append.append(name="case.noted", role="public", case=CASES[0])
    InboxEntry.objects.all().delete()
    assert fault() == f"The event {event.uid} is neither in the log nor waiting for a place."


def test_an_event_removed_before_it_was_sequenced_is_named():
    event = append.append(name="case.noted", role="public", case=CASES[0])
    InboxEntry.objects.all().delete()
    tamper(f"DELETE FROM ledger_event WHERE id = {event.pk}")
    assert (
        fault() == f"The steps of case {CASES[0]} are not 1 to 76: 75 different ones, from 1 to 75."
    )


def test_a_sequencer_that_stands_still_is_named():
    append.append(name="case.noted", role="public", case=CASES[0])
    tamper("UPDATE ledger_inbox SET at = at - interval '61 minutes'")
    assert "waits for its place since" in fault()


def test_a_missing_step_is_named():
    store_event(case=CASES[0], step=77)
    sequencer.sequence()
    tamper(f"UPDATE ledger_casecounter SET last = 77 WHERE \"case\" = '{CASES[0]}'")
    assert (
        fault() == f"The steps of case {CASES[0]} are not 1 to 77: 76 different ones, from 1 to 77."
    )


def test_a_missing_register_number_is_named():
    case = uuid.uuid4()
    store_event(case=case, step=1, register="CN", register_number=6)
    sequencer.sequence()
    tamper(
        "UPDATE ledger_registercounter SET last = 6",
        f"INSERT INTO ledger_casecounter VALUES ('{case}', 1)",
    )
    assert fault() == "The register numbers of CN are not 1 to 6: 5 different ones, from 1 to 6."


def test_steps_in_the_wrong_order_are_named():
    case = uuid.uuid4()
    store_event(case=case, step=2)
    sequencer.sequence()
    store_event(case=case, step=1)
    sequencer.sequence()
    tamper(f"INSERT INTO ledger_casecounter VALUES ('{case}', 2)")
    assert fault() == f"Step 2 of case {case} lies before the step it follows."


def test_a_kept_checkpoint_holds():
    for checkpoint in selectors.iter_checkpoints():
        assert verify_log(previous=checkpoint.note).size == SIZE
        assert verify_log(previous=checkpoint.note.encode()).size == SIZE


def test_a_rollback_shows_with_the_kept_checkpoint():
    kept = selectors.latest_checkpoint().note
    tamper(
        "DELETE FROM ledger_leaf WHERE index >= 256",
        "DELETE FROM ledger_checkpoint WHERE size > 256",
        "DELETE FROM ledger_event WHERE id NOT IN (SELECT event_id FROM ledger_leaf)",
        "UPDATE ledger_casecounter SET last = 64",
    )
    assert verify_log().size == 256
    assert fault(kept) == "The log was rolled back: it has 256 events, the kept checkpoint 300."


def test_a_history_rewritten_and_signed_anew_shows_with_the_kept_checkpoint():
    kept = selectors.checkpoint_at(100).note
    event = selectors.entry(42)
    leaf = canonical_json({**event.body, "facts": {"number": 7}})
    tamper(
        f"UPDATE ledger_event SET leaf = '\\x{leaf.hex()}', leaf_hash = '\\x{merkle.leaf_hash(leaf).hex()}' WHERE id = {event.pk}",
        "INSERT INTO ledger_inbox (event_id, at) SELECT event_id, now() FROM ledger_leaf",
        "TRUNCATE ledger_leaf, ledger_tile, ledger_checkpoint",
    )
    assert sequencer.drain_inbox() == SIZE
    assert verify_log().size == SIZE
    assert (
        fault(kept)
        == "The log was rewritten: its first 100 events are not those of the kept checkpoint."
    )


@pytest.mark.parametrize("previous", ["", "garbage", b"\xff"])
def test_a_kept_file_that_is_no_checkpoint_is_named(previous):
    assert "The kept checkpoint cannot be used." in fault(previous)


def test_a_kept_checkpoint_of_another_key_is_named(settings):
    kept = selectors.latest_checkpoint().note
    settings.LEDGER_KEY = base64.b64encode(bytes(32)).decode()
    assert "The kept checkpoint cannot be used. The note carries no signature" in fault(kept)
