"""Texts of notices: versions, publishing, what stands against it, and which one is used."""

import pytest

from tests.factories import ERIKA, OFFICER, file
from workflows.common.errors import InvalidInput
from workflows.ledger.models import Event
from workflows.notices.composing import compose
from workflows.notices.errors import TextRefused
from workflows.notices.facts import Clarification
from workflows.notices.languages import languages
from workflows.notices.models import Notice, NoticeText, Publication
from workflows.notices.services import send_notice
from workflows.notices.texts import (
    TextSlot,
    active_slots,
    active_text,
    bundled_texts,
    changed_lines,
    previous_body,
    publish,
    save_draft,
    validation_errors,
)
from workflows.regimes.services import all_regimes

pytestmark = pytest.mark.django_db

PLACE = TextSlot("", "clarification", "en")
GOOD = (
    "# Hello {case_number}\n\n[[question]]\n{question}\n\n[[effect_on_clock]]\n{effect_on_clock}\n"
)


def draft(body: str = GOOD, place: TextSlot = PLACE) -> NoticeText:
    return save_draft(place, body, OFFICER, "Counsel asked for it.")


@pytest.mark.parametrize("key", sorted(bundled_texts()))
def test_nothing_stands_against_what_comes_with_the_software(key):
    assert list(validation_errors(TextSlot(*key), bundled_texts()[key])) == []


def test_every_kind_has_a_text_in_both_languages_under_every_regime():
    for regime in all_regimes():
        for kind in regime.notices:
            assert {active_text(regime.code, kind, lang).place.kind for lang in languages()} == {
                kind
            }


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("Hello", "Line 1 cannot be read: #"),
        ("# A\n{question", "Line 2 cannot be read"),
        ("# A\n{question!r}", "Line 2 cannot be read: {question}"),
        ("# A\n{case.receipt}", "Line 2 cannot be read: {case.receipt}"),
        (GOOD + "{password}", "there is no placeholder {password} in this notice"),
        (GOOD + "Sir, {question}", "{question} has to stand on a line of its own"),
        (GOOD + "[[nonsense]]\nx", "there is no element nonsense"),
        (GOOD.replace("[[effect_on_clock]]", "[[]]"), "add [[effect_on_clock]]"),
        (GOOD.replace("[[question]]\n{question}", "[[question]]\nWhat?"), "need {question}"),
        (GOOD.replace("[[question]]\n{question}", "[[question]]\n## What?"), "add [[question]]"),
    ],
)
def test_a_text_at_fault_is_not_published_and_the_fault_is_named(body, fault):
    version = draft(body)

    with pytest.raises(TextRefused) as refused:
        publish(version, OFFICER)
    assert fault in str(refused.value)
    assert active_text("EU", "clarification", "en").version is None


def test_a_draft_is_in_use_only_once_it_is_published():
    case = file(ERIKA).case
    version = draft()
    assert compose(case, "clarification", Clarification("Q?")).document.title != "Hello"

    publish(version, OFFICER)

    assert compose(case, "clarification", Clarification("Q?")).document.title.startswith("Hello")


def test_what_a_newer_text_lacks_of_the_law_of_a_case_is_taken_from_the_one_before_it():
    case = file(ERIKA).case
    older = draft(GOOD.replace("{effect_on_clock}", "It goes on: {effect_on_clock}", 1))
    Publication.objects.create(text=older, by=OFFICER.pseudonym)
    newer = draft("# Hi {case_number}\n\n[[question]]\n{question}\n")
    # The law that was in force when it was published asked for nothing more.
    Publication.objects.create(text=newer, by=OFFICER.pseudonym)

    notice = send_notice(case, "clarification", Clarification("Q?"), key="one")

    assert set(notice.texts.all()) == {newer, older}
    assert "It goes on" in notice.message.body
    assert notice.message.body.startswith("Hi ")
    sent = Event.objects.get(name="notice.sent")
    assert sent.facts["version"] == {"clarification": newer.number}


def test_a_case_keeps_the_version_that_its_notice_was_made_from():
    case = file(ERIKA).case
    first = send_notice(case, "clarification", Clarification("Q?"), key="one")
    version = draft()
    publish(version, OFFICER)
    second = send_notice(case, "clarification", Clarification("Q?"), key="two")

    assert first.texts.get().body == bundled_texts()["", "clarification", "en"]
    assert first.texts.get().author == ""
    assert second.texts.get() == version
    assert Notice.objects.get(key="one").texts.get().number < version.number


def test_a_shipped_text_is_kept_once():
    case = file(ERIKA).case
    for key in ("one", "two"):
        send_notice(case, "clarification", Clarification("Q?"), key=key)

    assert NoticeText.objects.count() == 1


def test_the_text_of_a_regime_comes_before_the_one_for_all():
    own = draft(GOOD.replace("Hello", "Union"), TextSlot("EU", "clarification", "en"))
    publish(draft(), OFFICER)
    publish(own, OFFICER)

    assert active_text("EU", "clarification", "en").version == own
    assert active_text("UK", "clarification", "en").body == GOOD


def test_an_older_text_is_brought_back_as_a_new_version():
    publish(draft(), OFFICER)
    publish(draft(GOOD.replace("Hello", "Bye")), OFFICER)
    again = draft()
    publish(again, OFFICER)

    assert active_text("EU", "clarification", "en").version == again
    with pytest.raises(InvalidInput):
        publish(again, OFFICER)


def test_who_wrote_and_published_what_and_when_stands_in_the_log():
    version = draft()
    publish(version, OFFICER)

    for name in ("notice_text.drafted", "notice_text.published"):
        event = Event.objects.get(name=name)
        assert (event.actor, event.role) == (OFFICER.pseudonym, "privacy_officer")
        assert event.facts["sha256"] == version.digest
    assert version.reason == "Counsel asked for it."


@pytest.mark.parametrize(
    "place", [TextSlot("XX", "fee", "en"), TextSlot("", "x", "en"), TextSlot("", "fee", "fr")]
)
def test_there_is_no_draft_for_no_place(place):
    with pytest.raises(InvalidInput):
        save_draft(place, GOOD, OFFICER, "Why not.")


def test_the_difference_is_to_the_version_before_or_the_shipped_text():
    first = draft()
    assert previous_body(first) == bundled_texts()["", "clarification", "en"]
    second = draft(GOOD.replace("Hello", "Bye"))

    changes = [(line.sign, line.text) for line in changed_lines(previous_body(second), second.body)]
    assert ("-", "# Hello {case_number}") in changes
    assert ("+", "# Bye {case_number}") in changes


def test_the_list_shows_what_is_in_use_and_the_newest_draft(django_assert_num_queries):
    publish(draft(), OFFICER)
    newer = draft(GOOD.replace("Hello", "Bye"))

    with django_assert_num_queries(1):
        rows = {row.place: row for row in active_slots()}
    assert rows[PLACE].version.number == newer.number - 1
    assert rows[PLACE].draft == newer
    offered = [key for key in bundled_texts() if key[2] in languages()]
    assert {(place.regime, place.kind, place.language) for place in rows} == {*offered}


def test_the_texts_of_a_language_that_was_taken_out_are_kept_and_not_listed():
    NoticeText.objects.create(regime="", kind="answer", language="de", number=1, body="# Antwort")

    assert "de" not in {row.place.language for row in active_slots()}
    assert NoticeText.objects.filter(language="de").exists()
