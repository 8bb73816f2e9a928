"""Runs applicability vectors: worked examples of which laws apply, kept by a provider's counsel.

The format is JSON: `vectors` holds objects with an `id`, an `input` (an instant `received`, a
`residence`, `item_kinds` and the `provider` as `ProviderProfile.from_dict` reads it) and what is
`expected`: `regimes` in order, `lead`, `lead_due`, `due_by_regime`, `neutral`, `questions` and
`not_yet_in_force`. What a vector does not name is not compared.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from workflows.cases.applicable_law import ApplicableLaws, LawsOfPlace, with_lead
from workflows.regimes.applicability import (
    NEUTRAL,
    ProviderProfile,
    applicable_laws,
    canonical_place,
)
from workflows.regimes.calendars import bundled_notices
from workflows.regimes.registry import regime_on
from workflows.regimes.services import all_regimes, get_regime

Vector = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class VectorResult:
    """What came out for one vector: each difference in words, none where it passed."""

    id: str
    differences: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Say whether all is as expected."""
        return not self.differences


def run(vector: Vector) -> VectorResult:
    """Find the laws of one vector by the shipped rules and calendars. No database."""
    name = str(vector.get("id", "without id"))
    try:
        found = _as_vector(_laws(vector["input"]))
        return VectorResult(name, tuple(_differences(vector["expected"], found)))
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        return VectorResult(name, (f"it cannot be read: {error!r}",))


def _laws(given: Mapping[str, Any]) -> ApplicableLaws:
    profile = ProviderProfile.from_dict(given["provider"])
    received = datetime.fromisoformat(given["received"])
    found = applicable_laws(profile, given["residence"], received, all_regimes())
    home, main = map(canonical_place, (given["residence"], profile.main_establishment))
    regimes = [
        regime_on(regime, regime.day_at(received)).seen_from(home, main)
        for regime in map(get_regime, found.codes or (NEUTRAL,))
    ]
    return with_lead(
        LawsOfPlace(found, tuple(regimes)),
        residence=given["residence"],
        kinds=given["item_kinds"],
        at=received,
        notices=lambda _regions: bundled_notices(),
    )


def _as_vector(laws: ApplicableLaws) -> dict[str, Any]:
    """Return what was found in the words of a vector; the neutral policy is no law there."""
    found = laws.applicability
    neutral = found.is_neutral
    due = {} if neutral else {code: _iso(day) for code, day in laws.due.items()}
    return {
        "regimes": list(found.codes),
        "lead": None if neutral else laws.lead.code,
        "lead_due": due.get(laws.lead.code),
        "due_by_regime": due,
        "neutral": neutral,
        "questions": list(found.open_questions),
        "not_yet_in_force": [code for code, _day in found.not_yet_in_force],
    }


def _differences(expected: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    for key, value in expected.items():
        if key not in found:
            yield f"nothing is known of {key!r}"
        elif _comparable(key, value) != _comparable(key, found[key]):
            yield f"{key}: expected {value!r}, got {found[key]!r}"


def _comparable(key: str, value: Any) -> Any:
    """Return a value for comparison: the order matters among the laws alone."""
    return sorted(value) if key in {"questions", "not_yet_in_force"} else value


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
