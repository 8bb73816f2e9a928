"""Light: who is looked for, what was found, how data are described."""

import enum
import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple


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


RecordId = str | int | None

_json = json.JSONEncoder(ensure_ascii=False).encode
# An identifier of these kinds belongs to one person only.
UNIQUE_KINDS = frozenset({Kind.EMAIL, Kind.PHONE, Kind.ID, Kind.URL})


class Strength(enum.StrEnum):
    """`strong`: the record is about the person; `weak`: it may be about a namesake."""

    STRONG = "strong"
    WEAK = "weak"


class Finding(NamedTuple):
    """A confirmed place of an identifier in one field of a record, in code points."""

    identifier: Identifier
    field: str
    start: int
    end: int
    certain: bool


class Hit(NamedTuple):
    """A line of the file of hits. `start` and `end` are code points of the decoded text."""

    ref: str | int
    kind: Kind
    file: str
    id: RecordId
    field: str
    start: int
    end: int
    strength: Strength

    def as_json(self) -> str:
        """Return the hit as one line of JSON; encoding a dict takes four times as long."""
        return (
            f'{{"ref": {_json(self.ref)}, "kind": "{self.kind}", "file": {_json(self.file)}, '
            f'"id": {_json(self.id)}, "field": {_json(self.field)}, "start": {self.start}, '
            f'"end": {self.end}, "strength": "{self.strength}"}}'
        )


def hits_from_findings(
    findings: Iterable[Finding], *, file: str, record: RecordId
) -> Iterator[Hit]:
    """Yield the hits of one record, each with its strength.

    A person's hits in a record are strong if one of them is of a kind that belongs to one person
    only, or if two of them are of different kinds and do not overlap (a handle inside a URL is no
    second sign). A name or a handle alone is weak: namesakes cannot be told apart by a machine.
    """
    by_person: dict[str | int, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_person[finding.identifier.ref].append(finding)
    for ref, found in by_person.items():
        distinct = found if len(found) == 1 else _longest(found)
        strength = Strength.STRONG if _identifies(distinct) else Strength.WEAK
        for identifier, field, start, end, _certain in distinct:
            yield Hit(ref, identifier.kind, file, record, field, start, end, strength)


def _longest(findings: list[Finding]) -> list[Finding]:
    """Return the findings in order, without those that overlap one before of their kind."""
    kept: list[Finding] = []
    last: dict[Kind, Finding] = {}
    for finding in sorted(findings, key=lambda f: (f.field, f.start, -f.end)):
        kind = finding.identifier.kind
        if kind not in last or not _overlap(last[kind], finding):
            last[kind] = finding
            kept.append(finding)
    return kept


def _identifies(findings: list[Finding]) -> bool:
    for finding in findings:
        if finding.certain and finding.identifier.kind in UNIQUE_KINDS:
            return True
    if len(findings) == 1:
        return False
    by_kind: dict[Kind, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_kind[finding.identifier.kind].append(finding)
    return any(
        not _overlap(first, second)
        for one, other in itertools.combinations(by_kind.values(), 2)
        for first in one
        for second in other
    )


def _overlap(first: Finding, second: Finding) -> bool:
    return first.field == second.field and first.start < second.end and second.start < first.end


class ReadProblem(enum.StrEnum):
    """Why data cannot be read. `about` of a ReadError is the file, folder, field or table.

    The last four say that the settings do not allow a place, that they name no such database, that
    reading was begun many times and never came to an end, and that the data are not those that
    were registered.
    """

    MISSING = "missing"
    EMPTY = "empty"
    BROKEN = "broken"
    NO_FIELD = "no_field"
    NOT_TEXT = "not_text"
    TOO_LONG = "too_long"
    NOT_UTF8 = "not_utf8"
    UNREACHABLE = "unreachable"
    OUTSIDE = "outside"
    NO_DATABASE = "no_database"
    GAVE_UP = "gave_up"
    CHANGED = "changed"


class ReadError(Exception):
    """Data of the dataset cannot be read; the message names them and quotes nothing from them."""

    def __init__(self, message: str, problem: ReadProblem, about: str) -> None:
        self.problem = problem
        self.about = about
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class FormatTraits:
    """What there is to know of a format without reading any data; its class is in `formats`.

    `endings` are those of the names of its files; a format without any lies elsewhere. Without
    `has_schema` each record says which fields it has. Where it `holds_documents`, a file is one
    text, cut into records: these have no fields of their own, and beside files of records a
    document is no data.
    What can be applied here, this machine writes anew as a changed copy. Of the `media_types`, the
    first is the usual one.
    """

    name: str
    media_types: tuple[str, ...]
    endings: tuple[str, ...] = ()
    has_schema: bool = True
    holds_documents: bool = False
    can_apply_here: bool = True

    @property
    def has_files(self) -> bool:
        """Whether the data lie in files, and not in a database."""
        return bool(self.endings)


FORMATS = {
    traits.name: traits
    for traits in (
        FormatTraits(
            "jsonl",
            ("application/jsonlines", "application/x-ndjson", "application/jsonl"),
            # Dolma names its compressed JSONL .json.gz or .json.zst.
            (".jsonl", ".jsonl.gz", ".jsonl.zst", ".json.gz", ".json.zst"),
            has_schema=False,
        ),
        FormatTraits(
            "parquet",
            ("application/x-parquet", "application/vnd.apache.parquet"),
            (".parquet",),
        ),
        FormatTraits("text", ("text/plain",), (".txt",), holds_documents=True),
        FormatTraits("postgresql", ("application/sql",), can_apply_here=False),
    )
}


def traits_of(file: str | Path) -> FormatTraits | None:
    """Return the traits of the format that a file has, by its name; None if it is no data."""
    name = Path(file).name
    return next((known for known in FORMATS.values() if name.endswith(known.endings)), None)


def is_document(file: str | Path) -> bool:
    """Return whether a file is a document, by its name."""
    traits = traits_of(file)
    return traits is not None and traits.holds_documents


@dataclass(frozen=True, slots=True)
class Schema:
    """The names of the field that identifies a record and of those that hold text.

    `source_field` says where a record comes from, and is empty where no field does.
    """

    id_field: str = "id"
    text_fields: tuple[str, ...] = ("text",)
    source_field: str = ""


def as_record_id(value: Any) -> RecordId:
    """Return an id as it stands in hits and manifests: a text, a whole number, or nothing."""
    try:
        return value if type(value) in (str, int, type(None)) else str(value)
    except RecursionError:  # lists in lists, more than can be written out
        return None


def no_source(_index: int) -> str:
    """Return nothing: the records do not say where they come from."""
    return ""


@dataclass(slots=True)
class ReadStats:
    """What was read: records; bytes of decompressed JSONL, or of texts; lines that cannot be read.

    Those are no records, or have something else where a text should be; of the lines that are not
    asked for, none counts. Empty lines count as records.
    """

    bytes: int = 0
    rows: int = 0
    unreadable: int = 0

    def add(self, other: "ReadStats") -> None:
        """Add what was read elsewhere."""
        self.bytes += other.bytes
        self.rows += other.rows
        self.unreadable += other.unreadable
