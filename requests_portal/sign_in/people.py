"""Who looks at a page: the roles of the member of staff, once a request, and names of others."""

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from workflows.accounts.actors import Actor, actor_for
from workflows.accounts.models import StaffIdentity
from workflows.vocabulary.roles import Role

# The roles that work on cases. An administrator keeps accounts and sees no case, and neither
# does a superuser without one of these roles.
CASE_ROLES = frozenset(
    {Role.INTAKE, Role.REVIEWER, Role.APPROVER, Role.DATA_STEWARD, Role.PRIVACY_OFFICER}
)


def user_of(request: HttpRequest) -> User:
    """Return who is signed in; the admin lets nobody else come this far."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def actor_of(request: HttpRequest) -> Actor:
    """Return the actor who makes this request; looked up once."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        actor = actor_for(user_of(request))
        request.actor = actor  # type: ignore[attr-defined]  # kept for the length of the request
    return actor


def has_case_role(request: HttpRequest) -> bool:
    """Return whether this member of staff holds a role that may see cases."""
    return bool(actor_of(request).roles & CASE_ROLES)


def display_name(user: User) -> str:
    """Return how a colleague is called on a page."""
    return user.get_full_name() or user.get_username()


def names_of(pseudonyms: Iterable[str]) -> dict[str, str]:
    """Return the names of colleagues by the pseudonyms under which the log knows them. One query.

    A pseudonym whose account is gone is missing; the page then shows the pseudonym itself.
    """
    identities = StaffIdentity.objects.select_related("user").filter(pseudonym__in=set(pseudonyms))
    return {identity.pseudonym: display_name(identity.user) for identity in identities}
