"""The filters of the queue. Their values are part of the links in the navigation."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from requests_portal.sign_in.people import user_of
from requests_portal.staff.case.timeline import SOON
from workflows.cases.lifecycle import FINAL, OPEN, State
from workflows.cases.models import Case
from workflows.cases.selectors import is_late
from workflows.complaints.lifecycle import OPEN as OPEN_COMPLAINT
from workflows.complaints.models import Complaint, ComplaintClock
from workflows.corrections.models import Reingestion
from workflows.regimes.services import all_regimes
from workflows.routing.models import Team
from workflows.vocabulary.item_kinds import ItemKind

Lookups = list[tuple[str, Any]]
WAITING_FOR_PERSON = (State.IDENTITY_NEEDED, State.INFORMATION_NEEDED, State.FEE_NEEDED)

STATE_GROUPS: dict[str, tuple[Any, frozenset[State]]] = {
    "open": (_("Open"), OPEN),
    "waiting": (_("Waiting for the person"), frozenset(WAITING_FOR_PERSON)),
    "approval": (_("Waiting for approval"), frozenset({State.DECISION_PROPOSED})),
    "executing": (_("To be carried out"), frozenset({State.EXECUTING})),
    "contested": (_("Contested"), frozenset({State.CONTESTED})),
    "answered": (_("Answered"), frozenset({State.ANSWERED})),
    "ended": (_("Ended"), FINAL),
}


_OPEN_COMPLAINTS = Complaint.objects.filter(case=OuterRef("pk"), state__in=OPEN_COMPLAINT)
# What a complaint waits for runs in clocks that have not stopped; the first of them leads.
_COMPLAINT_CLOCKS = ComplaintClock.objects.filter(
    case=OuterRef("pk"), stopped_at=None, due_at__isnull=False
).order_by("due_at")
_OPEN_RETURNS = Reingestion.objects.filter(case=OuterRef("pk"), resolved_at=None)
COMPLAINS = Exists(_OPEN_COMPLAINTS)
COMPLAINT_DUE_AT = Subquery(_COMPLAINT_CLOCKS.values("due_at")[:1])


def due_within(span: timedelta) -> Q:
    """Match the cases that will be late within `span`, and are not yet."""
    now = timezone.now()
    return Q(due_at__gt=now, due_at__lte=now + span)


class StateGroupFilter(SimpleListFilter):
    """Which part of their life cases are in. Shows the open ones unless told otherwise."""

    title = _("state")
    parameter_name = "group"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        """Return the groups, and all cases as the last."""
        return [*((key, name) for key, (name, _states) in STATE_GROUPS.items()), ("all", _("All"))]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Yield the choices; there is none for "no filter"."""
        for key, name in self.lookup_choices:
            yield {
                "selected": (self.value() or "open") == key,
                "query_string": changelist.get_query_string({self.parameter_name: key}),
                "display": name,
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Keep the cases of the group."""
        chosen = self.value() or "open"
        if chosen not in STATE_GROUPS:
            return queryset
        return queryset.filter(state__in=STATE_GROUPS[chosen][1])


class DueFilter(SimpleListFilter):
    """How the cases stand with their time."""

    title = _("time")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        """Return late and due soon."""
        return [("late", _("Late")), ("week", _("Due within seven days"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Keep the cases that are late, or soon will be."""
        match self.value():
            case "late":
                return queryset.filter(is_late())
            case "week":
                return queryset.filter(due_within(SOON))
        return queryset


class ComplaintFilter(SimpleListFilter):
    """Whether somebody complains, and how the complaint stands with its time."""

    title = _("complaint")
    parameter_name = "complaint"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        """Return open, late and due soon."""
        return [("open", _("Open")), ("late", _("Late")), ("week", _("Due within seven days"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Keep the cases whose complaint is open, late, or soon will be."""
        now = timezone.now()
        match self.value():
            case "open":
                return queryset.filter(COMPLAINS)
            case "late":
                return queryset.filter(Exists(_COMPLAINT_CLOCKS.filter(due_at__lte=now)))
            case "week":
                soon = _COMPLAINT_CLOCKS.filter(due_at__gt=now, due_at__lte=now + SOON)
                return queryset.filter(Exists(soon))
        return queryset


class ReturnedFilter(SimpleListFilter):
    """Whether something that was taken out of the data came back, and waits to be dealt with."""

    title = _("data came back")
    parameter_name = "returned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        """Return the one choice."""
        return [("open", _("To be dealt with"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Keep the cases whose data came back."""
        return queryset.filter(Exists(_OPEN_RETURNS)) if self.value() == "open" else queryset


class WhoseFilter(SimpleListFilter):
    """Whose cases they are."""

    title = _("assignment")
    parameter_name = "whose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        """Return one's own, one's teams', and nobody's."""
        return [
            ("mine", _("Mine")),
            ("team", _("My team's")),
            ("nobody", _("Assigned to nobody")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Keep the cases of the reader, of the reader's teams, or of no person."""
        match self.value():
            case "mine":
                return queryset.filter(assignment__assignee=user_of(request))
            case "team":
                teams = Team.objects.filter(members=user_of(request))
                return queryset.filter(assignment__team__in=teams)
            case "nobody":
                return queryset.filter(assignment__assignee=None)
        return queryset


class TeamFilter(SimpleListFilter):
    """Which team has the cases."""

    title = _("team")
    parameter_name = "team"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        """Return the teams."""
        return [(str(pk), name) for pk, name in Team.objects.values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Keep the cases of the team."""
        chosen = self.value()
        if chosen is None or not chosen.isdecimal():
            return queryset
        return queryset.filter(assignment__team_id=int(chosen))


class RegimeFilter(SimpleListFilter):
    """Under which law the cases stand; a case may stand under several."""

    title = _("regime")
    parameter_name = "regime"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        """Return all laws: which of them apply follows from the provider's profile."""
        return [(regime.code, regime.code) for regime in all_regimes()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Keep the cases under the regime."""
        return queryset.filter(regimes__contains=[self.value()]) if self.value() else queryset


class KindFilter(SimpleListFilter):
    """What the person asks for."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        """Return the kinds of item."""
        return list(ItemKind.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Keep the cases with an item of the kind."""
        return queryset.filter(kinds__contains=[self.value()]) if self.value() else queryset


class LanguageFilter(SimpleListFilter):
    """In which language the person wrote."""

    title = _("language")
    parameter_name = "language"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        """Return the languages of the portal."""
        return list(settings.LANGUAGES)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Keep the cases in the language."""
        return queryset.filter(language=self.value()) if self.value() else queryset
