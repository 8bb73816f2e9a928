"""Reads a request from JSON of the shape that `FilingRequest.as_content` writes."""

from collections.abc import Mapping
from dataclasses import fields
from heapq import nsmallest
from typing import Any

from django.utils.translation import gettext as _

from workflows.cases.errors import InvalidFiling
from workflows.cases.filing_request import (
    MAX_ENTRIES,
    MAX_IDENTIFIERS,
    MAX_ITEMS,
    FiledIdentifier,
    FiledItem,
    FilingRequest,
)
from workflows.vocabulary.item_kinds import DETAIL_NAMES

# Of fields that do not exist; who sends more gets the rest told next time.
MOST_NAMED = 20
LONGEST_NAME = 100
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
