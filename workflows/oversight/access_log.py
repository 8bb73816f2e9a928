"""Who looked at what: the looks among the steps of the log, for the privacy officer.

A look at the access log is a step of it as well. What was searched for is not kept: it may be the
name of a person.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, cast

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from workflows.accounts.actors import Actor, name_behind
from workflows.accounts.models import StaffIdentity
from workflows.accounts.regulators import RegulatorScope
from workflows.cases.access import normalise_number
from workflows.cases.models import Case
from workflows.ledger.append import append
from workflows.ledger.canonical import Json
from workflows.oversight.models import AccessEvent

M = TypeVar("M", bound=AccessEvent)

# Every name of a step that is a look. `access_log_index.sql` makes an index over these.
ACCESS_EVENTS = {
    "case.viewed": _("looked at a case"),
    "register.viewed": _("looked at lists or figures as a regulator"),
    "bundle.exported": _("made an export"),
    "bundle.downloaded": _("downloaded an export"),
    "access_log.viewed": _("looked at this log"),
    "access_log.exported": _("downloaded this log"),
}
# What a look was at. Pages of staff that do something are called by what they do.
ACCESS_TARGETS = {
    "attachment": _("a file"),
    "case": _("its page"),
    "cases": _("cases"),
    "item": _("what is changed for an item"),
    "manifest": _("a manifest"),
    "matches": _("matches"),
    "overview": _("the overview"),
    "proof": _("a proof"),
    "statistics": _("figures"),
    "suppression": _("a suppressed phrase"),
    "training_data": _("training data"),
}


def access_events(queryset: QuerySet[M]) -> QuerySet[M]:
    """Return the looks, each knowing `person` (a name, or null) and `case_number` (or null)."""
    numbers = Case.objects.filter(pseudonym=OuterRef("case")).order_by().values("number")
    # The plugin of the type checker takes an annotated row for another type.
    found: Any = queryset.filter(name__in=list(ACCESS_EVENTS)).annotate(
        person=name_behind("actor"), case_number=Subquery(numbers[:1])
    )
    return cast("QuerySet[M]", found)


def matching(queryset: QuerySet[M], term: str) -> QuerySet[M]:
    """Return the looks of a person by name or pseudonym, and those at a case by its number."""
    people = StaffIdentity.objects.filter(
        Q(user__username__icontains=term)
        | Q(user__first_name__icontains=term)
        | Q(user__last_name__icontains=term)
        | Q(pseudonym=term)
    )
    cases = Case.objects.filter(number=normalise_number(term)).order_by()
    return queryset.filter(
        Q(actor__in=people.values("pseudonym")) | Q(case__in=cases.values("pseudonym"))
    )


def record_look_at_log(actor: Actor, *, narrowed_by: Iterable[str], exported: bool) -> None:
    """Append that somebody looked at the access log; `narrowed_by` names filters, no values."""
    with transaction.atomic():
        append(
            name="access_log.exported" if exported else "access_log.viewed",
            role=actor.role,
            actor=actor.pseudonym,
            facts={"narrowed_by": sorted(narrowed_by)},
        )


def record_look_at_register(
    scope: RegulatorScope, *, what: str, narrowed_by: Mapping[str, object]
) -> None:
    """Append that a regulator looked at `cases`, `overview`, `statistics` or `training_data`.

    `narrowed_by` holds what was chosen from lists and days; a case number, of which only that
    there was one is kept, may be anything that was typed.
    """
    chosen: dict[str, Json] = {
        name: name == "number" or _chosen(value) for name, value in narrowed_by.items() if value
    }
    with transaction.atomic():
        append(
            name="register.viewed",
            role=scope.actor.role,
            actor=scope.actor.pseudonym,
            facts={"regime": scope.regime, "what": what, "narrowed_by": chosen},
        )


def _chosen(value: object) -> Json:
    return [str(each) for each in value] if isinstance(value, list) else str(value)
