"""Where a person was found: progress, places to judge, and how an item is carried out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldBooleanWidget

from requests_portal.sign_in.people import actor_of, names_of
from requests_portal.staff.case.presenter import (
    case_id_of,
    load_case,
    require_case_role,
    shared_context,
)
from workflows.accounts.actors import Actor
from workflows.cases.lifecycle import State
from workflows.cases.models import Case, Item
from workflows.cases.staff_actions import log_case_view
from workflows.common.errors import DomainError
from workflows.corrections.answer_parts import came_out_for
from workflows.corrections.item_changes import (
    Pair,
    accepts_redaction,
    accepts_replacements,
    further_pairs,
    is_addition,
    redacts,
    save_item_change,
)
from workflows.lookups import services
from workflows.lookups.findings import (
    findings_of,
    progress_of,
    scan_error_of,
    unapproved_sources,
    unjudged_places,
)
from workflows.lookups.models import AddedSpelling, Match
from workflows.lookups.undoing import last_judgement, places_of, undo_judgement, verdict_of

PER_PAGE = 50
# What is shown, by the word in the address: a name, and the verdicts.
SHOWN: dict[str, tuple[Any, tuple[str, ...] | None]] = {
    "open": (gettext_lazy("To judge"), ("",)),
    "unsure": (Match.Verdict.UNSURE.label, (Match.Verdict.UNSURE,)),
    "theirs": (Match.Verdict.THEIRS.label, (Match.Verdict.THEIRS,)),
    "not_theirs": (Match.Verdict.NOT_THEIRS.label, (Match.Verdict.NOT_THEIRS,)),
    "all": (gettext_lazy("All"), None),
}


_REPLACES = gettext_lazy(
    "A wrong text is replaced wherever it stands, letter by letter, in the records that were "
    "judged to be the person's. What the person wrote themselves is replaced as well. Whoever "
    "approves the decision sees this."
)
_ADDS = gettext_lazy(
    "What is missing is added behind the text that you name, wherever it stands, letter by letter, "
    "in the records that were judged to be the person's. Without such a text it is added by hand. "
    "Whoever approves the decision sees this."
)
_DELETES = gettext_lazy(
    "Say how much of a record goes if it is deleted. Whoever approves the decision sees this."
)
# So many empty pairs are offered beside those that are filled in.
MORE = 3


@dataclass(frozen=True, slots=True)
class Group:
    """Matches of one page that stand in one source of one snapshot.

    Each with the number of others that stand alike in an identical text.
    """

    name: str
    source: str
    approved: bool
    places: list[tuple[Match, int]]


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
    reviews = case.state == State.IN_REVIEW and bool(actor_of(request).roles & services.REVIEWERS)
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
        "has_strong": any(match.strength == Match.Strength.STRONG for match in page),
        "last": _last_judged(case),
        "all_judged": reviews and now.run and not now.is_running and not unjudged_places(case),
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

    alike = services.identical_places(list(page))
    for (_snapshot, source), found in groupby(page, key=place):
        matches = list(found)
        snapshot = matches[0].snapshot
        places = [(match, len(alike[match.pk]) - 1) for match in matches]
        yield Group(str(snapshot), source, snapshot.dataset.is_approved, places)


def _last_judged(case: Case) -> dict[str, Any] | None:
    """Return which judgement can be undone, with its words; None if there is none."""
    last = last_judgement(case) if case.state not in services.DECIDED else None
    if last is None:
        return None
    number = len(places_of(last))
    words = ngettext(
        "Last judged by %(who)s: %(n)s place as “%(verdict)s”.",
        "Last judged by %(who)s: %(n)s places as “%(verdict)s”.",
        number,
    ) % {
        "n": number,
        "verdict": verdict_of(last).label,
        "who": names_of([last.actor]).get(last.actor, last.actor),
    }
    return {"judgement": str(last.uid), "words": words, "matches": places_of(last)}


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
            return JsonResponse({"done": done, "last": _last_judged(case)})
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
    """Judge one match, and with it those in identical texts where that is ticked."""
    chosen, _colon, verdict = request.POST.get("judge", "").partition(":")
    places = _ids([chosen])
    if chosen in request.POST.getlist("alike"):
        match = case.matches.select_related("case__data_key").filter(pk__in=places).first()
        places = services.identical_places([match])[match.pk] if match else []
    return _judged(services.judge(case, actor, places, verdict))


def _judge_chosen(request: HttpRequest, case: Case, actor: Actor) -> str:
    chosen = _ids(request.POST.getlist("match"))
    return _judged(services.judge(case, actor, chosen, request.POST.get("verdict", "")))


def _undo(request: HttpRequest, case: Case, actor: Actor) -> str:
    number = undo_judgement(case, actor, request.POST.get("judgement", ""))
    sentence = ngettext(
        "The judgement of %(n)s place was undone.",
        "The judgement of %(n)s places was undone.",
        number,
    )
    return sentence % {"n": number}


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
    "undo": _undo,
}


class ItemChangeForm(forms.Form):
    """Pairs of texts where the item can be a correction, a choice where it can be a deletion."""

    def __init__(self, *args: Any, item: Item, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pairs = 0
        if accepts_replacements(item):
            self._add_pairs(item, further_pairs(item))
        if accepts_redaction(item):
            self.fields["redact"] = forms.BooleanField(
                label=_("If it is deleted: take the words out, and keep the rest of the record"),
                help_text=_(
                    "Otherwise the whole record goes. Choose this where it is about others, too."
                ),
                required=False,
                initial=redacts(item),
                widget=UnfoldBooleanWidget,
            )

    def _add_pairs(self, item: Item, pairs: list[Pair]) -> None:
        labels = {"wrong": _("Wrong text %(number)d"), "right": _("Right text %(number)d")}
        if is_addition(item):
            labels = {
                "wrong": _("Text %(number)d, behind which something is missing"),
                "right": _("What is added behind text %(number)d"),
            }
            pairs = pairs or [("", (item.details.get("correct") or "").strip())]
        self._pairs = len(pairs) + MORE
        if self.is_bound:
            typed = sum(1 for name in self.data if name.startswith("wrong_"))
            self._pairs = max(self._pairs, typed)
        for number in range(1, self._pairs + 1):
            wrong, right = pairs[number - 1] if number <= len(pairs) else ("", "")
            for name, text in (("wrong", wrong), ("right", right)):
                self.fields[f"{name}_{number}"] = forms.CharField(
                    label=labels[name] % {"number": number},
                    required=False,
                    initial=text,
                    widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
                )

    def pairs(self) -> list[Pair]:
        """Return the pairs of which something was typed."""
        data = self.cleaned_data
        numbers = range(1, self._pairs + 1)
        typed = [(data[f"wrong_{number}"], data[f"right_{number}"]) for number in numbers]
        return [pair for pair in typed if any(pair)]


@require_http_methods(["GET", "HEAD", "POST"])
def item_change_page(
    request: HttpRequest, site: AdminSite, object_id: str, position: int
) -> HttpResponse:
    """Show what was said of an item, or keep what is said now."""
    require_case_role(request)
    case = load_case(case_id_of(object_id))
    item = next((item for item in case.items.all() if item.position == position), None)
    if item is None or case.erased_at is not None:
        raise Http404
    back = reverse("admin:cases_case_change", args=[case.pk])
    form = ItemChangeForm(request.POST or None, item=item)
    if request.method == "POST" and form.is_valid():
        try:
            redact = form.cleaned_data.get("redact", False)
            save_item_change(item, actor_of(request), form.pairs(), redact=redact)
        except DomainError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Done."))
            return HttpResponseRedirect(back)
    else:
        log_case_view(case, actor_of(request), what="item")
    context = {
        **shared_context(request, site, case),
        "title": f"{case.number} · {item.position}. {item.kind_label}",
        "intro": _intro(item),
        "button": _("Keep"),
        "form": form,
        "back": back,
    }
    return TemplateResponse(request, "staff/question.html", context)


def _intro(item: Item) -> Any:
    if is_addition(item):
        return _ADDS
    return _REPLACES if accepts_replacements(item) else _DELETES
