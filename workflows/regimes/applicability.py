"""Which laws apply to a request: the facts of the provider held against where the person lives.

Pure. Every law is asked, for more than one can apply: that of the person's home, and that of the
provider's establishment or of the place of processing. Where none does, the result is neutral.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal, Self

from workflows.regimes.rules.elements import Factor, FactorGroup
from workflows.regimes.rules.regime import Regime

EVERYWHERE = "*"
CONNECTION = "connection"
Answer = Literal["yes", "no"]
# The code of the rules for requests to which no law applies.
NEUTRAL = "POLICY"


@dataclass(frozen=True, slots=True)
class ProviderProfile:
    """The facts of the provider on which laws depend, as counsel has stated them.

    Places are codes of ISO 3166; a country covers its parts, `*` is everywhere. `answers` are by
    question, `CODE.threshold` or `CODE.connection`; a question that is not answered is open.
    `main_establishment` is where time is reckoned, and whose authority is named, for people who
    live outside the territory of a law that reaches them by the establishment.
    """

    established_in: tuple[str, ...] = ()
    offers_service_in: tuple[str, ...] = ()
    processes_in: tuple[str, ...] = ()
    monitors_in: tuple[str, ...] = ()
    collected_in: tuple[str, ...] = ()
    main_establishment: str = ""
    answers: Mapping[str, Answer] = field(default_factory=dict, hash=False)
    # Whether counsel has stated it, or it only stands in for what nobody has said yet.
    is_stated: bool = True

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote; a key that is missing is empty."""
        lists: dict[str, Any] = {key: tuple(data.get(key, ())) for key in PLACE_LISTS}
        main = str(data.get("main_establishment") or "")
        return cls(**lists, main_establishment=main, answers=dict(data.get("answers") or {}))

    def to_dict(self) -> dict[str, Any]:
        """Return the profile as JSON-able values."""
        lists = {key: list(getattr(self, key)) for key in PLACE_LISTS}
        return {
            **lists,
            "main_establishment": self.main_establishment,
            "answers": dict(self.answers),
        }


PLACE_LISTS = (
    "established_in",
    "offers_service_in",
    "processes_in",
    "monitors_in",
    "collected_in",
)
# What holds before counsel has said anything: the law of every home is taken to apply.
UNKNOWN = ProviderProfile(offers_service_in=(EVERYWHERE,), is_stated=False)
_LIST_OF: Mapping[Factor, str] = {
    "established_in": "established_in",
    "processed_in": "processes_in",
    "collected_in": "collected_in",
    "offered_in": "offers_service_in",
    "monitored_in": "monitors_in",
}
# Places with a code of their own and one as a part of a country. A part of China in the list of
# the standard is none in law; the overseas parts of France and others are by their own codes.
_SAME_PLACE = {
    "CN-HK": "HK",
    "CN-MO": "MO",
    "CN-TW": "TW",
    "AX": "FI-01",
    "GP": "FR-971",
    "MQ": "FR-972",
    "GF": "FR-973",
    "RE": "FR-974",
    "YT": "FR-976",
    "MF": "FR-MF",
    "FR-GP": "FR-971",
    "FR-MQ": "FR-972",
    "FR-GF": "FR-973",
    "FR-RE": "FR-974",
    "FR-YT": "FR-976",
    "FR-NC": "NC",
    "FR-PF": "PF",
    "FR-PM": "PM",
    "FR-BL": "BL",
    "FR-WF": "WF",
    "FR-TF": "TF",
    "NL-AW": "AW",
    "NL-CW": "CW",
    "NL-SX": "SX",
    "NL-BQ1": "BQ",
    "NL-BQ2": "BQ",
    "NL-BQ3": "BQ",
    "NO-21": "SJ",
    "NO-22": "SJ",
    "US-PR": "PR",
    "US-GU": "GU",
    "US-VI": "VI",
    "US-AS": "AS",
    "US-MP": "MP",
    "US-UM": "UM",
}


