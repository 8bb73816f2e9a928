"""The people to look for, and the file they are given in: one JSON object a line."""

import enum
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class Kind(enum.StrEnum):
    """What an identifier is. The values stand in the files of hits."""

    NAME = "name"
    EMAIL = "email"
    PHONE = "phone"
    ID = "id"
    HANDLE = "handle"
    URL = "url"


FIELDS = {
    "names": Kind.NAME,
    "emails": Kind.EMAIL,
    "phones": Kind.PHONE,
    "ids": Kind.ID,
    "handles": Kind.HANDLE,
    "urls": Kind.URL,
}


class PersonsError(ValueError):
    """The file of persons cannot be read; the message names the line and quotes nothing from it."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """One thing by which one person can be found. `ref` is the caller's name for the person."""

    ref: str | int
    kind: Kind
    value: str


def read_persons_file(path: Path) -> Iterator[Identifier]:
    """Yield the identifiers of a file of persons.

    Raises PersonsError as `read_persons` does, and where there is none: a mistyped name of a field
    would find nobody. Raises OSError if the file cannot be opened.
    """
    found = False
    with path.open("rb") as lines:
        for identifier in read_persons(lines):
            found = True
            yield identifier
    if not found:
        fields = ", ".join(FIELDS)
        raise PersonsError(f"{path} holds nothing to look for. A person has {fields}.")


def read_persons(lines: Iterable[str | bytes]) -> Iterator[Identifier]:
    """Yield the identifiers of a file of persons: `{"ref": …, "names": […], …}` a line.

    Empty lines and unknown fields are passed over. Raises PersonsError for anything else that is
    not such an object.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            person = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise PersonsError(f"Line {number} of the persons is not JSON in UTF-8.") from error
        yield from _identifiers(person, number)


def _identifiers(person: Any, number: int) -> Iterator[Identifier]:
    if not isinstance(person, dict) or type(person.get("ref")) not in (str, int):
        raise PersonsError(f"Line {number} of the persons is not an object with a `ref`.")
    for field, kind in FIELDS.items():
        values = person.get(field)
        if values is None:
            continue
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise PersonsError(f"`{field}` in line {number} of the persons is not a list of texts.")
        for value in values:
            yield Identifier(person["ref"], kind, value)
