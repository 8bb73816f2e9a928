"""What the staff's lists say as data: columns, and what nobody may do."""

from types import SimpleNamespace

import pytest
from django.contrib import admin
from django.utils.translation import gettext_lazy

from requests_portal.staff.base.model_admin import StaffAdmin, column

ITEM = SimpleNamespace(case=SimpleNamespace(number="C-1"), count=3)


class Shown:
    number = column(gettext_lazy("case"), "case.number", ordering="case__number")
    twice = column("twice", lambda entry: entry.count * 2)
    many = column("many", lambda entry: entry.count > 1, boolean=True)


def test_a_column_shows_an_attribute_or_what_a_function_makes_of_an_entry():
    assert (Shown().number(ITEM), Shown().twice(ITEM), Shown().many(ITEM)) == ("C-1", 6, True)


def test_a_column_says_what_a_list_needs_to_know_of_it():
    number, many = Shown.number, Shown.many
    assert (str(number.short_description), number.admin_order_field) == ("case", "case__number")
    assert (many.short_description, many.boolean) == ("many", True)


# Written down by hand: what stands here must not become possible by a permission.
FORBIDDEN = {
    "accountevent": "add change delete",
    "approvalrequest": "add change delete",
    "user": "delete",
    "case": "add change delete",
    "identitypolicy": "change delete",
    "manifest": "add change delete",
    "recipientnotice": "add change delete",
    "reingestion": "add change delete",
    "suppression": "change delete",
    "dataset": "delete",
    "pipelinetoken": "delete",
    "recipient": "delete",
    "snapshot": "delete",
    "trainedmodel": "delete",
    "noticetext": "change delete",
    "clauseattestation": "change delete",
    "effect": "add change delete",
    "businesscalendar": "change delete",
    "providerprofileversion": "change delete",
    "publishedlimit": "change delete",
    "accessevent": "add change delete",
    "bundlejob": "add change delete",
    "regulatoraccount": "delete",
    "team": "delete",
    "witness": "add change delete",
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_is_forbidden_no_permission_allows(name, rf):
    """A superuser holds every permission there is."""
    (listed,) = (
        one for model, one in admin.site._registry.items() if model._meta.model_name == name
    )
    request = rf.get("/")
    request.user = SimpleNamespace(has_perm=lambda _name: True, is_superuser=True)
    request.resolver_match = SimpleNamespace(url_name="")

    assert isinstance(listed, StaffAdmin)
    allowed = {
        verb
        for verb in ("add", "change", "delete")
        if getattr(listed, f"has_{verb}_permission")(request)
    }
    assert {"add", "change", "delete"} - allowed == set(FORBIDDEN[name].split())


def test_every_list_of_the_staff_is_looked_at():
    ours = {
        model._meta.model_name
        for model, one in admin.site._registry.items()
        if isinstance(one, StaffAdmin)
    }
    assert ours - set(FORBIDDEN) == {"routingrule"}
