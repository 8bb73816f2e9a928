"""Which laws apply and why, in words: before a request is sent, in its case, and for staff."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from workflows.cases.applicable_law import ApplicableLaws
from workflows.cases.models import Case
from workflows.regimes.applicability import (
    NEUTRAL,
    Applicability,
    ApplicableLaw,
    parts_have_laws,
)
from workflows.regimes.rules.regime import Regime
from workflows.regimes.services import all_regimes, get_regime


@dataclass(frozen=True, slots=True)
class LawPresenter:
    """A law that applies: its name, and why in one sentence; '' where it was not kept.

    `presumed`: whether it has to be applied is still being examined, or asked of counsel.
    """

    code: str
    name: str
    reason: str
    presumed: bool = False
    experimental: bool = False
    leads: bool = False


@dataclass(frozen=True, slots=True)
class ComingLaw:
    """A law that will apply to requests from a day on."""

    name: str
    valid_from: date


@dataclass(frozen=True, slots=True)
class ApplicabilityPresenter:
    """The laws of a request; `neutral` where none applies, and `coming` those that will.

    `parts_matter`: none applies to the country as a whole, and parts of it have laws of their own.
    """

    laws: list[LawPresenter]
    neutral: bool
    parts_matter: bool
    coming: list[ComingLaw]
    open_questions: tuple[str, ...]


def reason(factors: Iterable[str], territory: str) -> str:
    """Return why a law applies, in one sentence."""
    named = frozenset(factors)
    place = {"place": territory}
    if named == {"resident"}:
        return _("It applies because you live in %(place)s.") % place
    if named == {"resident", "offered_in"}:
        return _("It applies because you live in %(place)s and we offer our service there.") % place
    if named == {"resident", "monitored_in"}:
        return (
            _(
                "It applies because you live in %(place)s and we observe or assess there what"
                " people do."
            )
            % place
        )
    if named == {"resident", "established_in"}:
        return (
            _("It applies because you live in %(place)s and we have an establishment there.")
            % place
        )
    return _by_the_provider(named) % place


def _by_the_provider(factors: frozenset[str]) -> str:
    """Return the sentence for a law that reaches whoever asks, wherever they live."""
    if "established_in" in factors:
        return _("It applies because we have an establishment in %(place)s.")
    if "processed_in" in factors:
        return _("It applies because we process data in %(place)s.")
    if "collected_in" in factors:
        return _("It applies because data were collected in %(place)s.")
    if "monitored_in" in factors:
        return _("It applies because we observe or assess in %(place)s what people do.")
    return _("It applies because we offer our service in %(place)s.")


def applicability_of(case: Case) -> ApplicabilityPresenter:
    """Return the laws that a case was filed under, with why.

    A case of before reasons were kept has its laws without one.
    """
    found = Applicability.from_dict(case.applicability)
    kept = {law.code: law for law in found.laws}
    laws = [kept.get(code, ApplicableLaw(code, ())) for code in case.applicable_regimes]
    return _present(laws, found, case.residence, case.regime, case.regime_of)


def laws_found(laws: ApplicableLaws, residence: str) -> ApplicabilityPresenter:
    """Return the laws that a request from a place would be filed under, with why."""
    regimes = {regime.code: regime for regime in laws.regimes}
    found = laws.applicability
    return _present(found.laws, found, residence, laws.lead.code, lambda code: regimes[code])


def _present(
    laws: Iterable[ApplicableLaw],
    found: Applicability,
    residence: str,
    lead: str,
    regime_of: Callable[[str], Regime],
) -> ApplicabilityPresenter:
    language = get_language() or ""
    known = {regime.code for regime in all_regimes()}
    shown = [
        LawPresenter(
            code=law.code,
            name=(regime := regime_of(law.code)).name.in_language(language),
            reason=reason(law.factors, regime.territory.in_language(language))
            if law.factors
            else "",
            presumed=not law.is_settled,
            experimental=regime.experimental,
            leads=law.code == lead,
        )
        for law in laws
        if law.code != NEUTRAL
    ]
    return ApplicabilityPresenter(
        laws=shown,
        neutral=not shown,
        parts_matter=not shown and parts_have_laws(residence, all_regimes()),
        coming=[
            ComingLaw(get_regime(code).name.in_language(language), day)
            for code, day in found.not_yet_in_force
            if code in known
        ],
        open_questions=found.open_questions,
    )
