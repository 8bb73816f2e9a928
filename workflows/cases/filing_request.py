"""What a person tells when filing a request, and what must be right about it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from heapq import nsmallest
from itertools import chain
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from workflows.cases.applicable_law import laws_for
from workflows.cases.errors import InvalidFiling
from workflows.cases.models import Case
from workflows.common.inputs import is_storable_text
from workflows.regimes.applicability import NEUTRAL, canonical_place
from workflows.regimes.rules.regime import Regime
from workflows.regimes.services import all_regimes
from workflows.vocabulary.item_kinds import DETAIL_NAMES, ItemKind
from workflows.vocabulary.people import IdentifierKind, RequesterRole
from workflows.vocabulary.places import is_place

# The evidence by which a regime says that a relative needs an interest of their own, and that the
# deceased may have arranged otherwise.
_OWN_INTEREST = "own_interest_statement"

MAX_TEXT = 5_000
MAX_SHORT = 200
MAX_ITEMS = 10
MAX_IDENTIFIERS = 20
# Of prompts, and of links, in one item.
MAX_ENTRIES = 20
# Characters of all texts together.
MAX_TOTAL = 100_000
# No code of a place or a language is as long.
MAX_CODE = 20
MIN_PHONE_DIGITS = 5
# What a near relative of a person who has died tells, where the law asks for it.
KIN_FIELDS = ("kinship", "own_interest", "arrangement")
_TEXT_FIELDS = (
    "residence",
    "language",
    "subject_name",
    "requester_name",
    "authority",
    *KIN_FIELDS,
    "email",
    "phone",
    "service",
)
_LIMITS = {
    **dict.fromkeys(("residence", "language"), MAX_CODE),
    **dict.fromkeys(("subject_name", "requester_name", "email", "phone", "service"), MAX_SHORT),
}
Details = dict[str, str | list[str]]
# Of fields that do not exist; who sends more gets the rest told next time.
MOST_NAMED = 20
LONGEST_NAME = 100


def claims_own_interest(regimes: Iterable[Regime], requester_role: str) -> bool:
    """Return whether kinship, own interest and the arrangement of the deceased must be told.

    They must where one of the laws asks for them.
    """
    if requester_role != RequesterRole.NEAR_RELATIVE:
        return False
    rules = [regime.filers.get(RequesterRole.NEAR_RELATIVE) for regime in regimes]
    return any(rule is not None and _OWN_INTEREST in rule.evidence for rule in rules)


def near_relative_rules_apply(case: Case) -> bool:
    """Return whether a decision to grant needs these conditions looked at first."""
    return claims_own_interest(case.laws, case.requester_role)


@dataclass(frozen=True, slots=True)
class FiledItem:
    """One right that is asked for, with what the person says about it."""

    kind: str
    details: Details = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FiledIdentifier:
    """Something by which the subject can be found."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class FilingRequest:
    """Everything that a person tells when filing. Texts are as typed, stripped of outer space.

    `residence` is a country by its code of ISO 3166, or a part of one, such as `CN`, `DE-BE`,
    `GB-SCT`, `US-CA`. `subject_name` is the person whom the data are about; the requester
    is named apart where that is someone else.
    """

    items: tuple[FiledItem, ...]
    residence: str
    language: str
    subject_name: str
    identifiers: tuple[FiledIdentifier, ...] = ()
    requester_role: str = RequesterRole.SELF
    requester_name: str = ""
    authority: str = ""
    email: str = ""
    phone: str = ""
    service: str = ""
    kinship: str = ""
    own_interest: str = ""
    arrangement: str = ""

    def kin(self) -> dict[str, str]:
        """Return what a near relative told, without what was left empty."""
        return {name: text for name in KIN_FIELDS if (text := getattr(self, name))}

    def as_content(self) -> dict[str, Any]:
        """Return the whole request as JSON, in the form to which the log commits."""
        return {
            "items": [{"kind": item.kind, "details": dict(item.details)} for item in self.items],
            "residence": self.residence,
            "language": self.language,
            "subject_name": self.subject_name,
            "identifiers": [{"kind": i.kind, "value": i.value} for i in self.identifiers],
            "requester_role": self.requester_role,
            "requester_name": self.requester_name,
            "authority": self.authority,
            "email": self.email,
            "phone": self.phone,
            "service": self.service,
            **self.kin(),
        }


