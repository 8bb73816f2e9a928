"""The cases of the regime: the list, and the file of one case."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from requests_portal.presentation.responses import download, page_errors
from requests_portal.regulators.access import regulator_page
from requests_portal.regulators.forms import CaseListForm
from workflows.accounts.regulators import RegulatorScope
from workflows.cases.decision_rules import ground_named
from workflows.cases.models import Case, Item
from workflows.cases.staff_actions import log_case_view
from workflows.ledger.models import Event
from workflows.ledger.selectors import events_of_case, proof_text
from workflows.oversight.access_log import record_look_at_register
from workflows.oversight.law import Provision
from workflows.oversight.selectors import (
    DisclosedContent,
    ReadStep,
    WithheldContent,
    case_file,
    filter_cases,
    find_case,
)
from workflows.regimes.rules.regime import Regime
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.people import FILED_BY, IdentifierKind
from workflows.vocabulary.places import place_name
from workflows.vocabulary.roles import ROLE_NAMES, Role

_LABELS = {
    "arrangement": _("What the person who has died arranged"),
    "authority": _("Right to act for the person"),
    "claimed": _("What is said"),
    "correct": _("What is right"),
    "details": _("Details"),
    "email": _("E-mail"),
    "files": _("Files"),
    "finding": _("Finding"),
    "grounds": _("Grounds"),
    "identifiers": _("Found by"),
    "items": _("Asked for"),
    "instead_because": _("Why not as asked"),
    "kin": _("On the relative"),
    "kind": _("Kind"),
    "kinship": _("Kinship"),
    "language": _("Language"),
    "name": _("Name"),
    "notice": _("Notice"),
    "own_interest": _("Own interest"),
    "pairs": _("Wrong and right texts"),
    "phone": _("Phone"),
    "prompts": _("Prompts"),
    "reasons": _("Reasons"),
    "request": _("Request"),
    "requester_name": _("Name of who asks"),
    "requester_role": _("Filed by"),
    "residence": _("Residence"),
    "sha256": _("SHA-256"),
    "service": _("Service or model"),
    "size": _("Size in bytes"),
    "statement": _("Statement"),
    "subject_name": _("Name of the person"),
    "text": _("Text"),
    "type": _("Type"),
    "urls": _("Web addresses"),
    "verification": _("How it was verified"),
    "value": _("Value"),
    "where_seen": _("Where it was seen"),
}
_WORDS: dict[str, dict[str, Any]] = {
    "kind": dict(IdentifierKind.choices) | dict(ItemKind.choices),
    "language": settings.SHIPPED_LANGUAGES,
    "requester_role": FILED_BY,
}
_CLOSED = {
    WithheldContent.ERASED: _("Erased; the log proves only that there was something."),
    WithheldContent.IDENTITY_DOCUMENT: _(
        "Not shown, for it is or may be a document of identity. An export can include it."
    ),
    WithheldContent.WHOLE_LOG: _("Not shown."),
}


CASES_ON_A_PAGE = 50
PROOF_KINDS = ("tlog-proof", "entry")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a content: how deep it stands, its label, its text."""

    depth: int
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class ContentPresenter:
    """What stands behind one commitment: lines, or a sentence why not."""

    label: str
    commitment: str
    lines: list[Line]
    why_not: str


def present_content(opening: DisclosedContent) -> ContentPresenter:
    """Return an opening as a page shows it."""
    label = str(_LABELS.get(opening.name, opening.name))
    if opening.closed is not None:
        return ContentPresenter(label, opening.commitment, [], str(_CLOSED[opening.closed]))
    lines = list(_lines(opening.name, opening.content, 0))
    return ContentPresenter(label, opening.commitment, lines, "")


