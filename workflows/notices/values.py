"""Values that every notice may use, and the reader for whom days and names are written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format

from workflows.cases.clocks import answer_kind
from workflows.cases.models import Case
from workflows.notices.document import Bullets, Node, Value
from workflows.notices.phrases import phrase
from workflows.regimes.deadlines.values import ClockRule
from workflows.regimes.rules.elements import Authority
from workflows.regimes.rules.regime import Regime
from workflows.vocabulary.item_kinds import ItemKind


@dataclass(frozen=True, slots=True)
class RecipientLocale:
    """For whom a notice is written: a case, a law, a language.

    Its days are written by the formats of the active language, so activate that first.
    """

    case: Case
    regime: Regime
    language: str

    def law(self, code: str) -> Regime | None:
        """Return a law of the case; None for another, or where the case is an invented one."""
        if code == self.regime.code:
            return self.regime
        return self.case.regime_of(code) if code in self.case.regime_versions else None

    @property
    def zone(self) -> ZoneInfo:
        """Return the zone in which the law counts this person's days."""
        return ZoneInfo(self.regime.place(self.case.residence).zone)

    @property
    def today(self) -> date:
        """Return the day that it is there."""
        return timezone.localdate(timezone=self.zone)

    def day(self, day: date | None) -> str:
        """Return a day in words; '' for none."""
        return date_format(day, "DATE_FORMAT") if day else ""

    def moment(self, moment: datetime) -> str:
        """Return an instant with the zone in which it is told."""
        local = date_format(timezone.localtime(moment, self.zone), "DATETIME_FORMAT")
        return phrase("join.zone", self.language, moment=local, zone=self.zone.key)


def laws_in_order(reader: RecipientLocale, laws: Iterable[Regime]) -> list[Regime]:
    """Return the laws of a notice, those of the place where the person lives first."""
    known = list({law.code: law for law in laws}.values()) or [reader.regime]
    return sorted(known, key=lambda law: not law.covers(reader.case.residence))


def is_law(regime: Regime) -> bool:
    """Return whether these rules are a law, and not the provider's own where none applies."""
    return any(rule.basis == "law" for rule in regime.items.values())


def common_values(reader: RecipientLocale, laws: Iterable[Regime] = ()) -> dict[str, Value]:
    """Return the values of the placeholders that every kind of notice has.

    `laws` are all that the notice is one of; without them it is of the reader's alone.
    """
    case, language = reader.case, reader.language
    ordered = laws_in_order(reader, laws)
    first = next(iter(_authorities(reader, ordered)), None)
    _law, authority = first or (None, None)
    court = ordered[0].court.text.in_language(language)
    record = max((r for law in ordered for r in law.records), key=lambda r: r.months, default=None)
    names = [law.name.in_language(language) for law in ordered if is_law(law)]
    return {
        "appeal_route": court,
        "authority": _authority_name(reader, ordered, first),
        "authority_address": authority.address.in_language(language) if authority else "",
        "authority_link": authority.link if authority else "",
        "case_number": case.number,
        "court": court,
        "filed_on": reader.day(timezone.localtime(case.filed_at, reader.zone).date()),
        "provider": settings.PROVIDER_NAME,
        "record_rule": record.text.in_language(language) if record else "",
        "regime": reader.regime.name.in_language(language),
        "rights": (Bullets(_rights(ordered)),),
        "rights_intro": phrase(
            "rights.under_law" if names else "rights.offered",
            language,
            laws=phrase("join.list", language).join(names),
        ),
        "today": reader.day(reader.today),
    }


