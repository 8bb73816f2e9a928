"""A case as it is shown to staff, in a constant number of queries."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from requests_portal.presentation.applicability import applicability_of
from requests_portal.presentation.deadlines import citation_texts
from requests_portal.sign_in.people import has_case_role, names_of
from requests_portal.staff.case.timeline import lead_words
from workflows.cases.decision_rules import assurance_needed, ground_named
from workflows.cases.identity_policy import kinds_to_confirm
from workflows.cases.lifecycle import OPEN, State
from workflows.cases.models import Attachment, Case, Item, Message
from workflows.cases.names import STATE_NAMES
from workflows.cases.staff_actions import explanation_of_approval
from workflows.corrections.instructions import why_no_manifest
from workflows.corrections.item_changes import (
    accepts_redaction,
    accepts_replacements,
    further_pairs,
    is_addition,
    redacts,
    replacements_of,
)
from workflows.corrections.models import Instruction
from workflows.corrections.receipt_texts import receipt_in_words
from workflows.vault.fields import text_or_erased
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.outcomes import Outcome
from workflows.vocabulary.people import FILED_BY, Assurance, assurance_suffices
from workflows.vocabulary.places import place_name

DETAIL_NAMES = {
    "statement": _("In their own words"),
    "claimed": _("What is said to be wrong"),
    "correct": _("What would be right"),
    "where_seen": _("Where it was seen"),
    "prompts": _("Prompts"),
    "urls": _("Web addresses"),
}
KIN_NAMES = {
    "kinship": _("Kinship"),
    "own_interest": _("Own interest"),
    "arrangement": _("What the person who has died arranged"),
}
# What is read and unsealed for one look at the page of a case.
MESSAGES_A_PAGE = 30


def case_id_of(text: str) -> UUID:
    """Return the id of a case from an address. Raises `Http404`."""
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def require_case_role(request: HttpRequest) -> None:
    """Raise `PermissionDenied` for who may see no case."""
    if not has_case_role(request):
        raise PermissionDenied


def shared_context(request: HttpRequest, site: AdminSite, case: Case) -> dict[str, Any]:
    """Return what every page of a case needs."""
    return {
        **site.each_context(request),
        "opts": Case._meta,
        "original": case,
        "title": case.number,
        "case": case,
        "state_name": STATE_NAMES[State(case.state)],
        "words": lead_words(case, timezone.now()),
    }


def load_case(case_id: UUID) -> Case:
    """Return a case with everything that its page shows. Raises `Http404`.

    Every row that belongs to the case comes with it in one query for each table.
    """
    case = (
        Case.objects.select_related(
            "data_key",
            "assignment__team",
            "assignment__assignee",
            "merged_into",
            "merge_proposed_into__data_key",
        )
        .prefetch_related(
            "merged_cases",
            "people",
            "identifiers",
            "items__instructions",
            "items__change",
            "attachments",
            "notices__files",
            "notices__texts",
            "clocks",
            "clock_events",
            "complaints__clocks",
            "complaints__letters",
            "complaints__statement",
        )
        .filter(pk=case_id)
        .first()
    )
    if case is None:
        raise Http404
    return case


def near_relative_lines(case: Case) -> list[tuple[str, str]]:
    """Return what a near relative told of themselves, and what was found on it."""
    if case.erased_at is not None:
        return []
    told = [
        (str(KIN_NAMES[name]), text)
        for person in case.people.all()
        for name, text in (person.kin or {}).items()
    ]
    if case.kin_checked:
        told.append((str(_("Finding")), case.kin_finding or ""))
    return told


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item with its finding and its proposed outcome, in the reader's language."""

    item: Item
    details: list[tuple[str, list[str]]]
    finding: str
    scopes: list[tuple[str, str]]
    # Each with its citations.
    grounds: list[tuple[str, list[str]]]
    reasons: str
    # Each with its receipt in words; an open one with why no manifest is made of it.
    instructions: list[tuple[Instruction, str]]
    assurance_needed: str
    assurance_suffices: bool
    note: str
    rationale: str
    verification: str
    instead_because: str
    may_specify: bool
    by_hand: bool


