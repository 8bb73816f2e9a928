"""Hits: where an identifier of a person stands in a record, and how much that says."""

import enum
import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from workflows.datasets.lookup.persons import Identifier, Kind

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


def judge(findings: Iterable[Finding], *, file: str, record: RecordId) -> Iterator[Hit]:
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