def further_remedies(
    reader: RecipientLocale, laws: Iterable[Regime]
) -> dict[str, tuple[Node, ...]]:
    """Return what the elements `authority`, `court` and `appeal_route` tell of the further laws.

    Each with the law that it belongs to; the first of the laws is told by the text itself.
    """
    ordered, language = laws_in_order(reader, laws), reader.language
    lines = tuple(
        phrase(
            "remedy.authority",
            language,
            law=law.name.in_language(language),
            authority=phrase("join.list", language).join(
                part
                for part in (
                    authority.name.in_language(language),
                    authority.address.in_language(language),
                    authority.link,
                )
                if part
            ),
        )
        for law, authority in _authorities(reader, ordered)[1:]
    )
    courts = tuple(
        phrase(
            "remedy.court",
            language,
            law=law.name.in_language(language),
            text=law.court.text.in_language(language),
        )
        for law in ordered[1:]
    )
    found: dict[str, tuple[Node, ...]] = {}
    if lines:
        found["authority"] = (Bullets(lines),)
    if courts:
        found["court"] = found["appeal_route"] = (Bullets(courts),)
    return found


def _authorities(reader: RecipientLocale, laws: Iterable[Regime]) -> list[tuple[Regime, Authority]]:
    """Return the authority of each law that names one, in the order of the laws."""
    named = ((law, law.authority_for(reader.case.residence)) for law in laws)
    return [(law, authority) for law, authority in named if authority]


def _authority_name(
    reader: RecipientLocale,
    laws: Sequence[Regime],
    first: tuple[Regime, Authority] | None,
) -> str:
    if first is None:
        return ""
    law, authority = first
    name = authority.name.in_language(reader.language)
    if len(laws) == 1:
        return name
    of_law = law.name.in_language(reader.language)
    return phrase("remedy.of_law", reader.language, authority=name, law=of_law)


def _rights(laws: Iterable[Regime]) -> tuple[str, ...]:
    """Return what the laws let a person ask for, in the active language and our order.

    Where no law applies, it is what the provider offers.
    """
    rules = [rule for law in laws for rule in law.items.values()]
    granted = {rule.kind for rule in rules if rule.basis == "law"} or {r.kind for r in rules}
    return tuple(str(kind.label) for kind in ItemKind if kind in granted)


def due_sentence(reader: RecipientLocale, due_on: date | None) -> str:
    """Return by when there is an answer, also where the law sets no day or the day is over."""
    if due_on is None:
        return phrase("due.none", reader.language)
    name = "due.over" if due_on < reader.today else "due.by"
    return phrase(name, reader.language, day=reader.day(due_on))


def effect_on_clock(reader: RecipientLocale, question: str) -> str:
    """Return what asking does to the time to answer; `question`: identity, clarification, fee.

    It moves the time for an item only as all laws of the case say alike that know the item.
    """
    found = [law for code in reader.case.applicable_regimes if (law := reader.law(code))]
    laws = found or [reader.regime]
    effects = {kind: _effect(reader, laws, question, kind) for kind in reader.case.kinds}
    moved = {kind: effect for kind, effect in effects.items() if effect != "runs"}
    name = f"clock.{question}_{next(iter(moved.values()), 'runs')}"
    if not moved or len(moved) == len(effects):
        return phrase(name, reader.language)
    kinds = phrase("join.list", reader.language).join(str(ItemKind(kind).label) for kind in moved)
    for_some = phrase(f"{name}_for", reader.language, kinds=kinds)
    return f"{for_some} {phrase('clock.rest_runs', reader.language)}"


def _effect(reader: RecipientLocale, laws: Sequence[Regime], question: str, kind: str) -> str:
    """Return what a question does to the time for an item of one kind: runs, pauses or starts."""
    knowing = [law for law in laws if law.item(kind)] or laws
    effects = {
        _effect_under(law, law.clock(answer_kind(reader.case, law)).rule, question, kind)
        for law in knowing
    }
    return effects.pop() if len(effects) == 1 else "runs"


def _effect_under(regime: Regime, rule: ClockRule, question: str, kind: str) -> str:
    """Return what one law says of it."""
    if question == "fee" and kind not in regime.fee.chargeable:
        return "runs"
    if any(pause.from_event == f"{question}_asked" for pause in rule.for_item(kind).pauses):
        return "pauses"
    if {f"{question}_proved", f"{question}_paid"} & set(rule.starts):
        return "starts"
    return "runs"
