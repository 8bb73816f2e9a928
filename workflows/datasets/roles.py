"""Who may change the register."""

from django.utils.translation import gettext as _

from workflows.cases.actors import Actor
from workflows.common.errors import Refused
from workflows.vocabulary.roles import Role

STEWARDS = frozenset({Role.DATA_STEWARD})
OFFICERS = frozenset({Role.PRIVACY_OFFICER})


def require_role(actor: Actor, roles: frozenset[Role]) -> Role:
    """Return the role under which this actor changes the register. Raises `Refused`."""
    if not actor.roles & roles:
        raise Refused(_("Your role does not allow you to change this in the register."))
    return actor.role_for(roles)
