"""What happens to accounts, as steps of the log: each is listed, the grave ones are mailed.

They are mailed to every privacy officer, also to one whose access is taken by that very step.
"""

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Func, Q, QuerySet, TextField
from django.utils.translation import gettext_lazy as _

from workflows.accounts.actors import Actor, actor_for, name_behind
from workflows.accounts.models import AccountEvent, ApprovalRequest, StaffIdentity
from workflows.ledger.append import append
from workflows.ledger.canonical import Json
from workflows.ledger.models import Event
from workflows.outbox.services import enqueue
from workflows.vocabulary.roles import ROLE_NAMES, Role

E = TypeVar("E", bound=AccountEvent)
TELL = "accounts.tell_officer"
RULE_BEGAN = "two_person_rule.began"

# Every name of a step about an account. `account_log_index.sql` makes an index over these.
ACCOUNT_EVENTS = {
    "approval.requested": _("asked for approval"),
    "approval.granted": _("approved"),
    "approval.rejected": _("rejected"),
    "approval.withdrawn": _("withdrew what waited for approval"),
    "account.activated": _("let in again"),
    "account.deactivated": _("locked out"),
    "account.address_changed": _("changed the e-mail address"),
    "account.renamed": _("changed the name"),
    "roles.changed": _("changed roles"),
    "invitation.mailed": _("mailed a link to set a password"),
    "invitation.accepted": _("accepted the invitation"),
    "invitation.revoked": _("revoked the mailed link"),
    "password.changed": _("changed the password"),
    "password.reset": _("set a password for somebody else"),
    "password.reset_by_link": _("set a new password by a mailed link"),
    "password.reset_by_mail": _("set a new password by a mailed link"),
    "password.changed_by_command": _("changed a password by a command on the server"),
    "second_factor.added": _("set up a second factor"),
    "second_factor.removed": _("removed a second factor"),
    "superuser.created": _("made a superuser by a command on the server"),
    "regulator.admitted": _("set which cases a regulator sees, and until when"),
    "token.issued": _("issued an API token to a regulator"),
    "token.requested": _("made an API token, which waits for approval"),
    "token.approved": _("made an API token usable"),
    "token.revoked": _("revoked an API token"),
    "pipeline.admitted": _("registered a pipeline, or changed it"),
    "pipeline.token_issued": _("made an API token for a pipeline"),
    "pipeline.token_approved": _("made an API token of a pipeline usable"),
    "pipeline.token_withdrawn": _("ended the access of a pipeline"),
    RULE_BEGAN: _("from here on a second person approves"),
}


class _Fact(Func):
    """One fact of an event as text, read from its leaf."""

    template = "(convert_from(%(expressions)s, 'UTF8')::jsonb -> 'facts' ->> '%(fact)s')"
    output_field = TextField()


def record(
    name: str,
    actor: Actor,
    account: User | None = None,
    facts: Mapping[str, Json] | None = None,
    *,
    tell: bool = False,
) -> Event:
    """Append what was done to an account, by pseudonyms; with `tell`, mail the privacy officers.

    Call it before the change where that takes away the role of the account: its owner is told.
    """
    about: dict[str, Json] = {"account": actor_for(account).pseudonym} if account else {}
    with transaction.atomic():
        event = append(
            name=name, role=actor.role, actor=actor.pseudonym, facts={**about, **(facts or {})}
        )
        if tell:
            tell_officers(event)
    return event


def tell_officers(event: Event) -> None:
    """Have every active privacy officer mailed that this happened."""
    officers = User.objects.filter(groups__name=Role.PRIVACY_OFFICER, is_active=True)
    for officer in officers.distinct().order_by("pk"):
        enqueue(
            TELL,
            key=f"{TELL}:{event.uid}:{officer.pk}",
            payload={"event": str(event.uid), "officer": officer.pk},
        )


def account_events(queryset: QuerySet[E]) -> QuerySet[E]:
    """Return the steps about accounts, with the names of `person` (who) and `concerned` (whom).

    Each is null where there is nobody, or the account is gone.
    """
    # The plugin of the type checker takes an annotated row for another type.
    found: Any = queryset.filter(name__in=list(ACCOUNT_EVENTS)).annotate(
        about=_Fact("leaf", fact="account"),
        person=name_behind("actor"),
        concerned=name_behind("about"),
    )
    return cast("QuerySet[E]", found)


def matching(queryset: QuerySet[E], term: str) -> QuerySet[E]:
    """Return the steps by or about a person, found by name or pseudonym."""
    people = StaffIdentity.objects.filter(
        Q(user__username__icontains=term)
        | Q(user__first_name__icontains=term)
        | Q(user__last_name__icontains=term)
        | Q(pseudonym=term)
    ).values("pseudonym")
    return queryset.filter(Q(actor__in=people) | Q(about__in=people))


def details(event: Event) -> str:
    """Return what an event tells beyond its name, in words: kind of approval, roles, regime."""
    facts: Mapping[str, Any] = event.facts
    parts = []
    if "kind" in facts:
        parts.append(str(ApprovalRequest.Kind(facts["kind"]).label))
    for name, words in (("roles", "%s"), ("gained", "+ %s"), ("lost", "− %s")):
        roles = ", ".join(str(ROLE_NAMES[Role(role)]) for role in facts.get(name) or ())
        parts.extend([words % roles] if roles else [])
    parts.extend(str(facts[name]) for name in ("regime", "pipeline") if facts.get(name))
    parts.extend(str(scope) for scope in facts.get("scopes") or ())
    if facts.get("exemption"):
        parts.append(str(ApprovalRequest.Exemption(facts["exemption"]).label))
    return " · ".join(parts)
