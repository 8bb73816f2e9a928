"""The sequencer: gap-free places, one history, whatever happens to it."""

import base64
import threading

import pytest
from django.db import OperationalError, connection, transaction

from workflows.ledger import append, merkle, selectors, sequencer
from workflows.ledger.checkpoints import open_checkpoint
from workflows.ledger.keys import log_verifier
from workflows.ledger.models import Checkpoint, Event, InboxEntry, Leaf, Tile
from workflows.ledger.sequencer import SequencerError, SequenceResult, drain_inbox, sequence
from workflows.ledger.verify import verify_log


def append_event(number=0):
    with transaction.atomic():
        return append.append(name="case.viewed", role="reviewer", facts={"number": number})


def append_many(count):
    with transaction.atomic():
        return [append_event(number) for number in range(count)]


def places():
    return list(Leaf.objects.order_by("index").values_list("index", "event_id"))


@pytest.mark.django_db
def test_the_first_run_signs_the_empty_log():
    assert sequence() == SequenceResult(appended=0, size=0)
    head = open_checkpoint(Checkpoint.objects.get().note, log_verifier())
    assert (head.size, head.root) == (0, merkle.EMPTY_ROOT)


@pytest.mark.django_db
def test_nothing_new_signs_nothing():
    append_event()
    sequence()
    assert sequence() == SequenceResult(appended=0, size=1)
    assert list(Checkpoint.objects.order_by("size").values_list("size", flat=True)) == [0, 1]


@pytest.mark.django_db
def test_events_get_places_in_their_order_without_gaps():
    events = append_many(5)
    assert sequence() == SequenceResult(appended=5, size=5)
    assert places() == [(index, event.pk) for index, event in enumerate(events)]
    assert not InboxEntry.objects.exists()


@pytest.mark.django_db
def test_a_batch_takes_no_more_than_its_limit():
    append_many(5)
    assert sequence(limit=3) == SequenceResult(appended=3, size=3)
    assert sequence(limit=3) == SequenceResult(appended=2, size=5)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "batches", [[1, 1, 1], [255, 1, 1], [256], [100, 500, 13], [257, 255, 512, 3]]
)
def test_the_signed_root_is_that_of_the_leaves(batches):
    hashes = []
    for count in batches:
        hashes += [event.leaf_hash for event in append_many(count)]
        size = drain_inbox()
        head = open_checkpoint(selectors.latest_checkpoint().note, log_verifier())
        assert (head.size, head.root) == (size, merkle.root(hashes))
    assert Tile.objects.filter(level=0).count() == len(hashes) // 256


@pytest.fixture
def large_log(db):
    """66,000 small leaves made by the database, in batches: the third level of tiles begins."""
    with connection.cursor() as cursor:
        cursor.execute(r"""
            WITH leaves AS (
                SELECT number, convert_to(number::text, 'UTF8') AS leaf FROM generate_series(0, 65999) AS number
            ), events AS (
                INSERT INTO ledger_event (uid, name, role, actor, at, leaf, leaf_hash)
                SELECT gen_random_uuid(), 'case.viewed', 'reviewer', '', now(), leaf, sha256('\x00'::bytea || leaf)
                FROM leaves ORDER BY number RETURNING id
            )
            INSERT INTO ledger_inbox (event_id, at) SELECT id, now() FROM events
            """)
        # Autovacuum does this within a minute where rows are committed. Without it the checks of
        # foreign keys keep the plan that they made on an empty table, and read it row by row.
        cursor.execute("ANALYZE ledger_event, ledger_inbox")
    for limit in (65_000, 535, 1):
        sequence(limit)
    return [merkle.leaf_hash(str(number).encode()) for number in range(66_000)]


def test_a_large_log_has_all_levels_of_tiles_and_short_reads(
    large_log, django_assert_max_num_queries
):
    assert sequence(1).size == 65_537
    assert drain_inbox() == 66_000
    levels = {level: Tile.objects.filter(level=level).count() for level in range(3)}
    assert levels == {0: 257, 1: 1, 2: 0}
    head = open_checkpoint(selectors.latest_checkpoint().note, log_verifier())
    assert head.root == merkle.root(large_log)
    for index in (0, 255, 256, 65_535, 65_536, 65_999):
        proof = selectors.inclusion_proof(index, 66_000)
        merkle.verify_inclusion(index, 66_000, large_log[index], proof, head.root)
    for old in (1, 256, 65_000, 65_536, 65_537):
        proof = selectors.consistency_proof(old, 66_000)
        merkle.verify_consistency(old, 66_000, merkle.root(large_log[:old]), head.root, proof)
    with django_assert_max_num_queries(6):
        selectors.inclusion_proof(40_000, 66_000)
    with django_assert_max_num_queries(6):
        selectors.consistency_proof(40_000, 66_000)


@pytest.mark.django_db
def test_another_key_does_not_go_on_with_the_log(settings):
    append_event()
    sequence()
    append_event()
    settings.LEDGER_KEY = base64.b64encode(bytes(32)).decode()
    with pytest.raises(SequencerError, match="cannot go on from its checkpoint of size 1"):
        sequence()
    assert (len(places()), InboxEntry.objects.count()) == (1, 1)


