"""The laws that a case of today can be filed under, and a provider whom they reach."""

from django.utils import timezone

from tests.factories import provider
from workflows.regimes.applicability import NEUTRAL
from workflows.regimes.rules.regime import Regime
from workflows.regimes.services import all_regimes

LAWS_IN_FORCE = [
    regime
    for regime in all_regimes()
    if regime.code != NEUTRAL and regime.validity.holds_on(regime.day_at(timezone.now()))
]
CODES_IN_FORCE = [regime.code for regime in LAWS_IN_FORCE]


def reach(regime: Regime) -> str:
    """Set a provider whom a law reaches, and return a place whose people it protects."""
    if regime.code == NEUTRAL:
        provider(established_in=["US-WA"], offers_service_in=["US-WA"])
        return "KE"
    home = regime.default_place
    if not any(set(group.factors) <= {"resident", "offered_in"} for group in regime.applies.groups):
        provider(established_in=[home], processes_in=[home], offers_service_in=["*"])
    return home
