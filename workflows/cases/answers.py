"""Composes the answer to the person: item by item, scope by scope, and how to go on from there."""

from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from workflows.cases.models import Case, Item
from workflows.cases.vocabulary import Outcome, Scope, ScopeResult


def _item_context(case: Case, item: Item) -> dict[str, Any]:
    ground = case.lead_regime.grounds.get(item.ground)
    return {
        "kind": item.get_kind_display(),
        "outcome": item.get_outcome_display(),
        "reasons": item.reasons,
        "ground": ground.text.in_language(case.language) if ground else "",
        "citations": _citations(ground.citations, case.language) if ground else [],
        "retraining_on": item.retraining_on,
        "suppressed": item.outcome == Outcome.SUPPRESSED_IN_OUTPUT,
        "scopes": [
            {"scope": scope.label, "result": ScopeResult(item.scopes[scope]).label}
            for scope in Scope
            if scope in item.scopes
        ],
    }


def _citations(citations: Any, language: str) -> list[str]:
    return [citation.zh if language == "zh-hans" else citation.en for citation in citations]


def answer_context(case: Case) -> dict[str, Any]:
    """Return what the template of the answer needs, in the language of the case."""
    regime = case.lead_regime
    authority = regime.authority_for(case.residence)
    return {
        "case_number": case.number,
        "provider_name": settings.PROVIDER_NAME,
        "filed_at": case.filed_at,
        "items": [_item_context(case, item) for item in case.items.all()],
        "regime": regime.name.in_language(case.language),
        "authority": authority.name.in_language(case.language),
        "authority_link": authority.link,
        "court": regime.court.text.in_language(case.language),
    }


def compose_answer(case: Case) -> str:
    """Return the answer as plain text, in the language in which the person filed.

    Its days are those of the zone by which the law counts.

    The template is `templates/emails/answer_text.txt`; it names each item with its outcome,
    reasons, ground and scopes, then the authority and the court of the case's regime.
    """
    zone = case.lead_regime.place(case.residence).zone
    with translation.override(case.language), timezone.override(zone):
        return render_to_string("emails/answer_text.txt", answer_context(case)).strip()
