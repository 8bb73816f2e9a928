"""What the sender of a notice must know beyond the case itself: one small class a kind of notice.

Texts are those of people and are shown as they are; days are in the zone of the law.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from workflows.cases.clocks import answer_kind
from workflows.cases.decision_rules import assurance_needed
from workflows.cases.models import Item
from workflows.notices.document import Bullets, Value
from workflows.notices.item_values import item_values, refusal_values
from workflows.notices.phrases import phrase
from workflows.notices.values import RecipientLocale, due_sentence, effect_on_clock
from workflows.regimes.rules.elements import FeeRule, Ground
from workflows.regimes.rules.regime import Regime
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.outcomes import Outcome
from workflows.vocabulary.people import Assurance

# What is told of data about the person: where none are held, there is nothing of it to tell.
ABOUT_DATA = frozenset(
    {
        "automated_logic",
        "categories",
        "copy_of_data",
        "legal_basis",
        "number_of_data",
        "processing_rules",
        "purposes",
        "recipients",
        "retention",
        "source_of_data",
        "transfers",
    }
)


def tells_of_data(item: Item) -> bool:
    """Return whether the answer to an item tells of data: not of none, and not of a complaint."""
    return item.outcome != Outcome.NOT_HELD and item.kind != ItemKind.COMPLAINT


class NoticeFacts:
    """The facts of a notice. A kind that needs nothing beyond the case uses this itself."""

    @property
    def item_kinds(self) -> tuple[str, ...]:
        """Return the kinds of the items that the notice tells of; a law may say more of some."""
        return ()

    @property
    def needless(self) -> frozenset[str]:
        """Return the elements for which there is nothing to tell, whatever the law says."""
        return frozenset()

    def values(self, reader: RecipientLocale) -> Mapping[str, Value]:
        """Return the values of the kind's own placeholders, in the reader's language."""
        del reader
        return {}


@dataclass(frozen=True, slots=True)
class Acknowledgement(NoticeFacts):
    """`acknowledgement`: everything follows from the case."""

    def values(self, reader: RecipientLocale) -> Mapping[str, Value]:
        """Say when the request arrived, when it is answered, and by which rule."""
        case, regime = reader.case, reader.regime
        return {
            "receipt_time": reader.moment(case.filed_at),
            "due_date": due_sentence(reader, case.due_on),
            "rule": regime.clock(answer_kind(case, regime)).text.in_language(reader.language),
        }


@dataclass(frozen=True, slots=True)
class IdentityRequest(NoticeFacts):
    """`identity_request`: which doubt there is, and what would settle it beyond the usual."""

    doubt: str
    accepted: str = ""

    def values(self, reader: RecipientLocale) -> Mapping[str, Value]:
        """Say why, what is enough, and what it does to the clock."""
        return {
            "identity_doubt": self.doubt,
            "identity_accepted": self.accepted or _enough(reader),
            "effect_on_clock": effect_on_clock(reader, "identity"),
        }


def _enough(reader: RecipientLocale) -> str:
    """Return what is enough for the items of a case, where staff name nothing in particular."""
    found = [law for code in reader.case.applicable_regimes if (law := reader.law(code))]
    laws = found or [reader.regime]
    levels = [assurance_needed(laws, kind) for kind in reader.case.kinds]
    needed = max(levels, key=Assurance.values.index, default=Assurance.NONE)
    return phrase(f"enough.{needed}", reader.language)


@dataclass(frozen=True, slots=True)
class Clarification(NoticeFacts):
    """`clarification`: the question."""

    question: str

    def values(self, reader: RecipientLocale) -> Mapping[str, Value]:
        """Say the question, and what it does to the clock."""
        return {
            "question": self.question,
            "effect_on_clock": effect_on_clock(reader, "clarification"),
        }


@dataclass(frozen=True, slots=True)
class Extension(NoticeFacts):
    """`extension`: the reasons, and the new last day."""

    reasons: str
    new_date: date | None

    def values(self, reader: RecipientLocale) -> Mapping[str, Value]:
        """Say why and until when."""
        return {"reasons": self.reasons, "new_date": reader.day(self.new_date)}


@dataclass(frozen=True, slots=True)
class Fee(NoticeFacts):
    """`fee`: the amount with its currency, the reason, and until when to pay or to say no."""

    amount: str
    reason: str
    until: date | None = None

    def values(self, reader: RecipientLocale) -> Mapping[str, Value]:
        """Say how much, why and until when."""
        until = reader.day(self.until)
        return {
            "fee_amount": self.amount,
            "fee_reason": self.reason,
            "pay_until": until,
            "withdraw_until": until,
            "effect_on_clock": effect_on_clock(reader, "fee"),
        }


@dataclass(frozen=True, slots=True)
class Recipients(NoticeFacts):
    """`recipients`: to an organisation that received a dataset, never to the person.

    `records` locate what is changed, as record numbers or hashes; `action` names nobody.
    """

    dataset_version: str
    action: str
    records: tuple[str, ...] = ()

    def values(self, reader: RecipientLocale) -> Mapping[str, Value]:
        """Say which version and what was done."""
        del reader
        return {
            "dataset_version": self.dataset_version,
            "action_taken": self.action,
            "records": (Bullets(self.records),) if self.records else "",
        }


@dataclass(frozen=True, slots=True)
class Lateness(NoticeFacts):
    """`lateness`: the day that was missed, and a new one if there is one."""

    missed: date | None
    new_date: date | None = None

    def values(self, reader: RecipientLocale) -> Mapping[str, Value]:
        """Say what was missed and what happens now."""
        new_day = reader.day(self.new_date)
        name = "late.new_day" if new_day else "late.no_day"
        return {
            "due_date": reader.day(self.missed),
            "new_date": phrase(name, reader.language, day=new_day),
        }


@dataclass(frozen=True, slots=True)
class ChangedLaw(NoticeFacts):
    """`change_of_law`: why, the laws that were taken to apply, and those that do."""

    reasons: str
    before: tuple[Regime, ...]
    now: tuple[Regime, ...]

    def values(self, reader: RecipientLocale) -> Mapping[str, Value]:
        """Say which laws apply instead of which, why, and by when there is an answer."""
        return {
            "reasons": self.reasons,
            "laws_before": _names(reader, self.before),
            "laws_now": _names(reader, self.now),
            "due_date": due_sentence(reader, reader.case.due_on),
        }


def _names(reader: RecipientLocale, laws: Iterable[Regime]) -> str:
    names = [law.name.in_language(reader.language) for law in laws]
    return phrase("join.list", reader.language).join(names)


@dataclass(frozen=True, slots=True)
class ComplaintAcknowledgement(NoticeFacts):
    """`complaint_acknowledgement`: when the complaint arrived and by when its outcome is told."""

    received_at: datetime
    due_on: date | None = None

    def values(self, reader: RecipientLocale) -> Mapping[str, Value]:
        """Say when it arrived and when there is an answer."""
        return {
            "receipt_time": reader.moment(self.received_at),
            "due_date": due_sentence(reader, self.due_on),
        }


@dataclass(frozen=True, slots=True)
class ComplaintOutcome(NoticeFacts):
    """`complaint_outcome`: what came of it, why, and what was done until then."""

    outcome: str
    reasons: str
    progress: str = ""

    def values(self, reader: RecipientLocale) -> Mapping[str, Value]:
        """Say what came of it."""
        del reader
        return {"outcome": self.outcome, "reasons": self.reasons, "progress": self.progress}


@dataclass(frozen=True, slots=True)
class Decided(NoticeFacts):
    """The kinds of answer: the items that were decided, and what other packages know of them.

    `known` holds values for placeholders such as `source_of_data`, `recipients`, `categories`.
    """

    items: tuple[Item, ...]
    known: Mapping[str, Value] = field(default_factory=dict)

    @property
    def item_kinds(self) -> tuple[str, ...]:
        """Return the kinds of the items."""
        return tuple(dict.fromkeys(item.kind for item in self.items))

    @property
    def needless(self) -> frozenset[str]:
        """Return what is said of data, where none are held."""
        return frozenset() if any(map(tells_of_data, self.items)) else ABOUT_DATA

    def values(self, reader: RecipientLocale) -> Mapping[str, Value]:
        """Say what became of each item."""
        return {**item_values(reader, self.items), **self.known}


@dataclass(frozen=True, slots=True)
class Refused(NoticeFacts):
    """`refusal` of a whole request before its items were decided.

    `reasons` are those of staff; `grounds` are what the laws say about it, by regime, none where
    they say nothing. `unpaid_by` is the day on which the time to pay a fee was over.
    """

    items: tuple[Item, ...]
    reasons: str
    grounds: Mapping[str, Ground | FeeRule] = field(default_factory=dict)
    unpaid_by: date | None = None

    @property
    def item_kinds(self) -> tuple[str, ...]:
        """Return the kinds of the items."""
        return tuple(dict.fromkeys(item.kind for item in self.items))

    def values(self, reader: RecipientLocale) -> Mapping[str, Value]:
        """Say that all of it is refused, why, and by which rule."""
        reasons = self.reasons
        if self.unpaid_by:
            unpaid = phrase("fee.unpaid", reader.language, day=reader.day(self.unpaid_by))
            reasons = f"{reasons}\n\n{unpaid}"
        return refusal_values(reader, self.items, reasons, self.grounds)