def _lines(key: str, value: Any, depth: int) -> Iterator[Line]:
    label = str(_LABELS.get(key, key))
    if isinstance(value, dict):
        if depth:
            yield Line(depth, label, "")
        for name in sorted(value):
            if value[name] not in ("", [], {}):
                yield from _lines(name, value[name], depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _lines(key, item, max(depth, 1))
    else:
        yield Line(depth, label, _in_words(key, str(value)))


def _in_words(key: str, value: str) -> str:
    return place_name(value) if key == "residence" else str(_WORDS.get(key, {}).get(value, value))


@dataclass(frozen=True, slots=True)
class ShownProvision:
    """A rule in the reader's language, and its sources."""

    text: str
    citations: list[str]


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step with its role in words, the law beside it and what was written."""

    step: ReadStep
    role: str
    provisions: list[ShownProvision]
    contents: list[ContentPresenter]


@dataclass(frozen=True, slots=True)
class ShownItem:
    """An item with its scopes and its ground in words."""

    item: Item
    ground: str
    scopes: list[tuple[str, str]]


@require_safe
@regulator_page
def case_list(request: HttpRequest, scope: RegulatorScope) -> HttpResponse:
    """List the cases of the regime, the latest first; the look becomes a step in the log."""
    form = CaseListForm(request.GET)
    record_look_at_register(scope, what="cases", narrowed_by=form.narrowed_by())
    found = filter_cases(scope, form.chosen())
    now = timezone.now()
    page = Paginator(found, CASES_ON_A_PAGE).get_page(request.GET.get("page"))
    rows = [
        {
            "case": each.case,
            "late": each.is_late(now),
            "kinds": [ItemKind(kind).label for kind in each.case.kinds],
        }
        for each in page
    ]
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "form": form,
        "errors": page_errors(form),
        "page": page,
        "rows": rows,
        "query": query.urlencode(),
        "here": "cases",
    }
    return render(request, "regulators/cases.html", context)


@require_safe
@regulator_page
def case(request: HttpRequest, scope: RegulatorScope, number: str) -> HttpResponse:
    """Show the file of one case; the look at it becomes a step of the case."""
    try:
        found = find_case(scope, number)
    except Case.DoesNotExist:
        raise Http404 from None
    log_case_view(found, scope.actor, what="case")
    language = get_language() or ""
    file = case_file(scope, found, language)
    context = {
        "case": found,
        "regime": file.regime.name.in_language(language),
        "filed_by": FILED_BY[found.requester_role],
        "clocks": file.clocks,
        "items": [_item(item, file.regime, language) for item in file.items],
        "steps": [_step(step, language) for step in file.steps],
        "here": "cases",
    }
    return render(request, "regulators/case.html", context)


@require_safe
@regulator_page
def step_file(
    request: HttpRequest, scope: RegulatorScope, number: str, step: int, kind: str
) -> HttpResponseBase:
    """Give the proof that a step is in the log, or the exact bytes of its entry."""
    try:
        found = find_case(scope, number)
        event = events_of_case(found.pseudonym).get(step=step)
    except (Case.DoesNotExist, Event.DoesNotExist):
        raise Http404 from None
    proof = proof_text(event)
    if proof is None or kind not in PROOF_KINDS:
        raise Http404
    log_case_view(found, scope.actor, what="proof")
    content = proof.encode() if kind == "tlog-proof" else bytes(event.leaf)
    return download([content], f"{found.number}-{step}.{kind}", "application/octet-stream")


def _item(item: Item, regime: Regime, language: str) -> ShownItem:
    code = item.grounds.get(regime.code, "")
    ground = ground_named(regime, item.kind, code)
    return ShownItem(
        item,
        ground.text.in_language(language) if ground else code,
        item.scopes_in_words,
    )


def _step(step: ReadStep, language: str) -> ShownStep:
    return ShownStep(
        step,
        str(ROLE_NAMES[Role(step.role)]),
        [_provision(provision, language) for provision in step.provisions],
        [present_content(opening) for opening in step.openings],
    )


def _provision(provision: Provision, language: str) -> ShownProvision:
    return ShownProvision(
        provision.text.in_language(language) if provision.text else "",
        [each.in_language(language) for each in provision.citations],
    )
