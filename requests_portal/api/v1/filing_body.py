"""Reads the body of a filing: quickly where it is as the serializer says, else by the serializer.

The quick reader only accepts. It is made from the fields of the serializer, and leaves to it what
it does not fully recognise.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator
from rest_framework import serializers
from rest_framework.fields import empty
from rest_framework.validators import ProhibitSurrogateCharactersValidator

from requests_portal.api.v1.serializers import (
    BoundedListField,
    FilingSerializer,
    OptionalText,
    StrictSerializer,
)
from workflows.cases.filing_request import FiledIdentifier, FiledItem, FilingRequest
from workflows.common.inputs import is_storable_text

Reader = Callable[[Any], Any]

_OF_TEXTS = {
    MaxLengthValidator,
    ProhibitNullCharactersValidator,
    ProhibitSurrogateCharactersValidator,
}


class NotRecognised(Exception):
    """The serializer has to look at a value: it may be wrong, or merely unusual."""


def read_filing(body: object) -> FilingRequest:
    """Return what a body asks for, as the domain takes it. Raises the serializer's error."""
    try:
        data = read_quickly(body)
    except NotRecognised:
        serializer = FilingSerializer(data=body)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
    return FilingRequest(
        **{
            **data,
            "items": tuple(_item(**item) for item in data["items"]),
            "identifiers": tuple(FiledIdentifier(**entry) for entry in data["identifiers"]),
        }
    )


def _item(kind: str, details: Mapping[str, Any]) -> FiledItem:
    """Return an item with what was said about it, without what was left empty."""
    return FiledItem(kind, {name: value for name, value in details.items() if value})


def reader_of(field: serializers.Field[Any, Any, Any, Any]) -> Reader:
    """Return what reads a value as a field does, or raises `NotRecognised`.

    Raises `TypeError` for a field about which this module knows too little.
    """
    if type(field) in {serializers.CharField, OptionalText}:
        return _text_reader(field)
    if type(field) is serializers.ChoiceField:
        return _choice_reader(field)
    if type(field) in {serializers.ListSerializer, BoundedListField}:
        return _list_reader(field)
    if isinstance(field, StrictSerializer):
        return _object_reader(field)
    raise TypeError(f"{field!r} has no quick reader.")


def _text_reader(field: Any) -> Reader:
    if not field.trim_whitespace or {type(each) for each in field.validators} != _OF_TEXTS:
        raise TypeError(f"{field!r} has no quick reader.")
    longest, may_be_empty = field.max_length, field.allow_blank

    def read(value: Any) -> str:
        if type(value) is not str:
            raise NotRecognised
        text = value.strip()
        if not (text or may_be_empty) or len(text) > longest or not is_storable_text(text):
            raise NotRecognised
        return text

    return read


def _choice_reader(field: Any) -> Reader:
    choices = frozenset(field.choices)

    def read(value: Any) -> str:
        if type(value) is not str or value not in choices:
            raise NotRecognised
        return value

    return read


def _list_reader(field: Any) -> Reader:
    read_entry = reader_of(field.child)
    most = field.max_length
    least = field.min_length or (0 if field.allow_empty else 1)

    def read(value: Any) -> list[Any]:
        if type(value) is not list or not least <= len(value) <= most:
            raise NotRecognised
        return [read_entry(entry) for entry in value]

    return read


def _object_reader(serializer: StrictSerializer) -> Reader:
    readers = {name: reader_of(field) for name, field in serializer.fields.items()}
    required = {name for name, field in serializer.fields.items() if field.required}
    defaults = {
        name: field.get_default
        for name, field in serializer.fields.items()
        if field.default is not empty
    }

    def read(value: Any) -> dict[str, Any]:
        if type(value) is not dict or not required <= value.keys() <= readers.keys():
            raise NotRecognised
        # In the order of the fields, as the serializer has them.
        return {
            name: read_one(value[name]) if name in value else defaults[name]()
            for name, read_one in readers.items()
            if name in value or name in defaults
        }

    return read


read_quickly = reader_of(FilingSerializer())
