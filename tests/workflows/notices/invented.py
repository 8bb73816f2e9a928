"""Facts for each kind of notice, and cases under each regime, invented for the tests."""

from datetime import UTC, date, datetime

from django.utils import translation

from tests.factories import ERIKA, file, register_training_data
from tests.laws import reach
from workflows.cases.filing_request import FiledItem
from workflows.cases.models import Case
from workflows.notices import facts, kinds
from workflows.notices.answers import decided
from workflows.regimes.services import get_regime
from workflows.vocabulary.outcomes import Outcome, Scope, ScopeResult

MOMENT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
SCOPES = {Scope.TRAINING_SNAPSHOT: ScopeResult.FOUND, Scope.MODEL: ScopeResult.NOT_IDENTIFIABLE}
# The kinds that tell of decided items: which item, and what became of it.
DECIDED = {
    str(kind): (item_kind.value, outcome) for kind, (item_kind, outcome) in kinds.DECIDED.items()
}
OTHERS = {
    "acknowledgement": facts.Acknowledgement(),
    "identity_request": facts.IdentityRequest("The request came from another address."),
    "clarification": facts.Clarification("Which account do you mean?"),
    "extension": facts.Extension("The dataset is very large.", date(2027, 2, 1)),
    "fee": facts.Fee("EUR 20", "The same request came nine times.", date(2026, 12, 24)),
    "recipients": facts.Recipients("web-2026, snapshot 3", "Deleted.", ("sha256:ab12",)),
    "lateness": facts.Lateness(date(2026, 11, 1)),
    "change_of_law": facts.ChangedLaw(
        "Our service is directed to Germany.", (get_regime("CN"),), (get_regime("EU"),)
    ),
    "complaint_acknowledgement": facts.ComplaintAcknowledgement(MOMENT, date(2026, 12, 20)),
    "complaint_outcome": facts.ComplaintOutcome("Founded.", "We were late.", "We asked the team."),
}


def case_under(code: str, language: str, settings, *item_kinds: str) -> Case:
    """File a case under one regime alone."""
    home = reach(get_regime(code))
    items = tuple(
        FiledItem(kind, {"statement": "About me.", "claimed": "Bonn", "correct": "Berlin"})
        for kind in item_kinds or ("copy",)
    )
    residence = home
    return file(ERIKA, residence=residence, language=language, items=items).case


def decide(case: Case, *outcomes: Outcome) -> None:
    """Write outcomes to the items of a case, as a proposal would."""
    register_training_data()
    for item, outcome in zip(case.items.all(), outcomes, strict=True):
        item.outcome, item.reasons, item.scopes = outcome, f"Reasons {item.position}.", SCOPES
        if outcome == Outcome.REFUSED:
            item.ground = case.lead_regime.grounds_for(item.kind)[0].code
        item.save()


def facts_for(kind: str, case: Case) -> facts.NoticeFacts:
    """Return facts for a kind of notice; the items of the case are decided for it."""
    if kind not in DECIDED:
        return OTHERS[kind]
    decide(case, DECIDED[kind][1])
    with translation.override(case.language):
        return decided(case, kind, tuple(case.items.all()))


def case_for(kind: str, code: str, language: str, settings) -> Case:
    """File a case that a notice of this kind can be about."""
    return case_under(code, language, settings, DECIDED.get(kind, ("copy",))[0])
