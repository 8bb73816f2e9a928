"""What a snapshot of records holds as a whole, whatever ids the records have.

The old one is counted as the manifest makes it, the new one as it is. So a record that was numbered
anew is recognised, one that was forgotten or lost is missed, and another snapshot is seen as such.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any, Self

from workflows.corrections.manifests.entries import Entry, ManifestError, Op, digest
from workflows.corrections.manifests.files import snapshot_files
from workflows.corrections.manifests.resolve import Located, records
from workflows.datasets.lookup.hits import RecordId
from workflows.datasets.lookup.readers import Schema
from workflows.datasets.lookup.records import as_record_id
from workflows.datasets.lookup.shards import RECORD_FORMATS, dataset_files, format_of

# A field, and SHA-256 of its text.
Text = tuple[str, str]
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
    """The records of each file, and how many hold a text that was to go.

    The texts of a file are a sum of digests, in which their order does not count.
    """

    schema: Schema
    to_go: Collection[Text]
    fields: set[str] = field(init=False)
    records: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)
    standing: Counter[Text] = field(default_factory=Counter)
    places: dict[Text, list[tuple[str, RecordId]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def __post_init__(self) -> None:
        """Say which fields are looked at."""
        self.fields = {*self.schema.text_fields, *(name for name, _digest in self.to_go)}

    @classmethod
    def after(cls, changes: Sequence[Entry], old: Path, schema: Schema) -> Self:
        """Return what a new snapshot has to hold. Raises ManifestError, Refused."""
        census = cls(schema, texts_to_go(changes))
        by_place: dict[tuple[str, int], list[Entry]] = defaultdict(list)
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
        for name in self.fields:
            text = record.get(name)
            if not isinstance(text, str):
                continue
            found = name, after.get(name) or digest(text)
            self.texts[file] = (self.texts[file] + _number(found)) % _ROOM
            if found in self.to_go:
                self.standing[found] += 1
                if len(self.places[found]) < _REMEMBERED:
                    place = file, as_record_id(record.get(self.schema.id_field))
                    self.places[found].append(place)

    def left_in(self, new: Self, ids: Collection[str]) -> Iterator[tuple[str, RecordId, str]]:
        """Yield file, id and field of what still stands in `new`, and by this should not.

        Where it may stand in some records, those with these ids are named first.
        """
        for text, number in new.standing.items():
            places = sorted(new.places[text], key=lambda place: str(place[1]) not in ids)
            for file, record in places[: max(0, number - self.standing[text])]:
                yield file, record, text[0]

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


def texts_to_go(changes: Sequence[Entry]) -> set[Text]:
    """Return the texts which may not stand any more where the changes were made."""
    return {
        (entry.field, entry.sha256_before)
        for entry in changes
        if entry.sha256_before != entry.sha256_after
    }


def located(snapshot: Path) -> Iterator[Located]:
    """Yield the records of a snapshot. Raises ManifestError, Refused."""
    if not dataset_files(snapshot, RECORD_FORMATS):
        raise ManifestError(f"{snapshot} holds no file of records.")
    for file, path in _files(snapshot).items():
        known = format_of(path)
        for row, record in records(path, known) if known else ():
            yield file, row, record


def _files(snapshot: Path) -> dict[str, Path]:
    return {file: path for file, path in snapshot_files(snapshot).items() if format_of(path)}


def _number(text: Text) -> int:
    name, sha256 = text
    return int.from_bytes(hashlib.sha256(f"{name}\0{sha256}".encode()).digest())
