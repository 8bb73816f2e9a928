"""The story of a case: every step has its sentence, and each reader sees what is for them."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone, translation

from tests.factories import INTAKE, OFFICER, OTHER_OFFICER, file, make_case, provider
from workflows.cases import correspondence, staff_actions
from workflows.cases.lifecycle import MOVES, State
from workflows.cases.models import Case
from workflows.cases.timeline import (
    PUBLIC_SENTENCES,
    STAFF_SENTENCES,
    public_timeline,
    staff_timeline,
)
from workflows.ledger.models import Event
from workflows.retention.erasure import erase, request_erasure

pytestmark = pytest.mark.django_db

# What staff do among themselves; the person reads nothing of it.
INNER = {
    "case.assigned",
    "case.viewed",
    "finding.recorded",
    "note.written",
    "abuse.reported",
    "merge.proposed",
    "merge.declined",
    "clock.reminded",
    "complaint.reminded",
    "clock.recomputed",
    "erasure.requested",
    "bundle.exported",
    "notice.sent",
    "lookup.requested",
    "lookup.finished",
    "match.reviewed",
    "match.undone",
    "match.carried",
    "spelling.added",
    "change.specified",
    "manifest.made",
    "manifest.withdrawn",
    "manifest.receipt",
    "rescan.requested",
    "rescan.passed",
    "rescan.failed",
    "recipient.notified",
    "recipient.reminded",
    "recipient.confirmed",
    "suppression.added",
    "suppression.tested",
    "suppression.withdrawn",
    "tombstone.returned",
    "tombstone.resolved",
}


@pytest.mark.parametrize("event", sorted({move.event for move in MOVES.values()}))
def test_each_event_of_the_table_has_a_sentence(event):
    assert event in STAFF_SENTENCES
    assert (event in PUBLIC_SENTENCES) == (event not in INNER)


def test_each_event_that_the_domain_records_has_a_sentence():
    sources = Path(settings.BASE_DIR, "workflows").rglob("*.py")
    recorded = {
        name
        for source in sources
        if "migrations" not in source.parts
        for name in re.findall(
            r'append_case_event\(\s*[\w.]+,\s*"([a-z_]+\.[a-z_]+)"',
            source.read_text(encoding="utf-8"),
        )
    }

    assert {"case.received", "note.written", "case.viewed", "case.joined"} <= recorded
    assert recorded <= set(STAFF_SENTENCES)


def test_there_is_no_sentence_beyond_these():
    assert set(PUBLIC_SENTENCES) == set(STAFF_SENTENCES) - INNER


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("sentences", [PUBLIC_SENTENCES, STAFF_SENTENCES])
def test_sentences_end_like_sentences(language, sentences):
    with translation.override(language):
        for sentence in map(str, sentences.values()):
            assert sentence.endswith((".", "。"))


@pytest.mark.parametrize("state", list(State))
def test_staff_read_every_step_in_order(state):
    case = make_case(state)

    entries = staff_timeline(case)

    events = Event.objects.filter(case=case.pseudonym).order_by("step")
    assert [entry.name for entry in entries] == [event.name for event in events]
    assert all(entry.sentence and entry.role for entry in entries)


def test_the_person_reads_no_inner_business():
    case = make_case(State.IN_REVIEW)
    correspondence.write_note(case, INTAKE, "Between us.")
    staff_actions.log_case_view(case, INTAKE, what="case")
    staff_actions.report_abuse(case, INTAKE, "Odd.")

    assert {entry.name for entry in public_timeline(case)} == {
        "case.received",
        "contact.confirmed",
        "triage.begun",
        "review.begun",
    }


def test_a_case_under_two_laws_is_received_once():
    provider(established_in=["DE"], offers_service_in=["CN"])
    case = make_case(State.RECEIVED)

    assert [entry.name for entry in public_timeline(case)] == [
        "case.received",
        "contact.confirmed",
    ]


def test_the_story_of_an_erased_case_is_still_told():
    case = make_case(State.CLOSED)
    request_erasure(case, OFFICER, "retention_over")
    erase(case, OTHER_OFFICER)

    assert public_timeline(case)[-1].name == "case.erased"


def test_it_is_one_query(django_assert_num_queries):
    case = Case.objects.get(pk=make_case(State.CLOSED).pk)

    with django_assert_num_queries(1):
        public_timeline(case)


def test_a_request_entered_later_is_told_on_the_day_it_came_in():
    case = file(at=timezone.now() - timedelta(days=9)).case

    assert public_timeline(case)[0].at == case.filed_at
    assert staff_timeline(case)[0].at > case.filed_at + timedelta(days=8)
