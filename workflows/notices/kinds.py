"""The kinds of notice, one definition each; a system check names what one of them lacks.

The word itself is in `vocabulary.notices`, below the laws that use it; the text of a kind is a file
in each language, see `texts`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from workflows.cases.models import Message
from workflows.notices import facts
from workflows.notices.elements import COMMON, REQUIRED_PLACEHOLDERS
from workflows.notices.facts import NoticeFacts
from workflows.notices.phrases import phrase
from workflows.notices.values import RecipientLocale
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.notices import NoticeKind
from workflows.vocabulary.outcomes import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDefinition:
    """All that is particular to a kind of notice."""

    kind: NoticeKind
    # What its text may use beyond the placeholders of every notice. They also say which elements
    # a law can require of it: those whose words need no other.
    placeholders: frozenset[str]
    # What its sender must know.
    facts: tuple[type[NoticeFacts], ...]
    # For the preview: invented facts, or of a notice that tells of decided items, one of these.
    example: Callable[[RecipientLocale], NoticeFacts] | None = None
    example_item: tuple[ItemKind, Outcome] | None = None
    # The message by which the person gets it; None where they get none.
    message: Message.Kind | None = Message.Kind.NOTICE
    # To the person, and not to an organisation.
    for_person: bool = True

    @property
    def all_placeholders(self) -> frozenset[str]:
        """Return every placeholder that a text of this kind may use."""
        return COMMON | self.placeholders

    def can_tell(self, element: str) -> bool:
        """Return whether a notice of this kind has what the words of an element need."""
        return REQUIRED_PLACEHOLDERS.get(element, frozenset()) <= self.all_placeholders


def _reasons(reader: RecipientLocale) -> str:
    return phrase("invented.reasons", reader.language)


def _in_days(days: int) -> date:
    return (timezone.now() + timedelta(days=days)).date()


_ITEMS = frozenset({"datasets", "items", "scopes"})
# What the register of datasets says of the data that an answer tells of.
_REGISTER = frozenset({"categories", "legal_basis", "purposes", "recipients", "retention"}) | {
    "source_of_data",
    "transfers",
}
_DEFINITIONS = (
    NoticeDefinition(
        kind=NoticeKind.ACKNOWLEDGEMENT,
        placeholders=frozenset({"due_date", "receipt_time", "rule"}),
        facts=(facts.Acknowledgement,),
        example=lambda _reader: facts.Acknowledgement(),
        # The status page of a new case tells the same; a message that says it again is noise.
        message=None,
    ),
    NoticeDefinition(
        kind=NoticeKind.IDENTITY_REQUEST,
        placeholders=frozenset({"effect_on_clock", "identity_accepted", "identity_doubt"}),
        facts=(facts.IdentityRequest,),
        example=lambda reader: facts.IdentityRequest(_reasons(reader), _reasons(reader)),
        message=Message.Kind.IDENTITY_REQUEST,
    ),
    NoticeDefinition(
        kind=NoticeKind.CLARIFICATION,
        placeholders=frozenset({"effect_on_clock", "question"}),
        facts=(facts.Clarification,),
        example=lambda reader: facts.Clarification(_reasons(reader)),
        message=Message.Kind.INFORMATION_REQUEST,
    ),
    NoticeDefinition(
        kind=NoticeKind.EXTENSION,
        placeholders=frozenset({"new_date", "reasons"}),
        facts=(facts.Extension,),
        example=lambda reader: facts.Extension(_reasons(reader), _in_days(60)),
        message=Message.Kind.EXTENSION,
    ),
    NoticeDefinition(
        kind=NoticeKind.ACCESS_ANSWER,
        placeholders=_ITEMS | _REGISTER | {"copy_of_data", "number_of_data", "what_is_still_held"},
        facts=(facts.Decided,),
        example_item=(ItemKind.COPY, Outcome.PROVIDED),
    ),
    NoticeDefinition(
        kind=NoticeKind.CORRECTION_ANSWER,
        placeholders=_ITEMS | {"before_and_after", "complied_or_not", "verified"},
        facts=(facts.Decided,),
        example_item=(ItemKind.CORRECT, Outcome.CORRECTED),
    ),
    NoticeDefinition(
        kind=NoticeKind.DELETION_ANSWER,
        placeholders=_ITEMS | {"complied_or_not", "storage_only"},
        facts=(facts.Decided,),
        example_item=(ItemKind.DELETE, Outcome.PROCESSING_STOPPED),
    ),
    NoticeDefinition(
        kind=NoticeKind.EXPLANATION_ANSWER,
        placeholders=_ITEMS | _REGISTER,
        facts=(facts.Decided,),
        example_item=(ItemKind.EXPLAIN, Outcome.PROVIDED),
    ),
    NoticeDefinition(
        kind=NoticeKind.OBJECTION_ANSWER,
        placeholders=_ITEMS | {"action_taken", "effective_from"},
        facts=(facts.Decided,),
        example_item=(ItemKind.OBJECT, Outcome.PROCESSING_STOPPED),
    ),
    NoticeDefinition(
        kind=NoticeKind.REFUSAL,
        placeholders=frozenset(
            {"provision", "reasons", "refused_items", "scopes", "specific_facts"}
        )
        | {"internal_review", "what_is_still_held"},
        facts=(facts.Decided, facts.Refused),
        example_item=(ItemKind.COPY, Outcome.REFUSED),
    ),
    NoticeDefinition(
        kind=NoticeKind.FEE,
        placeholders=frozenset({"effect_on_clock", "fee_amount", "fee_reason"})
        | {"pay_until", "withdraw_until"},
        facts=(facts.Fee,),
        example=lambda reader: facts.Fee("EUR 20", _reasons(reader), _in_days(14)),
        message=Message.Kind.FEE,
    ),
    NoticeDefinition(
        kind=NoticeKind.RECIPIENTS,
        placeholders=frozenset({"action_taken", "dataset_version", "records"}),
        facts=(facts.Recipients,),
        example=lambda reader: facts.Recipients("web-2026 / 3", _reasons(reader), ("sha256:0000",)),
        message=None,
        for_person=False,
    ),
    NoticeDefinition(
        kind=NoticeKind.LATENESS,
        placeholders=frozenset({"due_date", "new_date"}),
        facts=(facts.Lateness,),
        example=lambda _reader: facts.Lateness(_in_days(-1)),
    ),
    NoticeDefinition(
        kind=NoticeKind.CHANGE_OF_LAW,
        placeholders=frozenset({"due_date", "laws_before", "laws_now", "reasons"}),
        facts=(facts.ChangedLaw,),
        example=lambda reader: facts.ChangedLaw(_reasons(reader), *[(reader.regime,)] * 2),
    ),
    NoticeDefinition(
        kind=NoticeKind.COMPLAINT_ACKNOWLEDGEMENT,
        placeholders=frozenset({"due_date", "receipt_time"}),
        facts=(facts.ComplaintAcknowledgement,),
        example=lambda _reader: facts.ComplaintAcknowledgement(timezone.now(), _in_days(30)),
    ),
    NoticeDefinition(
        kind=NoticeKind.COMPLAINT_OUTCOME,
        placeholders=frozenset({"outcome", "progress", "reasons"}),
        facts=(facts.ComplaintOutcome,),
        example=lambda reader: facts.ComplaintOutcome(*[_reasons(reader)] * 3),
    ),
    # It binds the notices together that its items call for, and its preview theirs.
    NoticeDefinition(
        kind=NoticeKind.ANSWER,
        placeholders=frozenset({"parts"}),
        facts=(NoticeFacts,),
        message=Message.Kind.ANSWER,
    ),
)
DEFINITIONS: Mapping[str, NoticeDefinition] = {each.kind: each for each in _DEFINITIONS}
# To organisations.
INTERNAL_KINDS = frozenset(each.kind for each in _DEFINITIONS if not each.for_person)
# The kinds that tell of decided items, with such an item for each.
DECIDED: Mapping[str, tuple[ItemKind, Outcome]] = {
    each.kind: each.example_item for each in _DEFINITIONS if each.example_item
}


def placeholders_of(kind: str) -> frozenset[str]:
    """Return the placeholders that a text of this kind may use."""
    return DEFINITIONS[kind].all_placeholders
