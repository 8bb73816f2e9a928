"""Reading the log: every proof holds, every file is what the checkpoint promises."""

import datetime as dt
import uuid

import pytest
from django.db import transaction

from tests.workflows.ledger.reading import decode_bundle, parse_add_checkpoint
from workflows.ledger import append, merkle, selectors, sequencer
from workflows.ledger.checkpoints import parse_proof, verify_proof
from workflows.ledger.keys import log_verifier
from workflows.ledger.models import Event
from workflows.ledger.tree import TreeError

CASE = uuid.UUID(int=7)
SIZE = 600


@pytest.fixture
def log(db, write_once):
    write_once(build)


def build():
    """600 events; checkpoints of sizes 0, 1, 255, 256, 300, 600."""
    with transaction.atomic():
        for number in range(SIZE):
            append.append(name="case.viewed", role="reviewer", case=CASE, facts={"number": number})
    for limit in (0, 1, 254, 1, 44, 300):
        sequencer.sequence(limit)


@pytest.fixture
def hashes(log):
    return [event.leaf_hash for _, event in selectors.iter_entries(0, SIZE)]


@pytest.fixture
def newest(log):
    return selectors.latest_checkpoint()


@pytest.mark.django_db
def test_before_the_first_run_there_is_nothing():
    assert selectors.latest_checkpoint() is None
    assert selectors.public_file("checkpoint") is None


def test_checkpoints_by_size(log):
    assert [checkpoint.size for checkpoint in selectors.iter_checkpoints()] == [
        0,
        1,
        255,
        256,
        300,
        600,
    ]
    assert [checkpoint.size for checkpoint in selectors.iter_checkpoints(after=255)] == [
        256,
        300,
        600,
    ]
    assert selectors.checkpoint_at(300).size == 300
    assert selectors.checkpoint_at(301) is None


def test_checkpoints_come_in_pages(log, monkeypatch):
    monkeypatch.setattr(selectors, "_CHECKPOINTS_AT_ONCE", 3)
    assert [checkpoint.size for checkpoint in selectors.iter_checkpoints()] == [
        0,
        1,
        255,
        256,
        300,
        600,
    ]


