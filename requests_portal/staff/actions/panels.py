"""What an action page shows above its form, so that nobody acts blindly."""

from collections.abc import Callable
from datetime import date
from typing import Any, cast

from django.utils import timezone

from requests_portal.staff.actions.forms import CaseForm
from requests_portal.staff.actions.table import ActionPage
from requests_portal.staff.case_file import item_views, names_on_page
from requests_portal.staff.search import related_cases
from workflows.cases.answers import compose_answer
from workflows.cases.models import Case
from workflows.regimes import services as regimes
from workflows.regimes.values import ClockEvent, EventName


def panel_context(page: ActionPage, case: Case, form: CaseForm) -> dict[str, Any]:
    """Return what the panel of a page needs; nothing for a page without one."""
    return _PANELS[page.panel](case, form) if page.panel else {}


def _decision(case: Case, _form: CaseForm) -> dict[str, Any]:
    names = names_on_page(case, ())
    return {
        "items": item_views(case),
        "proposed_by": names.get(case.proposed_by, case.proposed_by),
    }


def _extended_to(case: Case) -> date | None:
    """Return the last day under the leading regime if the extension were told now."""
    regime = case.lead_regime
    told = [(event.name, event.at) for event in case.clock_events.all()]
    events = [
        ClockEvent(cast(EventName, name), at)
        for name, at in [*told, ("extension_told", timezone.now())]
    ]
    return regimes.compute(regime, regime.lead, events, case.residence).lead_on


_PANELS: dict[str, Callable[[Case, Any], dict[str, Any]]] = {
    "staff/panels/finding.html": lambda case, form: {
        "chosen": form.chosen_view(),
        "items": case.items.all(),
    },
    "staff/panels/proposal.html": lambda _case, form: {"groups": list(form.groups())},
    "staff/panels/decision.html": _decision,
    "staff/panels/answer.html": lambda case, _form: {"answer": compose_answer(case)},
    "staff/panels/extension.html": lambda case, _form: {"extended_to": _extended_to(case)},
    "staff/panels/related.html": lambda case, _form: {"related": related_cases(case)},
}
