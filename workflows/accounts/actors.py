"""Who acts, as the tables of moves, the register and the log see them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, Concat, NullIf, Trim

from workflows.accounts.models import StaffIdentity
from workflows.vocabulary.roles import Role

if TYPE_CHECKING:
    from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from workflows.common.errors import Refused

STAFF_ROLES = frozenset(
    {
        Role.INTAKE,
        Role.REVIEWER,
        Role.APPROVER,
        Role.DATA_STEWARD,
        Role.PRIVACY_OFFICER,
        Role.ADMINISTRATOR,
    }
)


STEWARDS = frozenset({Role.DATA_STEWARD})
OFFICERS = frozenset({Role.PRIVACY_OFFICER})


@dataclass(frozen=True, slots=True)
class Actor:
    """One who acts: the roles they hold and the pseudonym under which the log knows them."""

    roles: frozenset[Role]
    pseudonym: str = ""

    def role_for(self, allowed: frozenset[Role]) -> Role:
        """Return the role under which this actor takes a move that `allowed` roles may take."""
        return min(self.roles & allowed, key=list(Role).index)

    @property
    def role(self) -> Role:
        """Return the first of the actor's roles, for events outside the table of moves.

        A superuser without roles acts as administrator.
        """
        return min(self.roles, key=list(Role).index, default=Role.ADMINISTRATOR)


PUBLIC = Actor(frozenset({Role.PUBLIC}))
SYSTEM = Actor(frozenset({Role.SYSTEM}))


def actor_for(user: "User") -> Actor:
    """Return the actor for a signed-in user, from the groups named like the roles.

    Costs one query for the groups and one for the pseudonym, which is made at first need.
    """
    names = set(user.groups.values_list("name", flat=True))
    roles = frozenset(role for role in (*STAFF_ROLES, Role.REGULATOR) if role in names)
    identity, _created = StaffIdentity.objects.get_or_create(user=user)
    return Actor(roles, identity.pseudonym)


def name_behind(column: str) -> Subquery:
    """Return what colleagues call the one whose pseudonym stands in a column of the outer query.

    Null where the account is gone.
    """
    full_name = Trim(Concat("user__first_name", Value(" "), "user__last_name"))
    called = Coalesce(NullIf(full_name, Value("")), "user__username")
    identities = StaffIdentity.objects.filter(pseudonym=OuterRef(column))
    return Subquery(identities.annotate(called=called).values("called")[:1])


def require_role(actor: Actor, roles: frozenset[Role]) -> Role:
    """Return the role under which this actor changes the register. Raises `Refused`."""
    if not actor.roles & roles:
        raise Refused(_("Your role does not allow you to change this in the register."))
    return actor.role_for(roles)