def test_entries_come_in_pages(log, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(selectors, "_ENTRIES_AT_ONCE", 100)
    with django_assert_num_queries(3):
        found = list(selectors.iter_entries(150, 420))
    assert [index for index, _ in found] == list(range(150, 420))
    assert [event.facts["number"] for _, event in found] == list(range(150, 420))


def test_events_and_their_places(log):
    event = selectors.entry(41)
    assert (selectors.leaf_index(event), event.step) == (41, 42)
    assert list(selectors.events_of_case(CASE)[41:42]) == [event]
    with pytest.raises(Event.DoesNotExist):
        selectors.entry(SIZE)


@pytest.mark.django_db
def test_the_backlog_is_what_waits():
    assert selectors.backlog() == selectors.Backlog(0, None)
    before = dt.datetime.now(dt.UTC)
    event = append.append(name="case.viewed", role="reviewer")
    waiting = selectors.backlog()
    assert (waiting.count, waiting.oldest >= before) == (1, True)
    assert selectors.leaf_index(event) is None


def test_every_leaf_is_proved_at_any_size(hashes):
    for size in (1, 2, 255, 256, 257, 300, 511, 512, 513, 600):
        tree_root = merkle.root(hashes[:size])
        for index in {0, 1, size // 2, size - 1} & set(range(size)):
            proof = selectors.inclusion_proof(index, size)
            merkle.verify_inclusion(index, size, hashes[index], proof, tree_root)


def test_every_size_is_proved_to_be_a_prefix(hashes):
    for old in (1, 2, 100, 255, 256, 257, 300, 512, 599, 600):
        proof = selectors.consistency_proof(old, SIZE)
        merkle.verify_consistency(old, SIZE, merkle.root(hashes[:old]), merkle.root(hashes), proof)


def test_what_is_outside_the_log_is_refused(log):
    with pytest.raises(ValueError, match="not in a tree"):
        selectors.inclusion_proof(300, 300)
    with pytest.raises(ValueError, match="cannot be a prefix"):
        selectors.consistency_proof(301, 300)
    with pytest.raises(TreeError, match="lacks hashes"):
        selectors.inclusion_proof(0, SIZE + 1)


def test_a_proof_file_proves_the_event(log, newest):
    event = selectors.entry(123)
    proof = parse_proof(selectors.proof_text(event))
    head = verify_proof(proof, event.leaf, log_verifier())
    assert (proof.index, head.size, proof.checkpoint) == (123, SIZE, newest.note)


def test_a_proof_file_against_an_earlier_checkpoint(log):
    text = selectors.proof_text(selectors.entry(123), selectors.checkpoint_at(256))
    assert verify_proof(parse_proof(text), selectors.entry(123).leaf, log_verifier()).size == 256
    assert selectors.proof_text(selectors.entry(256), selectors.checkpoint_at(256)) is None


def test_an_event_without_a_place_has_no_proof_yet(log):
    event = append.append(name="case.viewed", role="reviewer", case=CASE)
    assert selectors.proof_text(event) is None


def test_many_proofs_share_their_reads(newest, django_assert_max_num_queries):
    # Two full tiles, the partial one, and the one above them.
    with django_assert_max_num_queries(4):
        texts = dict(selectors.iter_proofs(range(SIZE), newest))
    assert texts[123] == selectors.proof_text(selectors.entry(123))
    assert list(texts) == list(range(SIZE))


def test_a_consistency_file_leads_from_the_old_root_to_the_new_one(hashes, newest):
    body = parse_add_checkpoint(selectors.consistency_text(300, newest))
    assert (body.old, body.checkpoint) == (300, newest.note)
    merkle.verify_consistency(300, SIZE, merkle.root(hashes[:300]), bytes(newest.root), body.hashes)


def test_the_hash_tiles_of_a_size(hashes):
    files = dict(selectors.iter_hash_tiles(SIZE))
    assert list(files) == ["tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2"]
    assert files["tile/0/002.p/88"] == b"".join(hashes[512:])
    assert files["tile/1/000.p/2"] == merkle.root(hashes[:256]) + merkle.root(hashes[256:512])


def test_the_entry_bundles_of_a_size(log):
    files = dict(selectors.iter_entry_bundles(SIZE))
    assert list(files) == ["tile/entries/000", "tile/entries/001", "tile/entries/002.p/88"]
    entries = [entry for bundle in files.values() for entry in decode_bundle(bundle)]
    assert entries == [event.leaf for _, event in selectors.iter_entries(0, SIZE)]


def test_the_checkpoint_is_public_and_changes(newest):
    served = selectors.public_file("checkpoint")
    assert served.body.decode() == newest.note
    assert (served.content_type, served.immutable) == ("text/plain; charset=utf-8", False)


def test_hash_tiles_are_public_and_never_change(log):
    served = selectors.public_file("tile/0/001")
    assert served.body == dict(selectors.iter_hash_tiles(SIZE))["tile/0/001"]
    assert (served.content_type, served.immutable) == ("application/octet-stream", True)


def test_the_tiles_of_every_checkpoint_are_served(log):
    for checkpoint in selectors.iter_checkpoints():
        for path, body in selectors.iter_hash_tiles(checkpoint.size):
            assert selectors.public_file(path).body == body


def test_what_no_checkpoint_covers_is_not_served(log):
    append.append(name="case.viewed", role="reviewer", case=CASE)
    for path in (
        "",
        "tile/0/002",
        "tile/0/002.p/89",
        "tile/0/003.p/1",
        "tile/1/000.p/3",
        "tile/2/000.p/1",
        "tile/63/000",
        "tile/0/x999/999/999",
        "../checkpoint",
    ):
        assert selectors.public_file(path) is None


def test_entries_are_not_public(log):
    assert selectors.public_file("tile/entries/000") is None
