"""The answer: every item, every place that was searched, and how to go on from there."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone, translation

from tests.factories import (
    APPROVER,
    ERIKA,
    REVIEWER,
    WANG,
    ground_for,
    in_review_with_proof,
    make_case,
)
from tests.laws import LAWS_IN_FORCE, reach
from workflows.cases import staff_actions
from workflows.cases.filing_request import FiledItem
from workflows.cases.lifecycle import State
from workflows.cases.models import Message
from workflows.cases.staff_actions import ItemProposal
from workflows.notices import moves
from workflows.notices.answers import compose_answer
from workflows.notices.document import to_text
from workflows.regimes.services import get_regime
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.outcomes import Outcome, Scope, ScopeResult

pytestmark = pytest.mark.django_db


def text_of(case) -> str:
    return to_text(compose_answer(case).document)


def decide(case, outcomes: list[str], **changes) -> str:
    staff_actions.propose_decision(
        case,
        REVIEWER,
        [
            ItemProposal(
                item,
                outcome,
                f"Reasons of item {item.position}.",
                **{"ground": ground_for(item, outcome), **changes},
            )
            for item, outcome in zip(case.items.all(), outcomes, strict=True)
        ],
    )
    return text_of(case)


def test_it_speaks_of_every_item_with_outcome_and_reasons():
    text = decide(in_review_with_proof(ERIKA), [Outcome.PROVIDED, Outcome.NOT_HELD])

    for number, (kind, outcome) in enumerate(
        [("Get a copy", "Provided"), ("Delete information", "Nothing is held")], start=1
    ):
        assert f"{number}. {kind}" in text
        assert f"Outcome: {outcome}" in text
        assert f"Reasons of item {number}." in text


@pytest.mark.parametrize("kind", ItemKind.values)
def test_each_kind_of_item_can_be_answered(kind):
    case = make_case(State.IN_REVIEW, ERIKA, items=(FiledItem(kind),))

    assert str(ItemKind(kind).label) in decide(case, [Outcome.NOT_HELD])


def test_it_names_each_of_the_five_places_and_what_the_search_came_to():
    case = in_review_with_proof(ERIKA)
    scopes = dict(
        zip(
            Scope,
            [
                ScopeResult.FOUND,
                ScopeResult.SEARCHED,
                ScopeResult.NOT_SEARCHED,
                ScopeResult.NOT_IDENTIFIABLE,
                ScopeResult.SEARCHED,
            ],
            strict=True,
        )
    )
    staff_actions.record_finding(case, REVIEWER, case.items.first(), "Found.", scopes)

    text = decide(case, [Outcome.PROVIDED, Outcome.NOT_HELD])

    for scope, result in scopes.items():
        assert f"- {scope.label}: {result.label}" in text


@pytest.mark.parametrize("code", ["CN", "EU", "UK", "US-CA"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_it_names_authority_and_court_of_the_law_in_the_language_of_the_case(code, language):
    regime = get_regime(code)
    case = make_case(State.IN_REVIEW, ERIKA, residence=regime.default_place, language=language)

    text = decide(case, [Outcome.NOT_HELD, Outcome.NOT_HELD])

    authority = regime.authority_for(regime.default_place)
    assert authority.name.in_language(language) in text
    assert regime.court.text.in_language(language) in text
    assert regime.name.in_language(language) in text
    assert authority.address.in_language(language) in text
    assert authority.link in text


def test_the_authority_is_the_one_of_where_the_person_lives():
    case = make_case(State.IN_REVIEW, ERIKA, residence="IE")
    text = decide(case, [Outcome.NOT_HELD, Outcome.NOT_HELD])

    assert get_regime("EU").authority_for("IE").name.en in text


def test_a_refusal_tells_ground_and_citation():
    case = in_review_with_proof(replace(ERIKA, items=(FiledItem("delete"),)))
    ground = get_regime("EU").grounds["erasure_not_due"]

    text = decide(case, [Outcome.REFUSED], ground="erasure_not_due")

    assert ground.text.en in text
    assert ground.citations[0].en in text


def test_what_is_suppressed_is_never_called_deleted():
    case = in_review_with_proof(WANG)
    decide(case, [Outcome.SUPPRESSED_IN_OUTPUT])
    case.language = "en"

    text = text_of(case)

    assert "The data themselves were not deleted." in text
    assert "Outcome: Deleted" not in text


def test_it_tells_when_a_model_is_trained_again():
    case = in_review_with_proof(WANG)
    day = timezone.localdate() + timedelta(days=100)
    decide(case, [Outcome.QUEUED_FOR_RETRAINING], retraining_on=day)
    case.language = "en"

    assert f"{day.day} {day:%B %Y}" in text_of(case)


def test_what_is_queued_for_a_training_is_not_told_as_changed_or_checked():
    case = in_review_with_proof(WANG)
    case.items.update(is_verified=False)
    day = timezone.localdate() + timedelta(days=100)
    decide(case, [Outcome.QUEUED_FOR_RETRAINING], retraining_on=day)
    case.language = "en"

    text = text_of(case)

    assert "the data and the model stay as they are" in text
    assert "we checked" not in text
    assert "changed the training data" not in text


def test_no_training_is_promised_with_an_outcome_that_waits_for_none():
    case = in_review_with_proof(WANG)
    decide(case, [Outcome.NOT_HELD], retraining_on=date(2020, 1, 1))
    case.language = "en"

    assert "2020" not in text_of(case)


@pytest.mark.parametrize("reasons", ['<b>&amp; "quoted"</b> {{ case }} {% now %}', "王小明 ’"])
def test_reasons_stand_in_the_answer_as_they_were_written(reasons):
    case = in_review_with_proof(WANG)
    moves.propose_decision(
        case, REVIEWER, [ItemProposal(case.items.get(), Outcome.NOT_HELD, reasons)]
    )

    assert reasons in text_of(case)


def test_it_is_written_in_the_language_of_the_case_whoever_sends_it():
    case = make_case(State.DECISION_PROPOSED, ERIKA)
    with translation.override("zh-hans"):
        staff_actions.approve(case, APPROVER)
        message = moves.answer(case, APPROVER)

    assert message.body.startswith("Our answer to case")
    assert message.body == Message.objects.get(kind=Message.Kind.ANSWER).body


@pytest.mark.parametrize("regime", LAWS_IN_FORCE, ids=lambda regime: regime.code)
def test_each_law_can_be_answered_under(regime):
    case = make_case(State.ANSWERED, ERIKA, residence=reach(regime))

    assert case.messages.filter(kind=Message.Kind.ANSWER).exists()


def test_its_days_are_those_of_the_law_and_not_of_the_server():
    evening_in_london = datetime(2026, 3, 2, 20, 30, tzinfo=UTC)
    case = in_review_with_proof(WANG)
    case.filed_at = evening_in_london
    case.save(update_fields=["filed_at"])

    assert "2026年3月3日" in decide(case, [Outcome.NOT_HELD])


def test_the_places_stand_in_the_order_in_which_the_law_names_them():
    case = in_review_with_proof(ERIKA)
    places = dict.fromkeys(reversed(Scope), ScopeResult.SEARCHED)
    staff_actions.record_finding(case, REVIEWER, case.items.first(), "Nothing.", places)

    with translation.override("en"):
        names = [f"- {scope.label}:" for scope in Scope]
    text = decide(case, [Outcome.NOT_HELD, Outcome.NOT_HELD])
    found = [text.index(name) for name in names]
    assert found == sorted(found)


def test_the_rights_of_the_law_are_told_in_the_order_of_the_form():
    case = make_case(State.IN_REVIEW, WANG, items=(FiledItem("consult"),))
    text = decide(case, [Outcome.NOT_HELD])

    with translation.override("zh-hans"):
        places = [text.rfind(f"- {kind.label}\n") for kind in ItemKind]
    told = [place for place in places if place > 0]
    assert len(told) > 5
    assert told == sorted(told)
