"""The table of pages is complete and consistent."""

import pytest
from django.utils import translation

from requests_portal.public.forms import items, people, wishes
from requests_portal.public.forms.base import chosen_kinds, first_value, is_blank
from requests_portal.public.steps import (
    CHECK,
    STEP_COUNT,
    STEPS,
    applicable_steps,
    find_step,
    neighbour,
    number_of,
)
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
    form = wishes.RequestTypesForm({"kinds": [kind]})
    [choice] = [each for each in form.choices() if each.option.widget.data["selected"]]
    assert form.is_valid()
    assert choice.option.hint
    assert kind in [right.widget.data["value"] for right in choice.rights] or not choice.rights
    assert all(right.hint for right in choice.rights)
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


@pytest.mark.parametrize("kinds", [["delete"], ["correct"], ["correct", "model_output"], ["copy"]])
@pytest.mark.parametrize("role", ["self", "agent"])
@pytest.mark.parametrize("country", ["CN", "DE"])
def test_the_count_of_steps_stays_and_is_walked_one_by_one(kinds, role, country):
    answers = {
        "wishes": [{"kinds": kinds}],
        "role": [{"role": role}],
        "residence": [{"country": country}],
    }
    walked = [number_of(step) for step in applicable_steps(answers)]

    assert sorted(set(walked)) == list(range(1, STEP_COUNT))
    assert walked == sorted(walked)


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