def item_views(case: Case) -> list[ItemView]:
    """Return the items of a case as its page shows them."""
    return [_item_view(case, item) for item in case.items.all()]


def _item_view(case: Case, item: Item) -> ItemView:
    language = get_language() or "en"
    regime = case.lead_regime
    rule = regime.item(item.kind)
    needed = assurance_needed(case.laws, item.kind)
    return ItemView(
        item=item,
        details=_details(case, item),
        finding=text_or_erased(item, "finding"),
        scopes=item.scopes_in_words,
        grounds=_grounds(case, item, language),
        reasons=text_or_erased(item, "reasons"),
        instructions=[(each, _said_of(each)) for each in item.instructions.all()],
        assurance_needed=str(Assurance(needed).label),
        assurance_suffices=assurance_suffices(case.assurance, needed),
        note=rule.note.in_language(language) if rule and rule.note else "",
        rationale=rule.rationale.in_language(language) if rule and rule.rationale else "",
        verification=text_or_erased(item, "verification"),
        instead_because=text_or_erased(item, "instead_because"),
        by_hand=item.outcome == Outcome.SUPPLEMENTED
        and not item.executed
        and not replacements_of(item),
        may_specify=case.state == State.IN_REVIEW
        and (accepts_replacements(item) or accepts_redaction(item)),
    )


def approved_although(case: Case) -> list[str]:
    """Return why the last approval was given although it did not fit what was found, if so."""
    return [] if case.erased_at is not None else explanation_of_approval(case)


def _said_of(instruction: Instruction) -> str:
    """Return the receipt of an instruction, or of an open one why no manifest is made of it."""
    if instruction.applied_at or instruction.retired_at:
        return receipt_in_words(instruction.receipt)
    return why_no_manifest(instruction)


def _grounds(case: Case, item: Item, language: str) -> list[tuple[str, list[str]]]:
    """Return the grounds of an item with their citations; of several laws each with its law."""
    shown = []
    for code, name in item.grounds.items():
        law = case.regime_of(code)
        if ground := ground_named(law, item.kind, name):
            text = ground.text.in_language(language)
            if item.other_grounds:
                named = {"law": law.name.in_language(language), "ground": text}
                text = gettext("%(law)s: %(ground)s") % named
            shown.append((text, citation_texts(ground.citations)))
    return shown


