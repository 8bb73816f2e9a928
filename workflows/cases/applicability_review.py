"""Open cases whose laws are not those that would be found today: what would change."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from workflows.cases.applicable_law import codes_for, laws_for, profile_in_force
from workflows.cases.lifecycle import OPEN
from workflows.cases.models import Case
from workflows.regimes.applicability import ProviderProfile


@dataclass(frozen=True, slots=True)
class ReviewedCase:
    """An open case that the profile in force would put under other laws.

    `due_now` is the day that the person was told; `due_then` is the first day of the other laws,
    None where they give none. The earlier of the two is the one to keep.
    """

    number: str
    residence: str
    laws_now: tuple[str, ...]
    laws_then: tuple[str, ...]
    due_now: date | None
    due_then: date | None


def cases_under_other_laws() -> Iterator[ReviewedCase]:
    """Yield the open cases in order of filing whose laws would be others by the profile in force.

    The laws are looked for as of the day of receipt; nothing is changed. Queries are made only for
    the cases that are found.
    """
    profile, _version = profile_in_force()
    for case in Case.objects.filter(state__in=OPEN).order_by("filed_at").iterator():
        if set(codes_for(case, profile)) != set(case.applicable_regimes):
            yield _reviewed(case, profile)


def _reviewed(case: Case, profile: ProviderProfile) -> ReviewedCase:
    laws = laws_for(case.residence, case.kinds, case.filed_at, profile)
    return ReviewedCase(
        number=case.number,
        residence=case.residence,
        laws_now=case.applicable_regimes,
        laws_then=tuple(regime.code for regime in laws.regimes),
        due_now=case.due_on,
        due_then=laws.due[laws.lead.code],
    )
