"""What an action page shows above its form, and whether somebody was faster."""

from collections.abc import Callable
from datetime import date
from typing import Any, cast

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from requests_portal.presentation.applicability import applicability_of, laws_found
from requests_portal.presentation.deadlines import citation_texts
from requests_portal.sign_in.people import names_of
from requests_portal.staff.case.actions.forms import CaseForm
from requests_portal.staff.case.actions.item_forms import ApprovalForm
from requests_portal.staff.case.actions.table import ActionPage
from requests_portal.staff.case.presenter import item_views, names_on_page
from requests_portal.staff.queue.search import merge_candidates
from workflows.accounts.actors import actor_for
from workflows.cases.change_of_law import preview_change_of_law
from workflows.cases.clocks import answer_kind, day_to_promise, extendable_clock
from workflows.cases.lifecycle import MOVES, Action
from workflows.cases.models import Case
from workflows.cases.models.clock import rule_events
from workflows.cases.staff_actions import grounds_of_identity, log_case_view
from workflows.cases.timeline import STAFF_SENTENCES
from workflows.datasets.models import Snapshot
from workflows.ledger.models import Event
from workflows.ledger.selectors import events_of_case
from workflows.lookups.findings import (
    affected_models,
    next_step,
    progress_of,
    unjudged_places,
)
from workflows.notices.answers import compose_answer
from workflows.notices.document import to_text
from workflows.regimes import services as regimes
from workflows.regimes.deadlines.values import ClockEvent, EventName
from workflows.retention.erasure import ErasureGround, erasure_request_of
from workflows.vault.fields import text_or_erased
from workflows.vocabulary.outcomes import CHANGES_DATA
from workflows.vocabulary.roles import ROLE_NAMES, Role

# The panels that tell the last day as it will be once the move was taken.
_TELL_THE_DAY = frozenset(
    {
        "staff/panels/extension.html",
        "staff/panels/fee.html",
        "staff/panels/fee_paid.html",
        "staff/panels/not_asked.html",
    }
)


def panel_context(page: ActionPage, case: Case, form: CaseForm) -> dict[str, Any]:
    """Return what the panel of a page needs; nothing for one that needs no more than the case."""
    context = _PANELS[page.panel](case, form) if page.panel in _PANELS else {}
    if page.panel in _TELL_THE_DAY:
        event = cast(EventName, MOVES[Action(page.slug)].clock_event)
        context = {**context, "day_after": _date_after(case, event)}
    return context


def model_steps(case: Case) -> list[str]:
    """Return what is done about each model that was trained on data of the person."""
    changed = any(item.outcome in CHANGES_DATA for item in case.items.all())
    return [next_step(model, changed=changed) for model in affected_models(case)]


def _decision(case: Case, form: CaseForm) -> dict[str, Any]:
    names = names_on_page(case, ())
    return {
        "items": item_views(case),
        "proposed_by": names.get(case.proposed_by, case.proposed_by),
        "model_steps": model_steps(case),
        "change": form.change if isinstance(form, ApprovalForm) else None,
    }


def _date_after(case: Case, name: EventName) -> date | None:
    """Return the last day that could be promised if this clock event happened now."""
    regime = case.lead_regime
    clock = extendable_clock(case)
    kind = clock.kind if clock and name == "extension_told" else answer_kind(case, regime)
    events = [*rule_events(case), ClockEvent(name, timezone.now())]
    after = regimes.compute(regime, kind, events, case.residence, item_kinds=case.kinds)
    return day_to_promise(case, regime.code, after.lead_on)


def _fee(case: Case, _form: CaseForm) -> dict[str, Any]:
    fee = case.lead_regime.fee
    return {
        "rule": fee.text.in_language(get_language() or "en"),
        "sources": citation_texts(fee.citations),
    }


