"""The table of pages is complete and consistent."""

import pytest
from django.utils import translation

from requests_portal.public.forms import items, people
from requests_portal.public.forms.base import chosen_kinds, first_value, is_blank
from requests_portal.public.steps import CHECK, STEPS, applicable_steps, find_step, neighbour
from workflows.vocabulary.item_kinds import ItemKind

EVERYTHING = {
    "wishes": [{"kinds": list(ItemKind.values)}],
    "role": [{"role": "agent"}],
    "residence": [{"country": "DE"}],
}


def test_no_two_pages_share_an_address():
    slugs = [step.slug for step in STEPS]

    assert len(set(slugs)) == len(slugs)
    assert CHECK not in slugs


@pytest.mark.parametrize("kind", ItemKind.values)
def test_every_kind_can_be_chosen_is_explained_and_is_asked_about(kind):
    form = items.RequestTypesForm()
    assert kind in dict(form.fields["kinds"].choices)
    assert form.option_hints["kinds"][kind]
    asked = applicable_steps({"wishes": [{"kinds": [kind]}]})
    if kind in items.DETAILED:
        assert find_step(kind) in asked
    else:
        form = items.StatementsForm(answers={"wishes": [{"kinds": [kind]}]})
        assert form.fields[kind].help_text
        assert find_step("statements") in asked


def test_all_pages_apply_to_who_wants_everything_for_somebody_else():
    assert applicable_steps(EVERYTHING) == list(STEPS)


def test_back_and_forth_lead_through_all_pages():
    forth = [STEPS[0].slug]
    while forth[-1] != CHECK:
        forth.append(neighbour(find_step(forth[-1]), EVERYTHING, 1))
    assert forth == [*(step.slug for step in STEPS), CHECK]
    assert neighbour(STEPS[0], EVERYTHING, -1) is None
    assert [neighbour(step, EVERYTHING, -1) for step in STEPS[1:]] == forth[:-2]


def test_a_page_that_applies_no_more_still_has_neighbours():
    assert neighbour(find_step("part"), {}, 1) == "subject"


@pytest.mark.parametrize("answers", [{}, {"wishes": []}, {"wishes": [{}]}])
def test_answers_that_are_not_there_are_empty(answers):
    assert chosen_kinds(answers) == []
    assert first_value(answers, "wishes", "kinds") == ""


@pytest.mark.parametrize(
    ("row", "blank"),
    [({}, True), ({"a": " \n"}, True), ({"a": []}, True), ({"a": "x"}, False)],
)
def test_a_row_is_blank_when_nothing_was_typed(row, blank):
    assert is_blank(row) is blank


@pytest.mark.parametrize(
    ("role", "question"),
    [
        ("self", "Where do you live?"),
        ("guardian", "Where does the person live?"),
        ("near_relative", "Where did the person live?"),
    ],
)
def test_nobody_is_asked_where_the_dead_live(role, question):
    with translation.override("en"):
        assert find_step("residence").question_in({"role": [{"role": role}]}) == question


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "example"),
    [("guardian", "I am the father"), ("near_relative", "I am an heir"), ("agent", "the mandate")],
)
def test_the_example_of_a_right_fits_who_asks(role, example):
    with translation.override("en"):
        form = people.RequesterForm(answers={**EVERYTHING, "role": [{"role": role}]})

    assert example in form.fields["authority"].help_text
