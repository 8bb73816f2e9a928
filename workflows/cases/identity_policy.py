"""The policy for second looks: from when on one member of staff alone does not settle who asks."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from workflows.accounts.actors import Actor
from workflows.cases.models import Case, IdentityPolicy
from workflows.common.errors import InvalidInput
from workflows.ledger.append import append
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.people import ACCEPTED_BY_STAFF, Assurance, assurance_suffices
from workflows.vocabulary.roles import Role


@dataclass(frozen=True, slots=True)
class SecondLook:
    """From which assurance on, and for which kinds of item, a second person has to look."""

    level: str
    kinds: frozenset[str]

    def applies(self, assurance: str, kind: str) -> bool:
        """Return whether an item of this kind needs it, where staff accepted this assurance."""
        return kind in self.kinds and assurance_suffices(assurance, self.level)


# What holds until a privacy officer sets something else: what cannot be taken back, or hands data
# out, on papers that one person alone has seen.
DEFAULT = SecondLook(
    Assurance.DOCUMENT, frozenset(kind for kind in ItemKind if kind.definition.second_look)
)


def policy_in_force() -> SecondLook:
    """Return the policy that was set last. One query."""
    latest = IdentityPolicy.objects.first()
    return SecondLook(latest.level, frozenset(latest.kinds)) if latest else DEFAULT


def kinds_to_confirm(case: Case) -> frozenset[str]:
    """Return the kinds of item of a case that nobody may grant before a second person looked.

    Only what a member of staff accepted needs it; costs no query for any other case.
    """
    if not case.assurance_set_by or case.assurance_confirmed_by:
        return frozenset()
    policy = policy_in_force()
    return frozenset(kind for kind in case.kinds if policy.applies(case.assurance, kind))


def set_policy(actor: Actor, level: str, kinds: Iterable[str]) -> IdentityPolicy:
    """Set a new version of the policy, for every decision that is proposed or approved from now on.

    Raises `InvalidInput`. Without kinds, nothing needs a second look.
    """
    chosen = sorted(set(kinds))
    if level not in ACCEPTED_BY_STAFF or not set(chosen) <= set(ItemKind.values):
        raise InvalidInput(_("Choose an assurance and the kinds of item."))
    with transaction.atomic():
        policy = IdentityPolicy.objects.create(level=level, kinds=chosen, set_by=actor.pseudonym)
        append(
            name="identity_policy.set",
            role=Role.PRIVACY_OFFICER,
            actor=actor.pseudonym,
            facts={"level": level, "kinds": chosen},
        )
    return policy
