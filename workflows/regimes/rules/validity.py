"""What of a rule file is in force on a day.

Any table below the root may say from when and until when it holds. A case is filed under the rules
of its day of receipt: what is not in force then is left out of the document that the case keeps.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from workflows.regimes.rules.reader import VALIDITY_KEYS, KeyPath, Validity

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Change:
    """Something that comes into force, or ends, on a day; `path` is where it stands in the file."""

    on: date
    path: KeyPath
    begins: bool


def validity_of(table: Mapping[str, Any]) -> Validity:
    """Return from when and until when a table of a document holds."""
    first, last = (date.fromisoformat(table[k]) if k in table else None for k in VALIDITY_KEYS)
    return Validity(first, last)


def in_force(document: Mapping[str, Any], day: date) -> dict[str, Any]:
    """Return a document without the tables below its root that are not in force on a day.

    The tables that are left no longer say when they hold. The root keeps its own days.
    """
    pruned: dict[str, Any] = _pruned(document, day)
    return pruned | {key: document[key] for key in VALIDITY_KEYS if key in document}


def changes(document: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return what begins or ends on which day, the root's own validity among it, in order."""
    return tuple(sorted(_changes(document, ()), key=lambda change: (change.on, change.path)))


def _pruned(value: Any, day: date) -> Any:
    if isinstance(value, dict):
        return {
            key: _pruned(each, day)
            for key, each in value.items()
            if key not in VALIDITY_KEYS and _holds(each, day)
        }
    if isinstance(value, list):
        return [_pruned(each, day) for each in value if _holds(each, day)]
    return value


def _holds(value: Any, day: date) -> bool:
    return not isinstance(value, dict) or validity_of(value).holds_on(day)


def _changes(value: Any, path: KeyPath) -> Iterator[Change]:
    if isinstance(value, dict):
        holds = validity_of(value)
        if holds.first:
            yield Change(holds.first, path, begins=True)
        if holds.last:
            yield Change(holds.last + _DAY, path, begins=False)
        for key, each in value.items():
            yield from _changes(each, (*path, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _changes(each, (*path, number))