def _details(case: Case, item: Item) -> list[tuple[str, list[str]]]:
    """Return what the person said about an item, and reviewers added, as named lists of texts."""
    if case.erased_at is not None:
        return []
    details = [
        (str(DETAIL_NAMES.get(name, name)), [value] if isinstance(value, str) else value)
        for name, value in item.details.items()
        if value
    ]
    typed = replacements_of(item) if is_addition(item) else further_pairs(item)
    pairs = [f"{wrong} → {right}" for wrong, right in typed]
    if pairs:
        name = (
            gettext("To be added in the data")
            if is_addition(item)
            else gettext("Also to be corrected in the data")
        )
        details.append((name, pairs))
    if redacts(item):
        words = gettext("The words are taken out; the rest of the record stays.")
        details.append((gettext("How it is deleted from the data"), [words]))
    return details


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message or a note, with the name of who wrote it."""

    message: Message
    author: str


def message_page(case: Case, page: str) -> "Page[Message]":
    """Return a page of messages and notes, the latest first; `page` as it came in the address.

    What was written about complaints is left out: it is read beside each complaint.
    """
    complaints = case.complaints.all()
    elsewhere = {each.statement_id for each in complaints if each.statement_id is not None}
    elsewhere |= {letter.pk for complaint in complaints for letter in complaint.letters.all()}
    found = case.messages.exclude(pk__in=elsewhere).select_related("case__data_key")
    return Paginator(found.order_by("-sent_at", "-pk"), MESSAGES_A_PAGE).get_page(page)


def message_views(messages: Iterable[Message], names: dict[str, str]) -> list[MessageView]:
    """Return the messages of a page, oldest first; `names` as `names_on_page` gives them."""
    views = [MessageView(each, names.get(each.author, each.author)) for each in messages]
    return views[::-1]


def files_beside_notices(case: Case) -> list[Attachment]:
    """Return the files of a case that are not those of a notice, from what was read already."""
    of_notices = {file.pk for notice in case.notices.all() for file in notice.files.all()}
    return [file for file in case.attachments.all() if file.pk not in of_notices]


def names_on_page(case: Case, actors: Iterable[str]) -> dict[str, str]:
    """Return the names of all colleagues whom the page of a case names. Two queries."""
    authors = case.messages.exclude(author="").order_by().values_list("author", flat=True)
    handlers = {complaint.handler for complaint in case.complaints.all()}
    others = {
        case.proposed_by,
        case.abuse_reported_by,
        case.merge_proposed_by,
        case.assurance_set_by,
        case.erasure_requested_by,
    }
    return names_of({*authors.distinct(), *actors, *handlers, *others} - {""})


def regime_names(case: Case) -> list[str]:
    """Return the names of the laws under which a case stands, the leading one first."""
    language = get_language() or "en"
    return [case.regime_of(code).name.in_language(language) for code in case.applicable_regimes]


def why_these_laws(case: Case) -> str:
    """Return why the laws of a case apply, and which questions counsel has left open."""
    found = applicability_of(case)
    if found.neutral:
        return gettext("Neutral policy: no connecting factor")
    reasons = [
        f"{law.name}: {law.reason}" if len(found.laws) > 1 else law.reason
        for law in found.laws
        if law.reason
    ]
    if found.open_questions:
        codes = gettext("; ").join(found.open_questions)
        reasons.append(gettext("Questions that counsel has not answered:") + f" {codes}")
    return " ".join(reasons) or "–"


def language_name(case: Case) -> str:
    """Return the name of the language in which the person wrote."""
    return settings.SHIPPED_LANGUAGES.get(case.language, case.language)


def _second_look(case: Case) -> list[tuple[Any, Any]]:
    """Return whether a second person looked at who asks, where staff have accepted a proof."""
    if not case.assurance_set_by:
        return []
    if case.assurance_confirmed_by:
        return [(_("Second look at the identity"), _("Confirmed"))]
    kinds = kinds_to_confirm(case)
    named = gettext("; ").join(str(ItemKind(kind).label) for kind in sorted(kinds))
    missing = gettext("Still needed before this is granted: %(kinds)s") % {"kinds": named}
    return [(_("Second look at the identity"), missing if kinds else _("Not needed"))]


def summary(case: Case) -> list[tuple[Any, Any]]:
    """Return the facts at the head of the page, as names and values; none of them is personal."""
    assignment = getattr(case, "assignment", None)
    return [
        (_("Regime"), " · ".join(regime_names(case))),
        (_("Why"), why_these_laws(case)),
        (_("Residence"), place_name(case.residence)),
        (_("Filed by"), FILED_BY[case.requester_role]),
        (_("Language"), language_name(case)),
        (_("Came by"), case.get_channel_display()),
        (_("Service or model"), text_or_erased(case, "service") or "–"),
        (_("Known as"), case.get_assurance_display()),
        *_second_look(case),
        (_("Team"), assignment.team if assignment else _("No team yet")),
        (_("Worked by"), _worked_by(case)),
    ]


def _worked_by(case: Case) -> str:
    assignment = getattr(case, "assignment", None)
    if assignment is None or assignment.assignee is None:
        return str(_("nobody yet") if case.state in OPEN else _("nobody"))
    return str(assignment.assignee.get_full_name() or assignment.assignee.username)
