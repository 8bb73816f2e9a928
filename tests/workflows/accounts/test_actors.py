"""Who acts: roles from groups, a pseudonym that stays and tells nothing."""

import pytest
from django.contrib.auth.models import Group

from tests.personas import STAFF, make_staff
from workflows.accounts.actors import PUBLIC, STAFF_ROLES, SYSTEM, Actor, actor_for
from workflows.accounts.models import StaffIdentity
from workflows.cases.lifecycle import MOVES
from workflows.vocabulary.roles import Role

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", [*STAFF, "regulator"])
def test_a_group_gives_its_role(role):
    assert actor_for(make_staff("somebody", role)).roles == {Role(role)}


def test_each_role_of_staff_has_its_group():
    names = set(Group.objects.values_list("name", flat=True))

    assert {*STAFF_ROLES, Role.REGULATOR} <= names
    assert not names & {Role.PUBLIC, Role.SYSTEM}


def test_several_groups_give_several_roles():
    assert actor_for(make_staff("both", "intake", "approver")).roles == {
        Role.INTAKE,
        Role.APPROVER,
    }


def test_a_group_of_another_name_and_no_group_give_nothing(outsider):
    outsider.groups.add(Group.objects.create(name="public"), Group.objects.create(name="chess"))

    assert actor_for(outsider).roles == set()


def test_a_superuser_gets_no_role_by_being_one(outsider):
    outsider.is_superuser = True
    outsider.save()

    assert actor_for(outsider).roles == set()
    assert actor_for(outsider).role == Role.ADMINISTRATOR  # in the log


def test_the_pseudonym_stays_and_tells_nothing(reviewer, approver):
    pseudonym = actor_for(reviewer).pseudonym

    assert actor_for(reviewer).pseudonym == pseudonym
    assert actor_for(approver).pseudonym != pseudonym
    assert reviewer.username not in pseudonym
    assert StaffIdentity.objects.count() == 2


def test_it_costs_two_queries(reviewer, django_assert_num_queries):
    actor_for(reviewer)

    with django_assert_num_queries(2):
        actor_for(reviewer)


def test_the_role_of_an_event_is_one_that_allows_the_move():
    many = Actor(frozenset(STAFF_ROLES), "staff-x")

    for move in MOVES.values():
        if move.roles & many.roles:
            assert many.role_for(move.roles) in move.roles
    assert (PUBLIC.role, SYSTEM.role) == (Role.PUBLIC, Role.SYSTEM)
