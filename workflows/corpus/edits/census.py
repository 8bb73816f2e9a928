"""What a snapshot of records holds as a whole, whatever ids the records have.

The old one is counted as the manifest makes it, the new one as it is. So a record that was numbered
anew is recognised, one that was forgotten or lost is missed, and another snapshot is seen as such.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any, Self, TypeAlias

from workflows.corpus.edits.resolve import records
from workflows.corpus.entries import Located, ManifestEntry, ManifestError, Op, Text, digest
from workflows.corpus.formats.files import snapshot_files
from workflows.corpus.formats.registry import record_format_of
from workflows.corpus.formats.shards import record_files
from workflows.corpus.values import RecordId, Schema, as_record_id

# Texts in which a person stands on purpose, by their ref; under None, all people.
OnPurpose: TypeAlias = Mapping[str | int | None, AbstractSet[Text]]
# So many places of one text are remembered, all are counted.
_REMEMBERED = 1000
_ROOM = 1 << 256


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that holds another number of records than it should, or, with the same, others.

    `file` is empty where the files are not the same: then it is said of all together.
    """

    file: str
    expected: int
    counted: int


@dataclass(slots=True)
class Census:
    """The records of each file, and how many hold a text that is watched.

    That is one that was to go, or what a text was corrected to. The texts of a file are a sum of
    digests, in which their order does not count; `by_id` is such a sum of the records that hold no
    text that is watched, each with its id. `beside` counts by person the texts of records that hold
    one in which they stand `on_purpose`, and that one.
    """

    schema: Schema
    to_go: AbstractSet[Text]
    corrected: AbstractSet[Text]
    on_purpose: OnPurpose
    fields: set[str] = field(init=False)
    records: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)
    by_id: int = 0
    standing: Counter[Text] = field(default_factory=Counter)
    places: dict[Text, list[tuple[str, RecordId]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    beside: dict[str | int | None, Counter[Text]] = field(
        default_factory=lambda: defaultdict(Counter)
    )

    def __post_init__(self) -> None:
        """Say which fields are looked at."""
        watched = {*self.to_go, *self.corrected}
        self.fields = {*self.schema.text_fields, *(name for name, _digest in watched)}

    @classmethod
    def of(
        cls, changes: Iterable[ManifestEntry], schema: Schema, on_purpose: OnPurpose | None = None
    ) -> Self:
        """Return an empty one that watches for the texts of these changes."""
        changes = list(changes)
        corrected = {(e.field, e.sha256_after) for e in changes if e.op is Op.REPLACE}
        if on_purpose is None:
            on_purpose = {None: _only_corrected(changes)}
        return cls(schema, forbidden_texts(changes), corrected, on_purpose)

    @classmethod
    def known(
        cls, changes: Sequence[ManifestEntry], schema: Schema, may_stand: Mapping[Text, int]
    ) -> Self:
        """Return what a new snapshot has to hold of the texts watched, without the old one.

        `may_stand` counts the records with such a text that were not to be changed.
        """
        census = cls.of(changes, schema)
        census.standing.update(may_stand)
        after = {(*entry.place, entry.field, entry.sha256_after) for entry in changes}
        census.standing.update((name, sha256) for _file, _row, name, sha256 in after if sha256)
        return census

    @classmethod
    def after(cls, changes: Sequence[ManifestEntry], old: Path, schema: Schema) -> Self:
        """Return what a new snapshot has to hold. Raises ManifestError, Refused."""
        census = cls.of(changes, schema)
        by_place: dict[tuple[str, int], list[ManifestEntry]] = defaultdict(list)
        for entry in changes:
            by_place[entry.place].append(entry)
        census.records.update(dict.fromkeys(_files(old), 0))
        for file, row, record in located(old):
            own = by_place.get((file, row), ())
            if all(entry.op is not Op.DELETE for entry in own):
                census.add(file, record, {entry.field: entry.sha256_after for entry in own})
        return census

    def count(self, snapshot: Path) -> Iterator[Located]:
        """Count the records of a snapshot while they are read. Raises ManifestError, Refused."""
        self.records.update(dict.fromkeys(_files(snapshot), 0))
        for file, row, record in located(snapshot):
            self.add(file, record, {})
            yield file, row, record

    def add(self, file: str, record: Mapping[str, Any], after: Mapping[str, str]) -> None:
        """Count a record, of which some fields have texts with the digests in `after`."""
        self.records[file] += 1
        found: list[Text] = []
        for name in self.fields:
            text = record.get(name)
            if isinstance(text, str):
                found.append((name, after.get(name) or digest(text)))
                self.texts[file] = (self.texts[file] + _number(found[-1])) % _ROOM
        record_id = as_record_id(record.get(self.schema.id_field))
        watched = [one for one in found if one in self.to_go or one in self.corrected]
        if not watched:
            self.by_id = (self.by_id + _number((str(record_id), repr(found)))) % _ROOM
        for one in watched:
            self.standing[one] += 1
            if len(self.places[one]) < _REMEMBERED:
                self.places[one].append((file, record_id))
        for ref, texts in self.on_purpose.items():
            if not texts.isdisjoint(found):
                self.beside[ref].update(found)

    def left_in(
        self, new: Self, ids: Collection[str], own: Mapping[Text, Collection[str]] | None = None
    ) -> Iterator[tuple[str, RecordId, str]]:
        """Yield file, id and field of what still stands in `new`, and by this should not.

        Where it may stand in some records, those with these ids are named first. Under an id that
        `own` names for a text, that text may stand only as often as here.
        """
        for text in (one for one in new.standing if one in self.to_go):
            places = sorted(new.places[text], key=lambda place: str(place[1]) not in ids)
            may_stand = Counter(str(record) for _file, record in self.places[text])
            under = Counter(str(record) for _file, record in places) - may_stand
            wrong = sum(under[one] for one in (own or {}).get(text, ()))
            number = new.standing[text] - self.standing[text]
            for file, record in places[: max(0, number, wrong)]:
                yield file, record, text[0]

    def missing_in(self, new: Self, changes: Iterable[ManifestEntry]) -> Iterator[ManifestEntry]:
        """Yield the corrections of which the text does not stand in `new` as often as it should.

        Whatever the ids of the records are; where some are there, those of other ids are named.
        """
        by_text: dict[Text, list[ManifestEntry]] = defaultdict(list)
        for entry in changes:
            if entry.op is Op.REPLACE:
                by_text[entry.field, entry.sha256_after].append(entry)
        for text, entries in by_text.items():
            there = {str(record) for _file, record in new.places[text]}
            records = {entry.place: entry for entry in entries}.values()
            in_order = sorted(records, key=lambda entry: str(entry.id) in there)
            yield from in_order[: max(0, self.standing[text] - new.standing[text])]

    def differences(self, new: Self) -> Iterator[Difference]:
        """Yield where the number of records is not as it should be."""
        for file, one, other in self._compared(new, attrgetter("records")):
            if one != other:
                yield Difference(file, one, other)

    def others(self, new: Self) -> Iterator[str]:
        """Yield the files in which other texts stand than should."""
        for file, one, other in self._compared(new, attrgetter("texts")):
            if one != other:
                yield file

    def _compared(self, new: Self, what: Any) -> Iterator[tuple[str, int, int]]:
        one, other = what(self), what(new)
        if self.records.keys() == new.records.keys():
            for file in sorted(self.records):
                yield file, one[file], other[file]
        else:
            alone = next(iter(new.records)) if len(new.records) == 1 else ""
            yield alone, one.total() % _ROOM, other.total() % _ROOM


def forbidden_texts(changes: Sequence[ManifestEntry]) -> set[Text]:
    """Return the texts which may not stand any more where the changes were made."""
    return {
        (entry.field, entry.sha256_before)
        for entry in changes
        if entry.sha256_before != entry.sha256_after
    }


def _only_corrected(changes: Sequence[ManifestEntry]) -> set[Text]:
    """Return what texts were corrected to, in records in which nothing else was changed."""
    emptied = {entry.place for entry in changes if entry.op is not Op.REPLACE}
    return {(entry.field, entry.sha256_after) for entry in changes if entry.place not in emptied}


def located(snapshot: Path) -> Iterator[Located]:
    """Yield the records of a snapshot. Raises ManifestError, Refused."""
    if not record_files(snapshot):
        raise ManifestError(f"{snapshot} holds no file of records.")
    for file, path in _files(snapshot).items():
        known = record_format_of(path)
        for row, record in records(path, known) if known else ():
            yield file, row, record


def _files(snapshot: Path) -> dict[str, Path]:
    files = snapshot_files(snapshot).items()
    return {file: path for file, path in files if record_format_of(path)}


def _number(text: Text) -> int:
    name, sha256 = text
    return int.from_bytes(hashlib.sha256(f"{name}\0{sha256}".encode()).digest())
