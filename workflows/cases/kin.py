"""What the law asks of a near relative of a person who has died, before anything is granted."""

from workflows.cases.models import Case
from workflows.regimes.rules.regime import Regime
from workflows.vocabulary.people import RequesterRole

# The evidence by which a regime says that a relative needs an interest of their own, and that the
# deceased may have arranged otherwise.
_OWN_INTEREST = "own_interest_statement"


def asks_for_own_interest(regime: Regime, requester_role: str) -> bool:
    """Return whether kinship, own interest and the arrangement of the deceased must be told."""
    rule = regime.filers.get(RequesterRole.NEAR_RELATIVE)
    return (
        requester_role == RequesterRole.NEAR_RELATIVE
        and rule is not None
        and _OWN_INTEREST in rule.evidence
    )


def kin_conditions_apply(case: Case) -> bool:
    """Return whether a decision to grant needs these conditions looked at first."""
    return asks_for_own_interest(case.lead_regime, case.requester_role)
