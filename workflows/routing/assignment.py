"""Giving cases to teams and people."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.accounts.actors import Actor, actor_for
from workflows.cases.lifecycle import Action
from workflows.cases.models import Case
from workflows.cases.transition import advance
from workflows.common.errors import InvalidInput
from workflows.routing.models import Assignment, RoutingRule, Team
from workflows.routing.rules import matches

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def choose_team(case: Case) -> Team | None:
    """Return the team of the first rule that matches, or None when no rule does."""
    for rule in RoutingRule.objects.select_related("team"):
        if matches(rule, case.kinds, case.applicable_regimes, case.language):
            return rule.team
    return None


def assign(case: Case, actor: Actor, team: Team, assignee: "User | None" = None) -> Assignment:
    """Give a case to a team, and to one of its members if named.

    Raises `InvalidInput` when the person named is not in the team.
    """
    if assignee is not None and not team.members.filter(pk=assignee.pk).exists():
        raise InvalidInput(_("Choose a member of the team."))
    with transaction.atomic():
        advance(
            case,
            Action.ASSIGN,
            actor,
            facts={
                "team": team.pk,
                "assignee": actor_for(assignee).pseudonym if assignee else "",
            },
        )
        assignment, _created = Assignment.objects.update_or_create(
            case=case,
            defaults={"team": team, "assignee": assignee, "assigned_at": timezone.now()},
        )
    return assignment