@dataclass(frozen=True, slots=True)
class ApplicableLaw:
    """A law that applies, and the group of factors by which it does.

    `presumed`: counsel has not yet confirmed the connection. `open_questions` are its questions
    that wait for an answer of counsel.
    """

    code: str
    factors: tuple[Factor, ...]
    presumed: bool = False
    open_questions: tuple[str, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Return whether counsel has answered all on which it depends."""
        return not self.presumed and not self.open_questions


@dataclass(frozen=True, slots=True)
class Applicability:
    """The laws that apply to one request, that of the person's home first.

    `not_yet_in_force` are those that would apply if they were in force, with their first day.
    """

    laws: tuple[ApplicableLaw, ...] = ()
    not_yet_in_force: tuple[tuple[str, date], ...] = ()

    @property
    def is_neutral(self) -> bool:
        """Say whether no law applies."""
        return not self.laws

    @property
    def codes(self) -> tuple[str, ...]:
        """Return the codes of the laws in order."""
        return tuple(law.code for law in self.laws)

    @property
    def open_questions(self) -> tuple[str, ...]:
        """Return the questions that counsel has not answered, in order of the laws."""
        return tuple(question for law in self.laws for question in law.open_questions)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able values; `from_dict` is the inverse."""
        return {
            "laws": [
                {
                    "code": law.code,
                    "factors": list(law.factors),
                    "presumed": law.presumed,
                    "open_questions": list(law.open_questions),
                }
                for law in self.laws
            ],
            "not_yet_in_force": [[code, day.isoformat()] for code, day in self.not_yet_in_force],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Restore what `to_dict` wrote."""
        return cls(
            laws=tuple(
                ApplicableLaw(
                    law["code"],
                    tuple(law["factors"]),
                    presumed=law["presumed"],
                    open_questions=tuple(law["open_questions"]),
                )
                for law in data.get("laws", ())
            ),
            not_yet_in_force=tuple(
                (code, date.fromisoformat(day)) for code, day in data.get("not_yet_in_force", ())
            ),
        )


def parts_have_laws(country: str, regimes: Iterable[Regime]) -> bool:
    """Return whether parts of a country have laws of their own that the whole does not have."""
    return any(
        place.startswith(f"{country}-")
        for regime in regimes
        if not regime.covers(country)
        for place in regime.places
    )


def canonical_place(code: str) -> str:
    """Return the one code by which a place with two codes is known here."""
    return _SAME_PLACE.get(code, code)


def lies_in(place: str, area: str) -> bool:
    """Return whether a place is an area or a part of it; `*` is everywhere."""
    place, area = canonical_place(place), canonical_place(area)
    return area in {EVERYWHERE, place} or place.startswith(f"{area}-")


def applicable_laws(
    profile: ProviderProfile, residence: str, received: datetime, regimes: Iterable[Regime]
) -> Applicability:
    """Return which of the laws apply to a request received then from somebody who lives there.

    A law is in force by the day of receipt at its own default place. A question without an answer
    counts as if it were answered in favour of the person.
    """
    home = canonical_place(residence)
    laws, later = [], []
    for regime in regimes:
        law = _applies(profile, home, regime)
        if law is None:
            continue
        if not profile.is_stated:
            law = replace(law, factors=("resident",), presumed=True)
        day = regime.day_at(received)
        if regime.validity.holds_on(day):
            laws.append((_rank(regime, home), law))
        elif regime.validity.first and day < regime.validity.first:
            later.append((law.code, regime.validity.first))
    return Applicability(
        laws=tuple(law for _rank_, law in sorted(laws, key=lambda found: found[0])),
        not_yet_in_force=tuple(sorted(later)),
    )


def _rank(regime: Regime, home: str) -> tuple[int, str]:
    """Order the law of the home before others, that of a part before that of the country."""
    widest = [len(code) for code in regime.places if lies_in(home, code)]
    return (-min(widest, default=0), regime.code)


def _applies(profile: ProviderProfile, home: str, regime: Regime) -> ApplicableLaw | None:
    """Return the law with the first group that connects it, or None."""
    rule, questions = regime.applies, []
    if rule.threshold is not None:
        code = f"{regime.code}.{rule.threshold.answer}"
        answer = profile.answers.get(code)
        if answer == "no":
            return None
        if answer is None:
            questions.append(code)
    for group in rule.groups:
        if _holds(group, profile, home, regime):
            return ApplicableLaw(regime.code, group.factors, open_questions=tuple(questions))
    connection = f"{regime.code}.{CONNECTION}"
    answer = profile.answers.get(connection)
    for group in rule.presumed if answer != "no" else ():
        if _holds(group, profile, home, regime):
            if answer is None:
                questions.insert(0, connection)
            return ApplicableLaw(
                regime.code,
                group.factors,
                presumed=answer is None,
                open_questions=tuple(questions),
            )
    return None


def _holds(group: FactorGroup, profile: ProviderProfile, home: str, regime: Regime) -> bool:
    if any(lies_in(home, place) for place in group.except_resident):
        return False
    return all(_is_connected(factor, profile, home, regime) for factor in group.factors)


def _is_connected(factor: Factor, profile: ProviderProfile, home: str, regime: Regime) -> bool:
    """Say whether a factor points to the territory of a law."""
    if factor == "resident":
        return any(lies_in(home, place) for place in regime.places)
    named: tuple[str, ...] = getattr(profile, _LIST_OF[factor])
    return any(
        lies_in(one, place) or lies_in(place, one) for one in named for place in regime.places
    )
