"""The parts of a regime as frozen values, and the closed words that a rule file may use."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from workflows.common.languages import in_language
from workflows.regimes.deadlines.values import Citation, ClockRule, Confirmed
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.notices import NoticeElement, NoticeKind
from workflows.vocabulary.outcomes import Outcome
from workflows.vocabulary.people import Assurance, RequesterRole

Basis = Literal["law", "policy"]
# What can connect a request with a law: facts of the provider, and where the person lives.
Factor = Literal[
    "established_in", "processed_in", "collected_in", "resident", "offered_in", "monitored_in"
]

ASSURANCE_LEVELS = tuple(Assurance.values)
FILERS = tuple(RequesterRole.values)
ITEM_KINDS = tuple(ItemKind.values)
OUTCOMES = tuple(Outcome.values)
# A date beside the statutory one: the provider's aim, the number of a standard that is not law,
# the strictest way to read the law.
TARGET_NAMES = ("policy", "outer_standard", "strictest_reading")
# The answer is no notice of the law: it binds those together that its items call for.
NOTICE_KINDS = tuple(kind for kind in NoticeKind.values if kind != NoticeKind.ANSWER)
NOTICE_ELEMENTS = tuple(NoticeElement.values)


@dataclass(frozen=True, slots=True)
class LocalizedText:
    """One sentence in Chinese, in English and in `others`; all are part of the rule's version."""

    zh: str
    en: str
    others: Mapping[str, str] = field(default_factory=dict, hash=False)

    def in_language(self, language: str) -> str:
        """Return the text in a language, or in English where it was not translated."""
        return in_language({**self.others, "zh": self.zh, "en": self.en}, language)


@dataclass(frozen=True, slots=True)
class ResidencePlace:
    """Where the person lives, as far as it matters: the zone of the day and the calendar."""

    code: str
    zone: str
    calendar: str


@dataclass(frozen=True, slots=True)
class Authority:
    """Whom a person can complain to. `link` is https.

    `address` is where letters go, in one line, and empty in both languages where none is known.
    `confirmed` speaks for name, address and link together.
    """

    name: LocalizedText
    address: LocalizedText
    link: str
    confirmed: Confirmed


@dataclass(frozen=True, slots=True)
class FilerRule:
    """Who may file for the subject, on which conditions and with which evidence."""

    kind: str
    allowed: bool
    conditions: LocalizedText
    evidence: tuple[str, ...]
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class ItemRule:
    """One right. `basis` policy: no statute grants it here, the provider offers it.

    `verify_first`: what the person says must be checked before it is acted upon.
    `clock`: the clock kind that leads this item.
    `rationale`: why the right is read so; for staff alone.
    """

    kind: str
    basis: Basis
    assurance: Assurance
    clock: str
    verify_first: bool
    filers: tuple[str, ...]
    note: LocalizedText | None
    citations: tuple[Citation, ...]
    rationale: LocalizedText | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock with its name and its rule in one plain sentence, which the person reads too.

    `rationale`: why the rule is read so; for staff alone.
    """

    rule: ClockRule
    name: LocalizedText
    text: LocalizedText
    rationale: LocalizedText | None = None

    @property
    def kind(self) -> str:
        """Return the kind under which the regime lists this clock."""
        return self.rule.kind


@dataclass(frozen=True, slots=True)
class Ground:
    """A reason for which an item may be refused. No `items` means any item.

    `abuse`: it is also one to reject a whole request as an abuse of the right to ask.
    """

    code: str
    text: LocalizedText
    items: tuple[str, ...]
    needs_facts: bool
    citations: tuple[Citation, ...]
    abuse: bool = False


@dataclass(frozen=True, slots=True)
class OutcomeRule:
    """An outcome other than plain compliance which this law knows, and when."""

    outcome: str
    items: tuple[str, ...]
    condition: LocalizedText
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class FeeRule:
    """What a request may cost the person.

    `chargeable` are the item kinds for which a fee may be asked, none where the law allows none;
    `currency` is the ISO 4217 code in which it is asked.
    """

    free: bool
    text: LocalizedText
    citations: tuple[Citation, ...]
    chargeable: tuple[str, ...] = ()
    currency: str = ""


@dataclass(frozen=True, slots=True)
class NoticeRule:
    """What a notice must say under this law; a notice that lacks an element cannot be sent."""

    kind: str
    elements: tuple[str, ...]
    citations: tuple[Citation, ...]
    elements_by_item: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)

    def elements_for(self, item_kinds: Iterable[str]) -> tuple[str, ...]:
        """Return what the notice must say where it tells of items of these kinds."""
        more = [each for kind in item_kinds for each in self.elements_by_item.get(kind, ())]
        return tuple(dict.fromkeys([*self.elements, *more]))


@dataclass(frozen=True, slots=True)
class RecordRule:
    """A record to keep, for how many months, counted from which clock event."""

    code: str
    text: LocalizedText
    months: int
    from_event: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class MetricsRule:
    """Figures that a provider must publish or report."""

    code: str
    text: LocalizedText
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class CourtRemedy:
    """The sentence about the way to court."""

    text: LocalizedText
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class FactorGroup:
    """Factors that connect a request with a law when all of them hold.

    The group does not hold for people who live at one of `except_resident`.
    """

    factors: tuple[Factor, ...]
    except_resident: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Threshold:
    """A question on which the law depends for this provider; counsel answers `code`.`answer`."""

    answer: str
    question: LocalizedText
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class ApplicabilityRule:
    """When a law applies: one group is enough.

    By a group of `presumed` it applies until counsel has said that there is no connection. With a
    `threshold` it does not apply to a provider that stays below it.
    """

    groups: tuple[FactorGroup, ...]
    presumed: tuple[FactorGroup, ...] = ()
    threshold: Threshold | None = None
