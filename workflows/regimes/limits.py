"""The rules in force at an instant, with the time limits that the provider has published.

A limit is rule data: it is written into the document of the regime, as a provider's own rule file
could hold it, so that a case keeps it with the version it is filed under. It may only shorten.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from workflows.regimes.calendar_store import calendar_for
from workflows.regimes.deadlines.calculator import calculate
from workflows.regimes.deadlines.values import ClockEvent, ClockRule, PublishedPromise, Unit
from workflows.regimes.explain import length
from workflows.regimes.models import PublishedLimit
from workflows.regimes.registry import regime_on
from workflows.regimes.rules.elements import Clock
from workflows.regimes.rules.reader import Document
from workflows.regimes.rules.regime import Regime, UnknownClockError, parse_regime
from workflows.regimes.services import years_needed
from workflows.regimes.stored_rules import stored_rules

_UNITS = ("days", "working_days")
_DAYS_COMPARED = 366


class InvalidLimit(ValueError):
    """A limit cannot be published. `str()` is a sentence for the person who tried."""


@dataclass(frozen=True, slots=True)
class LimitableClock:
    """A clock for which a limit can be published, and what holds for it now."""

    regime: Regime
    clock: Clock
    promise: PublishedPromise | None


def limited_kinds(regime: Regime) -> tuple[str, ...]:
    """Return the clocks that people wait for: those which can have a published limit."""
    kinds = (
        regime.acknowledge,
        regime.lead,
        *(item.clock for item in regime.items.values()),
        regime.complaint_acknowledge,
        regime.complaint,
    )
    return tuple(dict.fromkeys(kind for kind in kinds if kind))


def rules_in_force(
    regimes: Iterable[Regime], at: datetime, limits: Iterable[PublishedLimit] | None = None
) -> tuple[Regime, ...]:
    """Return the rules and the limits that were in force at an instant.

    One query for all, none where the published `limits` are given.
    """
    regimes = tuple(regime_on(regime, regime.day_at(at)) for regime in regimes)
    rows = stored_rules().limits if limits is None else limits
    found = []
    for regime in regimes:
        latest = _latest(rows, regime.code, regime.day_at(at))
        found.append(with_limits(regime, latest) if latest else regime)
    return tuple(found)


def with_limits(regime: Regime, limits: Mapping[str, PublishedPromise]) -> Regime:
    """Return a regime whose clocks of these kinds keep to a published limit.

    Its version names the day from which the latest of them holds.
    """
    document: dict[str, Any] = deepcopy(dict(regime.document))
    for kind, promise in limits.items():
        if kind not in document["clocks"]:
            continue
        clock = document["clocks"][kind]
        clock["promise"] = {
            "unit": promise.unit,
            "amount": promise.amount,
            "since": promise.since.isoformat(),
            **({"told": True} if promise.told else {}),
        }
        clock["text"] = {
            language: _with_sentence(text, language, promise)
            for language, text in clock["text"].items()
        }
    since = max(promise.since for promise in limits.values())
    document["version"] = f"{regime.version}+{since.isoformat()}"
    return parse_regime(Document(f"{regime.code} with published limits", "", document))


def _with_sentence(text: str, language: str, promise: PublishedPromise) -> str:
    """Return the text of a rule with what was published or told, in one of its languages."""
    with translation.override("zh-hans" if language == "zh" else language):
        return f"{text}{'' if language == 'zh' else ' '}{limit_in_words(promise)}"


def limit_in_words(promise: PublishedPromise) -> str:
    """Return what was published or told, in the active language; it becomes part of the rule."""
    values = {
        "length": length(promise.unit, promise.amount),
        "day": date_format(promise.since, "DATE_FORMAT"),
    }
    if promise.told:
        return (
            _("Before this law was found to apply, you were told %(length)s. That stands.") % values
        )
    return _("For requests received from %(day)s on, our published limit is %(length)s.") % values


def check_limit(regime: Regime, kind: str, unit: str, amount: int) -> None:
    """Refuse what the law does not allow. Raises InvalidLimit, UnknownClockError.

    A limit may end no later than the law's own, wherever in the year a request comes in.
    """
    clock = regime.clock(kind)
    if kind not in limited_kinds(regime):
        raise UnknownClockError(f"{regime.code} publishes no limit for {kind!r}.")
    if unit not in _UNITS or amount < 1:
        raise InvalidLimit(_("A limit is one day or one working day at least."))
    if clock.rule.amount is not None and not _never_longer(regime, clock.rule, unit, amount):
        raise InvalidLimit(
            _("A published limit may be shorter than the law's own or equal to it, never longer.")
        )


def _never_longer(regime: Regime, rule: ClockRule, unit: str, amount: int) -> bool:
    """Hold the limit against the law's count for each day of a year."""
    if unit == rule.unit and not rule.first_day_counted:
        return amount <= (rule.amount or 0)
    place = regime.place(regime.default_place)
    promised = PublishedPromise(cast("Unit", unit), amount, date.min)
    start = datetime(2026, 1, 1, 12, tzinfo=ZoneInfo(place.zone))
    plain = ClockRule(rule.kind, promised.unit, amount)
    first, last = years_needed(
        rule, [ClockEvent("received", start + timedelta(days=_DAYS_COMPARED))]
    )
    calendar = calendar_for(place.calendar, first - 1, last)
    for number in range(_DAYS_COMPARED):
        events = [ClockEvent("received", start + timedelta(days=number))]
        law = calculate(rule, events, calendar, place.zone).lead_on
        own = calculate(plain, events, calendar, place.zone).lead_on
        if law is not None and own is not None and own > law:
            return False
    return True


def store_limit(
    *, regime: str, kind: str, unit: str, amount: int, valid_from: date, published_by: str
) -> PublishedLimit:
    """Keep one version of a limit; what was published before stays as it is."""
    return PublishedLimit.objects.create(
        regime=regime,
        clock=kind,
        unit=unit,
        amount=amount,
        valid_from=valid_from,
        published_by=published_by,
    )


def offered_clocks(regimes: Iterable[Regime], at: datetime) -> list[LimitableClock]:
    """Return each clock for which a limit can be published, with what holds for it."""
    originals = {regime.code: regime for regime in regimes}
    return [
        LimitableClock(
            originals[now.code], originals[now.code].clock(kind), now.clock(kind).rule.promise
        )
        for now in rules_in_force(originals.values(), at)
        for kind in limited_kinds(now)
    ]


def _latest(rows: Iterable[PublishedLimit], code: str, day: date) -> dict[str, PublishedPromise]:
    """Return the limit of each clock that was published last among those in force."""
    latest: dict[str, PublishedPromise] = {}
    for row in sorted(rows, key=lambda row: (row.valid_from, row.pk)):
        if row.regime == code and row.valid_from <= day:
            latest[row.clock] = row.as_promise()
    return latest
