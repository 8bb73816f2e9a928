"""The landing page: what waits for whom, in cases and in data, and the flow by week."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import TruncWeek
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from requests_portal.presentation import charts
from requests_portal.sign_in.people import has_case_role, user_of
from requests_portal.staff.case.timeline import SOON
from requests_portal.staff.operation.approvals import waiting_count
from requests_portal.staff.queue.filters import WAITING_FOR_PERSON, due_within
from workflows.cases.lifecycle import OPEN, State
from workflows.cases.models import Case
from workflows.cases.selectors import is_late
from workflows.complaints.lifecycle import OPEN as OPEN_COMPLAINT
from workflows.complaints.models import Complaint
from workflows.corrections.models import Manifest, RecipientNotice, Reingestion
from workflows.datasets.models import Dataset, Snapshot
from workflows.datasets.purging import to_be_purged
from workflows.routing.models import Team

# A name; the list, which needs the permission to view it; its filter; what is counted.
_LINES: tuple[tuple[Any, str, str, Callable[[], QuerySet[Any]]], ...] = (
    (
        gettext_lazy("Manifests to be applied"),
        "corrections.manifest",
        "state=open",
        lambda: Manifest.objects.filter(state=Manifest.State.OPEN),
    ),
    (
        gettext_lazy("Recipients to be told by staff"),
        "corrections.recipientnotice",
        "state=untold",
        lambda: RecipientNotice.objects.filter(told_at=None),
    ),
    (
        gettext_lazy("Sources not approved"),
        "datasets.dataset",
        "approval=unapproved",
        lambda: Dataset.objects.filter(approval=Dataset.Approval.UNAPPROVED),
    ),
    (
        gettext_lazy("Snapshots that cannot be read"),
        "datasets.snapshot",
        "state=unreadable",
        lambda: Snapshot.objects.filter(state=Snapshot.State.UNREADABLE),
    ),
    (gettext_lazy("Old data to be purged"), "datasets.snapshot", "purge=due", to_be_purged),
)
WEEK = timedelta(days=7)
WEEKS = 12
# The counts of the landing page and the saved filters of the navigation are the same links.
SAVED_FILTERS: dict[str, tuple[Any, dict[str, str]]] = {
    "mine": (gettext_lazy("My queue"), {"whose": "mine"}),
    "team": (gettext_lazy("My team's queue"), {"whose": "team"}),
    "week": (gettext_lazy("Due within seven days"), {"due": "week"}),
    "late": (gettext_lazy("Late"), {"due": "late"}),
    "waiting": (gettext_lazy("Waiting for the person"), {"group": "waiting"}),
    "approval": (gettext_lazy("Waiting for approval"), {"group": "approval"}),
    "executing": (gettext_lazy("To be carried out"), {"group": "executing"}),
    # In whatever state the case is: somebody may complain about one that is closed.
    "complaints": (gettext_lazy("Open complaints"), {"group": "all", "complaint": "open"}),
    "returned": (gettext_lazy("Data came back"), {"group": "all", "returned": "open"}),
}


@dataclass(frozen=True, slots=True)
class DataTile:
    """A count of entries of a list, and the address at which exactly these are shown."""

    name: str
    count: int
    address: str


def data_tiles(request: HttpRequest) -> list[DataTile]:
    """Return the counts of the lists that the reader may see; none for who keeps no data."""
    if not request.user.has_perm("cases.execute_case"):
        return []
    tiles = []
    for name, list_name, query, counted in _LINES:
        app, model = list_name.split(".")
        if request.user.has_perm(f"{app}.view_{model}"):
            address = reverse(f"admin:{app}_{model}_changelist")
            tiles.append(DataTile(str(name), counted().count(), f"{address}?{query}"))
    return tiles


@dataclass(frozen=True, slots=True)
class Tile:
    """A count on the landing page."""

    key: str
    name: str
    count: int
    query: str


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add what the landing page shows; those who see no case get no figure about cases."""
    context = {**context, "waiting_approvals": waiting_count(request)}
    if not has_case_role(request):
        return {**context, "tiles": []}
    now = timezone.now()
    counts = _counts(user_of(request))
    return {
        **context,
        "title": _("Cases"),
        "tiles": [
            Tile(key, str(name), counts[key], urlencode(query))
            for key, (name, query) in SAVED_FILTERS.items()
        ],
        "data_tiles": data_tiles(request),
        "open_cases": counts["open"],
        "provisional": counts["provisional"],
        "oldest": counts["oldest"],
        "oldest_days": (now - counts["oldest"]).days if counts["oldest"] else None,
        **_flow(timezone.localdate(now)),
    }


def _counts(user: User) -> dict[str, Any]:
    """Return the counts of the open cases and complaints, and when the oldest case was filed."""
    teams = Team.objects.filter(members=user)
    complaints = Complaint.objects.filter(state__in=OPEN_COMPLAINT).count()
    cases = Case.objects.filter(state__in=OPEN).aggregate(
        open=Count("pk"),
        oldest=Min("filed_at"),
        mine=Count("pk", filter=Q(assignment__assignee=user)),
        team=Count("pk", filter=Q(assignment__team__in=teams)),
        week=Count("pk", filter=due_within(SOON)),
        late=Count("pk", filter=is_late()),
        waiting=Count("pk", filter=Q(state__in=WAITING_FOR_PERSON)),
        approval=Count("pk", filter=Q(state=State.DECISION_PROPOSED)),
        executing=Count("pk", filter=Q(state=State.EXECUTING)),
        provisional=Count("pk", filter=Q(due_provisional=True)),
    )
    returned = Reingestion.objects.filter(resolved_at=None).aggregate(
        n=Count("case", distinct=True)
    )
    return {**cases, "complaints": complaints, "returned": returned["n"]}


def weeks_until(today: date, count: int) -> list[date]:
    """Return the Mondays of the last `count` weeks, the current one last."""
    monday = today - timedelta(days=today.weekday())
    return [monday - WEEK * back for back in range(count - 1, -1, -1)]


def _flow(today: date) -> dict[str, Any]:
    """Return what came and what ended in each of the last weeks, as figures and as a drawing."""
    weeks = weeks_until(today, WEEKS)
    received, ended = (_by_week(moment, weeks[0]) for moment in ("filed_at", "closed_at"))
    figures = [(week, received.get(week, 0), ended.get(week, 0)) for week in weeks]
    chart = charts.columns(
        [f"{week:%m-%d}" for week in weeks],
        [[row[1] for row in figures], [row[2] for row in figures]],
    )
    return {"flow": figures, "chart": chart}


def _by_week(moment: str, first: date) -> dict[date, int]:
    """Return how many cases had this moment in each week from `first` on."""
    start = timezone.make_aware(datetime.combine(first, datetime.min.time()))
    rows = (
        Case.objects.filter(**{f"{moment}__gte": start})
        .annotate(week=TruncWeek(moment))
        .values_list("week")
        .annotate(number=Count("pk"))
        .order_by("week")
    )
    return {timezone.localtime(week).date(): number for week, number in rows}
