"""A log that an older portal has begun goes on: it is read, verified, and written further."""

import pytest
from django.db import transaction

from tests import factories as make
from tests.kept.kept import VERSIONS, keys_of, load_log
from workflows.accounts.account_log import ACCOUNT_EVENTS
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.cases.timeline import STAFF_SENTENCES, public_timeline, staff_timeline
from workflows.ledger import append, merkle, selectors, sequencer
from workflows.ledger.checkpoints import open_checkpoint, parse_proof, verify_proof
from workflows.ledger.evidence import cosigned_note, witness_verifier
from workflows.ledger.keys import log_verifier, log_vkey
from workflows.ledger.models import Checkpoint, Cosignature, Event, RegisterCounter, Timestamp
from workflows.ledger.verify import verify_log
from workflows.vocabulary.roles import ROLE_NAMES, Role

pytestmark = pytest.mark.django_db

# Steps that belong to no case and to no account. Whoever looks at the log alone reads their names.
OF_NOTHING = {"samples.loaded", "bundle.exported", "dataset.registered", "snapshot.registered"}


@pytest.fixture(params=VERSIONS, ids=lambda folder: folder.name)
def old(request, settings):
    """The folder of an older portal whose log lies in the database, under its own key."""
    keys = keys_of(request.param)
    settings.LEDGER_KEY, settings.LEDGER_ORIGIN = keys["LEDGER_KEY"], keys["LEDGER_ORIGIN"]
    settings.TIMESTAMP_CERTIFICATES = str(request.param / "authority.pem")
    load_log(request.param)
    return request.param


@pytest.fixture
def head(old):
    """The last checkpoint that the older portal has signed."""
    return open_checkpoint(selectors.latest_checkpoint().note, log_verifier())


def go_on(old_case):
    """Append to a case of the older portal, file a new one, and sequence both."""
    with transaction.atomic():
        event = append.append(name="note.written", role=Role.REVIEWER, case=old_case)
    case = make.make_case(State.ANSWERED)
    sequencer.drain_inbox()
    return event, case


def any_case():
    return Event.objects.filter(register="CN").earliest("pk").case


def test_it_verifies_as_it_is_with_what_others_have_signed(old, head):
    found = verify_log(previous=(old / "first.checkpoint").read_text())
    assert (found.size, found.root) == (head.size, head.root)
    assert found.size > 256
    assert found.checkpoints == Checkpoint.objects.count()
    assert found.cosignatures == Cosignature.objects.count() > 0
    assert found.timestamps == Timestamp.objects.count() > 0
    assert log_vkey() == keys_of(old)["vkey"]


def test_it_goes_on_from_its_last_checkpoint(old, head):
    case = any_case()
    steps = selectors.events_of_case(case).count()
    number = RegisterCounter.objects.get(register="CN").last
    old_note = selectors.latest_checkpoint().note

    event, new = go_on(case)

    assert event.step == steps + 1
    received = selectors.events_of_case(new.pseudonym).get(name="case.received")
    assert received.register_number == number + 1
    newest = open_checkpoint(selectors.latest_checkpoint().note, log_verifier())
    assert newest.size > head.size
    proof = selectors.consistency_proof(head.size, newest.size)
    merkle.verify_consistency(head.size, newest.size, head.root, newest.root, proof)
    assert verify_log(previous=old_note).size == newest.size


def test_the_proofs_of_old_entries_hold_before_and_after_it_went_on(old, head):
    earliest = parse_proof((old / "uk.tlog-proof").read_text())
    entry = bytes(selectors.entry(earliest.index).leaf)
    assert verify_proof(earliest, entry, log_verifier()).size <= head.size

    go_on(any_case())

    newest = selectors.latest_checkpoint()
    for index, text in selectors.iter_proofs(range(head.size), newest):
        entry = bytes(selectors.entry(index).leaf)
        assert verify_proof(parse_proof(text), entry, log_verifier()).size == newest.size


def test_old_cosignatures_are_published_and_hold(old):
    cosigned = Checkpoint.objects.filter(cosignatures__isnull=False).latest("size")
    key = witness_verifier(keys_of(old)["witness"])
    note = cosigned_note(cosigned)
    assert open_checkpoint(note, log_verifier(), [key]).size == cosigned.size
    assert note.count(key.name) == 1


def test_each_old_step_is_a_sentence_and_is_by_a_role_that_there_is(old):
    names = set(Event.objects.exclude(case=None).values_list("name", flat=True))
    assert len(names) > 40
    # The log holds many of them, the list all that the older portal could write of a case.
    listed = set((old / "steps.txt").read_text().split())
    assert names <= listed <= set(STAFF_SENTENCES)
    others = set(Event.objects.filter(case=None).values_list("name", flat=True))
    assert others <= {*ACCOUNT_EVENTS, *OF_NOTHING}
    assert {Role(role) for role in Event.objects.values_list("role", flat=True)} <= set(ROLE_NAMES)


def test_the_old_steps_of_a_case_are_its_timeline(old):
    """Rows of cases are not kept: a case of today that stands for all takes each old pseudonym."""
    stands_in = make.make_case(residence="DE-BE")
    versions = dict(stands_in.regime_versions)
    for residence in ("CN", "GB-ENG", "US-CA"):
        versions |= make.make_case(residence=residence).regime_versions
    pseudonyms = Event.objects.exclude(case=None).values_list("case", flat=True).distinct()
    for pseudonym in set(pseudonyms):
        case = Case(pseudonym=pseudonym, regime=stands_in.regime, regime_versions=versions)
        entries = staff_timeline(case)
        assert entries[0].name == "case.received"
        assert all(entry.sentence for entry in [*entries, *public_timeline(case)])
