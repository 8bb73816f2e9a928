"""Reads TOML strictly: every key must be known and of its type, and a fault names its line."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_\-\"'. ]+?)\s*=")
_LANGUAGE = re.compile(r"[a-z]{2}(-[a-z]{2,4})?")

_LARGEST = 1200
_NAMES = {
    str: "a string",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}

KeyPath = tuple[str | int, ...]
VALIDITY_KEYS = ("valid_from", "valid_to")


class RuleFileError(ValueError):
    """A rule file cannot be used: file, line (1 is the first) and key say where."""

    def __init__(self, message: str, *, file: str, line: int, key: str = "") -> None:
        where = f"{file}:{line}: " + (f"{key}: " if key else "")
        super().__init__(where + message)
        self.file, self.line, self.key = file, line, key


@dataclass(frozen=True, slots=True)
class Document:
    """A rule file: its name for messages, its text for line numbers, and what it holds.

    A snapshot is read again without its text; its faults are then all on line 1.
    """

    file: str
    text: str
    data: dict[str, Any]

    @classmethod
    def parse(cls, file: str, text: str) -> "Document":
        """Parse TOML; raises RuleFileError with the line of a syntax error."""
        try:
            return cls(file, text, _as_json(tomllib.loads(text)))
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"line (\d+)", str(error))
            line = int(found[1]) if found else text.count("\n") + 1
            raise RuleFileError(f"not valid TOML: {error}", file=file, line=line) from error

    def error(self, message: str, path: KeyPath) -> RuleFileError:
        """Make the error for the key at `path`."""
        key = ".".join(str(part) for part in path)
        return RuleFileError(message, file=self.file, line=self.line_of(path), key=key)

    def line_of(self, path: KeyPath) -> int:
        """Return the line that sets `path`, or the nearest table or key that contains it."""
        best_length, best_line = 0, 1
        for number, candidate in self._keys():
            length = len(candidate)
            if length > best_length and path[:length] == candidate:
                best_length, best_line = length, number
        return best_line

    def _keys(self) -> Iterator[tuple[int, KeyPath]]:
        table: KeyPath = ()
        counts: dict[KeyPath, int] = {}
        for number, line in enumerate(self.text.splitlines(), start=1):
            if header := _HEADER.match(line):
                table = _split(header[2])
                if header[1] == "[[":
                    counts[table] = counts.get(table, -1) + 1
                    table = (*table, counts[table])
                yield number, table
            elif key := _KEY.match(line):
                yield number, (*table, *_split(key[1]))


@dataclass(frozen=True, slots=True)
class Validity:
    """The first and the last day on which something is in force; None is without end."""

    first: date | None = None
    last: date | None = None

    def holds_on(self, day: date) -> bool:
        """Say whether it is in force on a day."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


class Table:
    """One table of a document. Each reading method takes its key away; `close` refuses the rest."""

    def __init__(self, document: Document, path: KeyPath, data: dict[str, Any]) -> None:
        self.document, self.path = document, path
        self._data = dict(data)

    def fail(self, message: str, *keys: str | int) -> RuleFileError:
        """Make the error for a key of this table."""
        return self.document.error(message, (*self.path, *keys))

    def text(self, key: str, default: str | None = None) -> str:
        """Read a string that is not empty; with `default`, the key may be missing."""
        value = self._take(key, str, default)
        if not value.strip() and default is None:
            raise self.fail("must not be empty", key)
        return str(value)

    def whole(self, key: str, default: int | None = None) -> int:
        """Read a whole number from 0 to 1200."""
        value = self._take(key, int, default)
        if not 0 <= value <= _LARGEST:
            raise self.fail(f"must be a whole number from 0 to {_LARGEST}, not {value}", key)
        return int(value)

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        """Read true or false."""
        return bool(self._take(key, bool, default))

    def day(self, key: str) -> date:
        """Read a day: a date of TOML, or ISO 8601 text."""
        text = self.text(key)
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise self.fail(f"must be a day such as 2027-01-31, not {text!r}", key) from None

    def choice(self, key: str, options: Sequence[str], default: str | None = None) -> str:
        """Read one of `options`."""
        value = self.text(key, default)
        if value not in options:
            raise self.fail(f"{value!r} is not one of {', '.join(options)}", key)
        return value

    def choices(
        self, key: str, options: Sequence[str], default: Sequence[str] | None = None
    ) -> tuple[str, ...]:
        """Read a list of distinct `options`."""
        values = self.texts(key, default)
        for value in values:
            if value not in options:
                raise self.fail(f"{value!r} is not one of {', '.join(options)}", key)
        return values

    def texts(self, key: str, default: Sequence[str] | None = None) -> tuple[str, ...]:
        """Read a list of distinct strings."""
        values = self._take(key, list, None if default is None else list(default))
        if any(not isinstance(value, str) for value in values):
            raise self.fail("must be a list of strings", key)
        if len(set(values)) != len(values):
            raise self.fail("lists something twice", key)
        return tuple(values)

    def translations(self) -> dict[str, str]:
        """Read the texts under all keys that are codes of languages: `de`, `pt-br`."""
        codes = [key for key in self._data if _LANGUAGE.fullmatch(key)]
        return {code: self.text(code) for code in codes}

    def table(self, key: str) -> "Table":
        """Read a table."""
        return Table(self.document, (*self.path, key), self._take(key, dict, None))

    def tables(self, key: str) -> dict[str, "Table"]:
        """Read a table of tables; a missing one is empty."""
        found = self._take(key, dict, {})
        for name, value in found.items():
            if not isinstance(value, dict):
                raise self.fail("must be a table", key, name)
        return {
            name: Table(self.document, (*self.path, key, name), value)
            for name, value in found.items()
        }

    def list_of_tables(self, key: str) -> list["Table"]:
        """Read an array of tables; a missing one is empty."""
        found = self._take(key, list, [])
        if any(not isinstance(value, dict) for value in found):
            raise self.fail("must be a list of tables", key)
        return [
            Table(self.document, (*self.path, key, number), value)
            for number, value in enumerate(found)
        ]

    def has(self, key: str) -> bool:
        """Say whether the key is there and not yet read."""
        return key in self._data

    def has_table(self, key: str) -> bool:
        """Say whether the key is there, not yet read, and a table."""
        return isinstance(self._data.get(key), dict)

    def validity(self) -> Validity:
        """Read the days between which the table is in force; both may be missing."""
        first, last = (self.day(key) if self.has(key) else None for key in VALIDITY_KEYS)
        if first and last and last < first:
            raise self.fail("must not be before valid_from", "valid_to")
        return Validity(first, last)

    def close(self) -> None:
        """Refuse keys that nobody asked for: a misspelt rule must not be passed over.

        When it is in force any table may say.
        """
        self.validity()
        for key in self._data:
            raise self.fail("is not a known key", key)

    def _take(self, key: str, kind: type, default: Any) -> Any:
        if key not in self._data:
            if default is None:
                raise self.fail(f"lacks the key {key!r}")
            return default
        value = self._data.pop(key)
        # In Python a bool is an int; in a rule it is a mistake.
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.fail(f"must be {_NAMES[kind]}, not {value!r}", key)
        return value


def _split(dotted: str) -> KeyPath:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _as_json(value: Any) -> Any:
    """Return what TOML holds with its dates as ISO 8601 text, as JSON would hold it."""
    if isinstance(value, dict):
        return {key: _as_json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_as_json(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value
