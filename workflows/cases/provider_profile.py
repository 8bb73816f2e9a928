"""The provider's profile: set by a privacy officer for counsel, versioned, and tried out before."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.accounts.actors import Actor
from workflows.common.errors import InvalidInput
from workflows.ledger.append import append
from workflows.regimes.applicability import (
    CONNECTION,
    EVERYWHERE,
    PLACE_LISTS,
    ProviderProfile,
    applicable_laws,
)
from workflows.regimes.models import ProviderProfileVersion
from workflows.regimes.rules.elements import LocalizedText
from workflows.regimes.rules.regime import Regime
from workflows.regimes.services import all_regimes
from workflows.vocabulary.places import countries_and_parts, is_place
from workflows.vocabulary.roles import Role


@dataclass(frozen=True, slots=True)
class ProfileQuestion:
    """A question that decides whether a law applies to the provider; counsel answers it.

    `text` is None where it is whether there is a connection with the law's territory at all.
    """

    code: str
    regime: Regime
    text: LocalizedText | None


@dataclass(frozen=True, slots=True)
class MovedPlace:
    """A place whose people would be under other laws; the codes of before and of after."""

    place: str
    before: tuple[str, ...]
    after: tuple[str, ...]


def questions() -> Iterator[ProfileQuestion]:
    """Yield the questions of all laws, in order of the laws."""
    for regime in all_regimes():
        threshold = regime.applies.threshold
        if threshold is not None:
            yield ProfileQuestion(f"{regime.code}.{threshold.answer}", regime, threshold.question)
        if regime.applies.presumed:
            yield ProfileQuestion(f"{regime.code}.{CONNECTION}", regime, None)


def places_moved(
    before: ProviderProfile, after: ProviderProfile, at: datetime | None = None
) -> list[MovedPlace]:
    """Return the places whose people would be under other laws by another profile."""
    at, regimes = at or timezone.now(), all_regimes()
    moved = []
    for place, _name in countries_and_parts():
        old, new = (applicable_laws(each, place, at, regimes).codes for each in (before, after))
        if old != new:
            moved.append(MovedPlace(place, old, new))
    return moved


def set_profile(
    actor: Actor, profile: ProviderProfile, *, office: str, answered_on: date
) -> ProviderProfileVersion:
    """Set a new version of the profile, for the requests that come in from now on.

    Cases keep the laws they were filed under. Raises `InvalidInput` for what is no place or no
    question, and for a day that is still to come.
    """
    validate_profile(profile, answered_on)
    with transaction.atomic():
        version = ProviderProfileVersion.objects.create(
            profile=profile.to_dict(),
            office=office,
            answered_on=answered_on,
            set_by=actor.pseudonym,
        )
        append(
            name="provider_profile.set",
            role=Role.PRIVACY_OFFICER,
            actor=actor.pseudonym,
            facts={
                **{key: list(getattr(profile, key)) for key in PLACE_LISTS},
                "main_establishment": profile.main_establishment,
                "answers": [f"{code}={answer}" for code, answer in sorted(profile.answers.items())],
                "answered_on": answered_on.isoformat(),
            },
        )
    return version


def validate_profile(profile: ProviderProfile, answered_on: date) -> None:
    """Raise `InvalidInput` for what is no place or no question, and for a day still to come."""
    named = [place for key in PLACE_LISTS for place in getattr(profile, key)]
    wrong = [place for place in named if place != EVERYWHERE and not is_place(place)]
    if profile.main_establishment and not is_place(profile.main_establishment):
        wrong.append(profile.main_establishment)
    if wrong:
        raise InvalidInput(
            _("Not known as places: %(places)s. Write codes such as DE, DE-BE, US-CA, or *.")
            % {"places": _join(wrong)}
        )
    unknown = set(profile.answers) - {question.code for question in questions()}
    if unknown:
        raise InvalidInput(
            _("There are no such questions: %(questions)s.") % {"questions": _join(sorted(unknown))}
        )
    if answered_on > timezone.localdate():
        raise InvalidInput(_("Counsel cannot have answered on a day that is still to come."))


def _join(codes: Iterable[str]) -> str:
    return _("; ").join(codes)
