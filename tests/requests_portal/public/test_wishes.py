"""The first page: everyday choices, the rights that each stands for, and what of both counts."""

import re

import pytest
from django.test import Client
from django.utils import translation

from requests_portal.public.forms.base import chosen_kinds
from requests_portal.public.forms.wishes import RequestTypesForm
from requests_portal.public.sessions import DraftSession
from tests.requests_portal.public.person import Visitor, errors_of, text_of
from workflows.cases.models import Draft
from workflows.vocabulary.item_kinds import KINDS_ON_FORM, ItemKind, kinds_of
from workflows.vocabulary.wishes import Wish


def ticks(form: RequestTypesForm) -> dict[str, list[str]]:
    """Return the ticked rights of each choice that is ticked."""
    return {
        choice.option.widget.data["value"]: [
            right.widget.data["value"] for right in choice.rights if right.widget.data["selected"]
        ]
        for choice in form.choices()
        if choice.option.widget.data["selected"]
    }


def ticked_beforehand(wish: Wish) -> set[str]:
    [choice] = [
        each for each in RequestTypesForm().choices() if each.option.widget.data["value"] == wish
    ]
    return {each.widget.data["value"] for each in choice.rights if each.widget.data["selected"]}


def kept(**sent: list[str]) -> list[str]:
    return RequestTypesForm().as_kept({"wishes": [], "kinds": [], **sent})["kinds"]


class TestTheChoices:
    def test_each_kind_belongs_to_one(self):
        assert sorted(kind for wish in Wish for kind in kinds_of(wish)) == sorted(KINDS_ON_FORM)

    @pytest.mark.parametrize(
        ("wish", "usual"),
        [
            (Wish.OUT_OF_TRAINING, {"delete", "opt_out_training"}),
            (Wish.SHOW, {"consult"}),
            (Wish.CORRECT, {"correct"}),
        ],
    )
    def test_have_the_usual_rights_ticked_beforehand(self, wish, usual):
        assert ticked_beforehand(wish) == usual

    @pytest.mark.parametrize("wish", [Wish.WRONG_OUTPUT, Wish.WORK_USED, Wish.COMPLAIN])
    def test_with_one_right_are_that_right(self, wish):
        assert ticked_beforehand(wish) == set()
        assert kept(wishes=["", wish]) == [kinds_of(wish)[0]]

    def test_none_is_ticked_before_the_person_was_there(self):
        assert ticks(RequestTypesForm()) == {}


class TestWhatCounts:
    def test_rights_under_a_choice_that_is_not_ticked_do_not(self):
        assert kept(wishes=["", "show"], kinds=["consult", "delete", "correct"]) == ["consult"]

    def test_nothing_does_where_no_choice_is_ticked(self):
        assert kept(wishes=[""], kinds=["consult", "delete"]) == []

    def test_rights_do_as_they_are_where_no_choices_were_sent(self):
        assert kept(kinds=["model_output", "delete"]) == ["delete", "model_output"]

    def test_rights_keep_their_order_whatever_the_order_of_the_choices(self):
        sent = {"wishes": ["", "out_of_training", "correct"], "kinds": ["delete", "correct"]}
        assert kept(**sent) == ["correct", "delete"]

    def test_what_is_no_right_is_kept_so_that_it_is_told(self):
        assert kept(wishes=["", "show"], kinds=["x"]) == ["x"]


class TestComingBack:
    def test_ticks_follow_the_draft(self):
        form = RequestTypesForm(initial={"wishes": ["show"], "kinds": ["copy"]})

        assert ticks(form) == {"show": ["copy"]}

    def test_a_draft_without_choices_has_those_of_its_rights(self):
        form = RequestTypesForm(initial={"kinds": ["delete", "restrict", "ip_claim"]})

        assert ticks(form) == {"out_of_training": ["delete", "restrict"], "work_used": []}

    def test_a_choice_without_a_right_stays_ticked(self):
        assert ticks(RequestTypesForm({"wishes": ["correct"], "kinds": []})) == {"correct": []}


def test_a_choice_without_a_right_is_told_where_it_is():
    with translation.override("en"):
        form = RequestTypesForm({"wishes": ["show", "correct"], "kinds": ["supplement"]})
        assert not form.is_valid()
        [error] = form.page_errors()

    assert error.message == (
        "Tick at least one thing under “Show me what you have about me”, or untick that choice."
    )
    assert error.anchor == f"id_kinds_{KINDS_ON_FORM.index(ItemKind.CONSULT)}"


@pytest.mark.django_db
class TestThePage:
    def test_keeps_what_counts(self):
        visitor = Visitor(Client(), "en")
        visitor.begin()
        sent = {"wishes": ["", "out_of_training"], "kinds": ["consult", "delete", "correct"]}
        response = visitor.answer("wishes", **sent)

        assert response.url == "/en/request/service/"
        token = visitor.client.cookies["draft"].value
        assert chosen_kinds(DraftSession(Draft.objects.get(), token).answers) == ["delete"]

    def test_tells_of_a_choice_without_a_right_in_both_places(self):
        visitor = Visitor(Client(), "en")
        visitor.begin()
        response = visitor.follow(visitor.answer("wishes", wishes=["", "show"]))

        [(anchor, sentence)] = errors_of(response)
        page = text_of(response)
        assert page.count(sentence) == 2
        assert f'id="{anchor}"' in page
        named = re.search(r'<fieldset class="rights has-error"\s+aria-describedby="(.*?)"', page)
        assert named
        assert f'id="{named[1]}"' in page

    def test_none_ticked_is_told_although_rights_lie_ticked_beneath(self):
        visitor = Visitor(Client(), "en")
        visitor.begin()
        response = visitor.follow(visitor.answer("wishes", wishes=[""], kinds=["delete"]))

        assert errors_of(response) == [("id_wishes_0", "Choose at least one thing that you want.")]