def check_filing(request: FilingRequest) -> dict[str, list[str]]:
    """Return what is wrong with a request, as sentences by field; empty when it can be filed.

    What it says is looked at only where there is not too much of it.
    """
    return _by_field(_bound_errors(request)) or _by_field(
        chain(
            _item_errors(request),
            _place_errors(request),
            _people_errors(request),
            _identifier_errors(request),
            _symbol_errors(request),
        )
    )


def _by_field(found: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    for field_name, sentence in found:
        sentences = errors.setdefault(field_name, [])
        if sentence not in sentences:
            sentences.append(sentence)
    return errors


def _bound_errors(request: FilingRequest) -> Iterator[tuple[str, str]]:
    """Yield what there is too much of, without a look at what it says."""
    if len(request.items) > MAX_ITEMS:
        yield "items", _("Choose at most %(count)s things.") % {"count": MAX_ITEMS}
    elif any(map(_has_too_many_details, request.items)):
        yield "items", _("Give at most %(count)s prompts and links.") % {"count": MAX_ENTRIES}
    if len(request.identifiers) > MAX_IDENTIFIERS:
        yield "identifiers", _("Give at most %(count)s details.") % {"count": MAX_IDENTIFIERS}
    all_texts = _all_texts(request)
    for name, texts in all_texts.items():
        limit = _LIMITS.get(name, MAX_TEXT)
        if any(len(text) > limit for text in texts):
            yield name, _("Write at most %(count)s characters.") % {"count": limit}
    if sum(min(len(text), MAX_TEXT) for texts in all_texts.values() for text in texts) > MAX_TOTAL:
        yield (
            "request",
            _("All texts together may have at most %(count)s characters. Shorten some of them.")
            % {"count": MAX_TOTAL},
        )


def _has_too_many_details(item: FiledItem) -> bool:
    lists = [value for value in item.details.values() if isinstance(value, list)]
    return len(item.details) > len(DETAIL_NAMES) or any(len(it) > MAX_ENTRIES for it in lists)


def _all_texts(request: FilingRequest) -> dict[str, list[str]]:
    """Return the texts by field, of lists no more than are allowed."""
    items = [item for item in request.items[:MAX_ITEMS] if not _has_too_many_details(item)]
    identifiers = request.identifiers[:MAX_IDENTIFIERS]
    return {
        "items": [text for item in items for text in _texts_of(item.details)],
        "identifiers": [identifier.value for identifier in identifiers],
        **{name: [getattr(request, name)] for name in _TEXT_FIELDS},
    }


def _item_errors(request: FilingRequest) -> Iterator[tuple[str, str]]:
    if not request.items:
        yield "items", _("Choose at least one thing that you want.")
    for item in request.items:
        if item.kind not in ItemKind.values:
            yield "items", _("Choose from the things that can be asked for.")
        if set(item.details) - DETAIL_NAMES:
            yield "items", _("There is no such detail of an item.")


def _place_errors(request: FilingRequest) -> Iterator[tuple[str, str]]:
    if not request.residence:
        yield "residence", _("Choose where you live.")
    elif not is_residence(request.residence):
        yield (
            "residence",
            _("Give a country by its code, such as DE, or a part of one, such as DE-BE."),
        )
    if request.language not in dict(settings.LANGUAGES):
        yield "language", _("Choose one of the languages offered.")


def _people_errors(request: FilingRequest) -> Iterator[tuple[str, str]]:
    if request.requester_role not in RequesterRole.values:
        yield "requester_role", _("Choose for whom you are asking.")
    elif request.requester_role != RequesterRole.SELF:
        if not request.requester_name:
            yield "requester_name", _("Enter your own name.")
        if not request.authority:
            yield "authority", _("Say by what right you act for the person.")
        yield from _kin_errors(request)
    if not request.subject_name:
        yield "subject_name", _("Enter the name of the person whom the information is about.")
    if request.email:
        try:
            validate_email(request.email)
        except ValidationError:
            yield "email", _("Enter an e-mail address like name@example.com.")
    if request.phone and not is_dialable(request.phone):
        yield "phone", _("Enter a phone number with all its digits, like +86 10 1234 5678.")


def is_dialable(phone: str) -> bool:
    """Return whether a text has digits enough for a phone number, whatever stands between them."""
    return sum(map(str.isdecimal, phone)) >= MIN_PHONE_DIGITS


def _kin_errors(request: FilingRequest) -> Iterator[tuple[str, str]]:
    is_relative = request.requester_role == RequesterRole.NEAR_RELATIVE
    if not is_relative or not is_residence(request.residence):
        return
    laws = laws_for(request.residence, [item.kind for item in request.items])
    if not claims_own_interest(laws.regimes, request.requester_role):
        return
    if not request.kinship:
        yield "kinship", _("Say how you are related to the person who has died.")
    if not request.own_interest:
        yield "own_interest", _("Say which interest of your own you have in this.")
    if not request.arrangement:
        yield "arrangement", _("Say whether the person who has died arranged otherwise.")


def _identifier_errors(request: FilingRequest) -> Iterator[tuple[str, str]]:
    for identifier in request.identifiers:
        if identifier.kind not in IdentifierKind.values or not identifier.value:
            yield "identifiers", _("Choose what kind of detail it is and fill it in.")


def _symbol_errors(request: FilingRequest) -> Iterator[tuple[str, str]]:
    for name, entered in _all_texts(request).items():
        if not all(map(is_storable_text, entered)):
            yield name, _("The text holds a symbol that cannot be stored. Remove it.")


def _texts_of(details: Details) -> list[str]:
    texts: list[str] = []
    for value in details.values():
        texts.extend([value] if isinstance(value, str) else value)
    return texts


def is_residence(code: str) -> bool:
    """Return whether somebody can live there: a place of the list, or one that a law names."""
    place = canonical_place(code)
    laws = [regime for regime in all_regimes() if regime.code != NEUTRAL]
    return is_place(place) or any(place in law.places for law in laws)


_FIELDS = frozenset(field.name for field in fields(FilingRequest))
_REQUIRED = frozenset({"items", "residence", "language", "subject_name"})


def request_from_content(content: object) -> FilingRequest:
    """Return the request; texts lose their outer space, fields left out stay empty.

    Raises `InvalidFiling` with the field for what is unknown, missing or of another type. What
    the values mean is checked when the request is filed.
    """
    if not isinstance(content, Mapping):
        raise InvalidFiling({"request": [_("The request is a JSON object with named fields.")]})
    unknown = nsmallest(MOST_NAMED, map(str, set(content) - _FIELDS))
    errors = {name[:LONGEST_NAME]: [_("There is no such field.")] for name in unknown}
    errors |= {name: [_("This field is missing.")] for name in _REQUIRED - set(content)}
    values: dict[str, Any] = {}
    for name in _FIELDS & set(content):
        try:
            values[name] = _READERS.get(name, _text)(content[name])
        except (TypeError, KeyError, AttributeError):
            errors[name] = [_("This field does not have the right form.")]
    if errors:
        raise InvalidFiling(errors)
    return FilingRequest(**values)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value.strip()


def _no_more_than(most: int, value: Any) -> Any:
    """Return a list or an object of at most so many entries, before one of them is looked at."""
    if len(value) > most:
        raise TypeError
    return value


def _details(value: Mapping[str, object]) -> dict[str, str | list[str]]:
    _no_more_than(len(DETAIL_NAMES), value)
    return {
        _text(name): [_text(entry) for entry in _no_more_than(MAX_ENTRIES, text)]
        if isinstance(text, list)
        else _text(text)
        for name, text in value.items()
    }


def _entry(value: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return an entry of a list, which may have these fields and no other."""
    if set(value) - set(names):
        raise KeyError
    return value


def _items(value: list[Mapping[str, Any]]) -> tuple[FiledItem, ...]:
    entries = [_entry(entry, "kind", "details") for entry in _no_more_than(MAX_ITEMS, value)]
    return tuple(FiledItem(_text(e["kind"]), _details(e.get("details", {}))) for e in entries)


def _identifiers(value: list[Mapping[str, Any]]) -> tuple[FiledIdentifier, ...]:
    entries = [_entry(entry, "kind", "value") for entry in _no_more_than(MAX_IDENTIFIERS, value)]
    return tuple(FiledIdentifier(_text(e["kind"]), _text(e["value"])) for e in entries)


_READERS = {"items": _items, "identifiers": _identifiers}
