"""Where a person was found: the progress of the look-up, and the matches to judge."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from requests_portal.staff.case_file import load_case
from requests_portal.staff.case_views import case_id_of, require_case_role, shared_context
from requests_portal.staff.people import actor_of
from workflows.accounts.actors import Actor
from workflows.cases.models import Case
from workflows.cases.staff_actions import log_case_view
from workflows.common.errors import DomainError
from workflows.corrections.changes import came_out_for
from workflows.lookups import services, verdicts
from workflows.lookups.findings import findings_of, scan_error_of, unapproved_sources
from workflows.lookups.models import AddedSpelling, Match
from workflows.lookups.progress import progress_of

PER_PAGE = 50
# What is shown, by the word in the address: a name, and the verdicts.
SHOWN: dict[str, tuple[Any, tuple[str, ...] | None]] = {
    "open": (gettext_lazy("To judge"), ("",)),
    "unsure": (Match.Verdict.UNSURE.label, (Match.Verdict.UNSURE,)),
    "theirs": (Match.Verdict.THEIRS.label, (Match.Verdict.THEIRS,)),
    "not_theirs": (Match.Verdict.NOT_THEIRS.label, (Match.Verdict.NOT_THEIRS,)),
    "all": (gettext_lazy("All"), None),
}


@dataclass(frozen=True, slots=True)
class Group:
    """Matches of one page that stand in one source of one snapshot."""

    name: str
    source: str
    approved: bool
    matches: list[Match]


@require_http_methods(["GET", "HEAD", "POST"])
def matches_page(request: HttpRequest, site: AdminSite, object_id: str) -> HttpResponse:
    """Show the matches of a case, or take a verdict, a spelling, or the wish for a look-up."""
    require_case_role(request)
    case = load_case(case_id_of(object_id))
    if request.method == "POST":
        return _take(request, case)
    log_case_view(case, actor_of(request), what="matches")
    shown = request.GET.get("show", "open")
    shown = shown if shown in SHOWN else "open"
    page = _page(request, case, shown)
    findings, now = findings_of(case), progress_of(case)
    context = {
        **shared_context(request, site, case),
        "title": f"{case.number}: {_('Where the person was found')}",
        "progress": now,
        "failed": [(scan, scan_error_of(scan)) for scan in now.failed],
        "findings": findings,
        "not_kept": sum(finding.not_kept for finding in findings),
        "came_out": came_out_for(case),
        "unapproved": unapproved_sources(findings),
        "shown": shown,
        "tabs": [(key, name) for key, (name, _verdicts) in SHOWN.items()],
        "strength": request.GET.get("strength", ""),
        "page": page,
        "groups": list(_groups(page)),
        "verdicts": Match.Verdict.choices,
        "kinds": AddedSpelling.Kind.choices,
        "spellings": case.spellings.all(),
    }
    return TemplateResponse(request, "staff/matches.html", context)


@require_safe
def progress(request: HttpRequest, site: AdminSite, object_id: str) -> JsonResponse:
    """Tell the page how far the look-up is."""
    del site
    require_case_role(request)
    case = load_case(case_id_of(object_id))
    return JsonResponse(progress_of(case).as_json(), headers={"Cache-Control": "no-store"})


def _page(request: HttpRequest, case: Case, shown: str) -> Page[Match]:
    found: QuerySet[Match] = Match.objects.filter(case=case)
    wanted = SHOWN[shown][1]
    if wanted is not None:
        found = found.filter(verdict__in=wanted)
    if request.GET.get("strength") in Match.Strength.values:
        found = found.filter(strength=request.GET["strength"])
    found = found.select_related("snapshot__dataset", "case__data_key").order_by(
        "strength", "snapshot__dataset__name", "snapshot", "file", "found_at", "pk"
    )
    return Paginator(found, PER_PAGE).get_page(request.GET.get("page"))


def _groups(page: Page[Match]) -> Iterator[Group]:
    def place(match: Match) -> tuple[int, str]:
        return match.snapshot_id, match.source or match.file

    for (_snapshot, source), found in groupby(page, key=place):
        matches = list(found)
        dataset = matches[0].snapshot.dataset
        yield Group(str(matches[0].snapshot), source, dataset.is_approved, matches)


# --- What was sent ------------------------------------------------------------------------------


def _take(request: HttpRequest, case: Case) -> HttpResponse:
    wants_json = request.headers.get("Accept") == "application/json"
    try:
        done = _VERBS.get(request.POST.get("do", ""), _judge_one)(request, case, actor_of(request))
    except DomainError as refused:
        if wants_json:
            return JsonResponse({"error": str(refused)}, status=409)
        messages.error(request, str(refused))
    else:
        if wants_json:
            return JsonResponse({"done": done})
        messages.success(request, done)
    return HttpResponseRedirect(request.get_full_path())


def _look_up(request: HttpRequest, case: Case, actor: Actor) -> str:
    more = request.POST.get("do") == "look_up_more"
    services.request_lookup(case, actor, keep_more=more)
    return _("The look-up was started. This page shows how far it is.")


def _spelling(request: HttpRequest, case: Case, actor: Actor) -> str:
    kind, value = request.POST.get("kind", ""), request.POST.get("spelling", "")
    if services.add_spelling(case, actor, kind, value) is None:
        return _("The spelling was kept. It is searched for when the present look-up is done.")
    return _("The spelling was kept, and everything is searched once more.")


def _judge_one(request: HttpRequest, case: Case, actor: Actor) -> str:
    match, _colon, verdict = request.POST.get("judge", "").partition(":")
    return _judged(verdicts.judge(case, actor, _ids([match]), verdict))


def _judge_chosen(request: HttpRequest, case: Case, actor: Actor) -> str:
    chosen = _ids(request.POST.getlist("match"))
    return _judged(verdicts.judge(case, actor, chosen, request.POST.get("verdict", "")))


def _judged(number: int) -> str:
    sentence = ngettext("%(n)s match was judged.", "%(n)s matches were judged.", number)
    return sentence % {"n": number}


def _ids(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts]
    except ValueError:
        return []


_VERBS: dict[str, Callable[[HttpRequest, Case, Actor], str]] = {
    "look_up": _look_up,
    "look_up_more": _look_up,
    "spelling": _spelling,
    "judge_chosen": _judge_chosen,
}