def _finding(case: Case, form: Any) -> dict[str, Any]:
    """Show the item and how far its look-up is; what was typed stays in any case."""
    lookup, to_judge = progress_of(case), unjudged_places(case)
    return {
        "chosen": form.chosen_view(),
        "items": case.items.all(),
        "lookup": lookup,
        "to_judge": to_judge,
        "waits": (lookup.is_running or to_judge) and not form.is_bound,
        "is_registered": Snapshot.objects.exclude(state=Snapshot.State.PURGED).exists(),
    }


def _merge(case: Case, form: CaseForm) -> dict[str, Any]:
    """Show both cases beside each other; to look at the other one is a step of its own."""
    other = case.merge_proposed_into
    if other is None:
        return {}
    log_case_view(other, actor_for(form.user), what="merge")
    return {
        "proposed_by": names_on_page(case, ()).get(case.merge_proposed_by, ""),
        "both": [
            {
                "case": one,
                "people": one.people.all(),
                "identifiers": one.identifiers.all(),
                "items": item_views(one),
                "service": text_or_erased(one, "service"),
            }
            for one in (case, other)
        ],
    }


def _identity(case: Case, _form: CaseForm) -> dict[str, Any]:
    """Show what was accepted as proof, by whom and on what grounds."""
    return {
        "accepted_by": names_on_page(case, ()).get(case.assurance_set_by, ""),
        "grounds_given": grounds_of_identity(case),
        "files": [file for file in case.attachments.all() if file.from_person],
    }


def _erasure(case: Case, _form: CaseForm) -> dict[str, Any]:
    """Show why the erasure was requested, and by whom."""
    ground, note = erasure_request_of(case)
    return {
        "erasure_ground": dict(ErasureGround.choices).get(ground, ground),
        "erasure_note": note,
        "erasure_requested_by": names_on_page(case, ()).get(case.erasure_requested_by, ""),
    }


def _change_of_law(case: Case, _form: CaseForm) -> dict[str, Any]:
    """Show the laws and the days as they are, and as they would be."""
    change = preview_change_of_law(case)
    return {
        "change": change,
        "laws_before": applicability_of(case).laws,
        "laws_after": laws_found(change.laws, case.residence),
    }


_PANELS: dict[str, Callable[[Case, Any], dict[str, Any]]] = {
    "staff/panels/finding.html": _finding,
    "staff/panels/proposal.html": lambda _case, form: {
        "groups": list(form.groups()),
        "model_steps": [next_step(model, changed=True) for model in form.models],
    },
    "staff/panels/decision.html": _decision,
    "staff/panels/answer.html": lambda case, _form: {
        "answer": to_text(compose_answer(case).document)
    },
    "staff/panels/change_of_law.html": _change_of_law,
    "staff/panels/fee.html": _fee,
    "staff/panels/duplicates.html": lambda case, _form: {"candidates": merge_candidates(case)},
    "staff/panels/merge.html": _merge,
    "staff/panels/identity.html": _identity,
    "staff/panels/erasure.html": _erasure,
}


def last_change(case: Case) -> Event | None:
    """Return the last step that a person took on a case; looking at it is none. One query.

    Steps of the system (a reminder, an acknowledgement) change nothing that a form shows, and what
    the person writes is read beside it: or whoever writes all day would let no form through.
    """
    steps = events_of_case(case.pseudonym).exclude(name__in=("case.viewed", "message.received"))
    return steps.exclude(role=Role.SYSTEM).last()


def version_token(event: Event | None) -> str:
    """Return what a form carries to tell which step was the last when it was opened."""
    return str(event.uid) if event else ""


def changed_by_another(event: Event) -> str:
    """Return the sentence for someone whose form was overtaken by `event`."""
    who = names_of([event.actor]).get(event.actor) or str(ROLE_NAMES[Role(event.role)])
    return _(
        "The case was changed while your form was open (%(who)s: %(what)s). Look at it once more;"
        " what you typed is still here, and can be sent again."
    ) % {"who": who, "what": STAFF_SENTENCES.get(event.name, event.name)}