@pytest.mark.django_db
def test_another_origin_does_not_go_on_with_the_log(settings):
    append_event()
    sequence()
    append_event()
    settings.LEDGER_ORIGIN = "other.example/log"
    with pytest.raises(SequencerError, match="cannot go on"):
        sequence()


TAMPERINGS = {
    "an event was rewritten": (
        ["ledger_event"],
        r"UPDATE ledger_event SET leaf = '{}', leaf_hash = sha256('\x00'::bytea || '{}') WHERE id = (SELECT max(id) FROM ledger_event)",
    ),
    "a full tile was rewritten": (["ledger_tile"], r"UPDATE ledger_tile SET root = sha256('')"),
    "a full tile was removed": (["ledger_tile"], "DELETE FROM ledger_tile"),
    "a checkpoint was given another size": (
        ["ledger_checkpoint"],
        "UPDATE ledger_checkpoint SET size = 299 WHERE size = 300",
    ),
    "a place was removed": (["ledger_leaf"], "DELETE FROM ledger_leaf WHERE index = 299"),
}


@pytest.mark.django_db
@pytest.mark.parametrize(("tables", "statement"), TAMPERINGS.values(), ids=TAMPERINGS)
def test_a_log_that_was_tampered_with_is_not_signed_again(tables, statement):
    append_many(300)
    sequence()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ledger_append_only_row")
        cursor.execute(statement)
    append_event()
    checkpoints = Checkpoint.objects.count()
    with pytest.raises(SequencerError, match="cannot go on from its checkpoint"):
        sequence()
    assert Checkpoint.objects.count() == checkpoints


@pytest.mark.django_db(transaction=True)
def test_a_frozen_sequencer_does_not_hold_the_lock_for_ever(monkeypatch):
    def patience():
        with connection.cursor() as cursor:
            cursor.execute("SHOW idle_in_transaction_session_timeout")
            return cursor.fetchone()[0]

    def look(*_):
        seen.append(patience())

    seen = []
    monkeypatch.setattr(sequencer, "store_full_tiles", look)
    append_event()
    sequence()
    assert (seen, patience()) == (["30s"], "0")


@pytest.mark.django_db(transaction=True)
def test_an_event_that_commits_late_is_not_lost(in_thread):
    appended, may_commit = threading.Event(), threading.Event()
    early = []

    def commit_late():
        with transaction.atomic():
            early.append(append.append(name="case.viewed", role="reviewer").pk)
            appended.set()
            may_commit.wait(60)

    slow = in_thread(commit_late)
    assert appended.wait(60)
    late = append_event().pk
    first = sequence()
    may_commit.set()
    slow.result()
    assert early[0] < late
    assert first == SequenceResult(appended=1, size=1)
    assert sequence() == SequenceResult(appended=1, size=2)
    assert places() == [(0, late), (1, early[0])]
    verify_log()


@pytest.mark.django_db(transaction=True)
def test_sequencers_at_once_make_one_history(in_thread):
    def write():
        for number in range(60):
            append_event(number)

    written = threading.Event()

    def sequence_until_written():
        while not written.is_set() or InboxEntry.objects.exists():
            sequence(limit=7)

    writers = [in_thread(write) for _ in range(2)]
    sequencers = [in_thread(sequence_until_written) for _ in range(3)]
    for writer in writers:
        writer.result()
    written.set()
    for each in sequencers:
        each.result()
    assert verify_log().size == Event.objects.count() == 120


class Killer:
    """Ends the server's side of the connection after one statement, counted from 0."""

    def __init__(self, session, at):
        self.session, self.at, self.statements = session, at, 0

    def __call__(self, execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if self.statements == self.at:
            kill(self.session)
        self.statements += 1
        return result


def kill(session):
    pid = connection.connection.info.backend_pid
    session.execute("SELECT pg_terminate_backend(%s, 30000)", [pid])
    [[alive]] = session.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [pid])
    assert not alive


def survives(killer):
    """Run one batch under the killer; after a kill, come back with a new connection."""
    try:
        with connection.execute_wrapper(killer):
            sequence()
    except OperationalError:
        connection.close()
        return False
    return True


@pytest.mark.django_db(transaction=True)
def test_killed_at_any_point_it_leaves_nothing_and_goes_on(connect):
    session = connect(connection.settings_dict["USER"])
    append_many(250)
    sequence()
    append_many(10)
    before = places(), selectors.latest_checkpoint().note
    kills = 0
    while not survives(Killer(session, kills)):
        assert (places(), selectors.latest_checkpoint().note) == before
        kills += 1
    # After the lock, the places, the old tile, the new one, the reading back, and the new
    # checkpoint, which is the moment before the commit.
    assert kills == 6
    assert (len(places()), InboxEntry.objects.count()) == (260, 0)
    assert verify_log().size == 260


@pytest.mark.django_db(transaction=True)
def test_killed_right_after_the_commit_it_does_nothing_twice(connect):
    append_many(3)
    sequence()
    kill(connect(connection.settings_dict["USER"]))
    connection.close()
    assert sequence() == SequenceResult(appended=0, size=3)
    assert verify_log().size == 3
