"""What the definition of a kind lacks is named when the portal starts, not when a case needs it."""

from dataclasses import replace

import pytest
from django.core.checks import run_checks

from tests.factories import make_case
from workflows.cases import checks as cases_checks
from workflows.notices import checks as notices_checks
from workflows.notices import facts
from workflows.notices.composing import compose
from workflows.notices.kinds import DEFINITIONS
from workflows.notices.models import Notice, NoticeText
from workflows.notices.phrases import phrases
from workflows.regimes.services import all_regimes
from workflows.vocabulary.item_kinds import ItemKind, Question, QuestionPage
from workflows.vocabulary.notices import NoticeElement, NoticeKind
from workflows.vocabulary.outcomes import Outcome


def found() -> list[str]:
    """Return what the checks of kinds find, each as its id and its message."""
    return [f"{message.id} {message.msg}" for message in run_checks(tags=["kinds"])]


def test_nothing_is_missing():
    assert found() == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"outcomes": ()}, "cases.E001"),
        ({"outcomes": (Outcome.PROVIDED, Outcome.REFUSED)}, "cases.E001"),
        ({"substitutes": frozenset({Outcome.DELETED})}, "cases.E001"),
        ({"notice_by_outcome": {Outcome.DELETED: "deletion_answer"}}, "cases.E001"),
        ({"statement_hint": ""}, "cases.E001"),
        ({"form_position": ItemKind.DELETE.definition.form_position}, "cases.E001"),
        ({"notice": "postcard"}, "notices.E004"),
        ({"notice": "fee"}, "notices.E004"),
        ({"california_type": "sing"}, "statistics.E001"),
    ],
)
def test_what_is_wrong_with_an_item_kind_is_named(monkeypatch, changes, named):
    changed = replace(ItemKind.COPY.definition, **changes)
    monkeypatch.setattr(ItemKind.COPY, "definition", changed)

    assert [message.split()[0] for message in found()] == [named]


def test_a_choice_of_the_form_that_asks_for_nothing_is_named(monkeypatch):
    changed = replace(ItemKind.CONSULT.definition, usual=False)
    monkeypatch.setattr(ItemKind.CONSULT, "definition", changed)

    assert [message for message in found() if "'show'" in message]


@pytest.mark.parametrize("details", [("hair",), ("correct", "correct")])
def test_a_page_asks_for_each_detail_once_and_for_no_other(monkeypatch, details):
    page = QuestionPage(
        title="?",
        questions=tuple(Question(detail=detail, label="?") for detail in details),
        row="",
        add="",
        remove="",
    )
    changed = replace(ItemKind.COPY.definition, page=page)
    monkeypatch.setattr(ItemKind.COPY, "definition", changed)

    assert [message for message in found() if f"'{details[0]}'" in message]


def test_a_kind_of_which_no_law_knows_is_named(monkeypatch):
    lawless = [replace(regime, items={}) for regime in all_regimes()]
    monkeypatch.setattr(cases_checks, "all_regimes", lambda: lawless)

    assert len([message for message in found() if message.startswith("cases.W001")]) == len(
        ItemKind
    )


def test_a_notice_without_definition_or_text_is_named(monkeypatch):
    without = {kind: each for kind, each in DEFINITIONS.items() if kind != NoticeKind.FEE}
    monkeypatch.setattr(notices_checks, "DEFINITIONS", without)
    monkeypatch.setattr(
        notices_checks,
        "bundled_texts",
        lambda: {("", kind, "en"): "#" for kind in NoticeKind},
    )

    ids = [message.split()[0] for message in found()]

    assert ids.count("notices.E001") == 1
    assert ids.count("notices.E003") == len(NoticeKind)


def test_what_a_new_language_lacks_is_named(settings):
    settings.LANGUAGES = [*settings.LANGUAGES, ("xx", "Xx")]

    ids = [message.split()[0] for message in found()]

    assert ids.count("notices.E003") == len(NoticeKind)
    assert ids.count("notices.E006") == len(phrases("en")) == len(phrases("zh-hans"))
    assert any("'due.by' in xx" in message for message in found())


def test_a_notice_without_an_example_is_named(monkeypatch):
    bare = replace(DEFINITIONS[NoticeKind.FEE], example=None)
    monkeypatch.setattr(notices_checks, "DEFINITIONS", {**DEFINITIONS, NoticeKind.FEE: bare})

    assert [message.split()[0] for message in found()] == ["notices.E002"]


@pytest.mark.parametrize(
    ("model", "column", "words"),
    [
        (Notice, "kind", NoticeKind),
        (NoticeText, "kind", NoticeKind),
        (Notice, "elements", NoticeElement),
    ],
)
def test_a_word_longer_than_its_column_is_named(monkeypatch, model, column, words):
    longest = max(map(len, words))
    field = model._meta.get_field(column)
    monkeypatch.setattr(getattr(field, "base_field", field), "max_length", longest - 1)

    named = [message.split("'")[1] for message in found() if message.startswith("notices.E005")]

    assert named == [word for word in words if len(word) == longest]
    assert len(named) == len(found())


def test_what_a_law_asks_of_a_notice_that_cannot_tell_it_is_named(monkeypatch):
    silent = replace(DEFINITIONS[NoticeKind.EXTENSION], placeholders=frozenset({"reasons"}))
    monkeypatch.setattr(
        notices_checks, "DEFINITIONS", {**DEFINITIONS, NoticeKind.EXTENSION: silent}
    )

    messages = found()

    assert messages
    assert all(m.startswith("notices.W001") and "'new_date'" in m for m in messages)


def test_a_law_can_require_what_a_notice_has_the_placeholders_for():
    assert DEFINITIONS[NoticeKind.FEE].can_tell(NoticeElement.FEE_AMOUNT)
    assert not DEFINITIONS[NoticeKind.LATENESS].can_tell(NoticeElement.FEE_AMOUNT)
    assert DEFINITIONS[NoticeKind.LATENESS].can_tell(NoticeElement.APOLOGY)


@pytest.mark.django_db
def test_no_notice_is_made_from_the_facts_of_another():
    case = make_case()

    with pytest.raises(TypeError):
        compose(case, NoticeKind.FEE, facts.Lateness(None))
