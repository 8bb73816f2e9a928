"""Values that every notice may use, and the reader for whom days and names are written."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format

from workflows.cases.clocks import answer_kind
from workflows.cases.models import Case
from workflows.cases.models.clock import is_free_in_part
from workflows.notices.document import Bullets, Value
from workflows.notices.phrases import phrase
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


def common_values(reader: RecipientLocale) -> dict[str, Value]:
    """Return the values of the placeholders that every kind of notice has."""
    case, regime, language = reader.case, reader.regime, reader.language
    authority = regime.authority_for(case.residence)
    court = regime.court.text.in_language(language)
    return {
        "appeal_route": court,
        "authority": authority.name.in_language(language) if authority else "",
        "authority_address": authority.address.in_language(language) if authority else "",
        "authority_link": authority.link if authority else "",
        "case_number": case.number,
        "court": court,
        "filed_on": reader.day(timezone.localtime(case.filed_at, reader.zone).date()),
        "provider": settings.PROVIDER_NAME,
        "record_rule": regime.records[0].text.in_language(language) if regime.records else "",
        "regime": regime.name.in_language(language),
        "rights": (Bullets(_rights(regime)),),
        "today": reader.day(reader.today),
    }


def _rights(regime: Regime) -> tuple[str, ...]:
    """Return what the law itself lets a person ask for, in the active language and our order."""
    granted = {kind for kind, rule in regime.items.items() if rule.basis == "law"}
    return tuple(str(kind.label) for kind in ItemKind if kind in granted)


def due_sentence(reader: RecipientLocale, due_on: date | None) -> str:
    """Return by when there is an answer, also where the law sets no day or the day is over."""
    if due_on is None:
        return phrase("due.none", reader.language)
    name = "due.over" if due_on < reader.today else "due.by"
    return phrase(name, reader.language, day=reader.day(due_on))


def effect_on_clock(reader: RecipientLocale, question: str) -> str:
    """Return what asking does to the time to answer; `question`: identity, clarification, fee."""
    rule = reader.regime.clock(answer_kind(reader.case, reader.regime)).rule
    if question == "fee" and is_free_in_part(reader.case, reader.regime):
        effect = "runs"
    elif any(pause.from_event == f"{question}_asked" for pause in rule.pauses):
        effect = "pauses"
    elif {f"{question}_proved", f"{question}_paid"} & set(rule.starts):
        effect = "starts"
    else:
        effect = "runs"
    return phrase(f"clock.{question}_{effect}", reader.language)
