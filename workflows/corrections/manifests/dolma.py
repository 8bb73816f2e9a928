"""A manifest as Dolma attributes, and the configuration with which Dolma's own mixer applies it.

For each document file there is one attribute file at `attributes/<name>/<the same path>`, with a
line for each document in the same order. A span is `[start, end, 1.0]` in code points. The mixer
puts one text in the place of all spans of an attribute, so each replacement text has an attribute
of its own; documents that go are left out by a filter. It works on a folder `documents` beside
`attributes`, and on the field `text` only.
"""

import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any

from workflows.corrections.manifests.edits import Edit, EditRefused, Wording, checked_edits
from workflows.corrections.manifests.entries import Entry, ManifestError
from workflows.corrections.manifests.files import reading, snapshot_files, writing
from workflows.corrections.manifests.ledger import in_order
from workflows.datasets.lookup.readers import parse_record
from workflows.datasets.lookup.shards import Format, format_of

NAME = "dsr"
_FIELD = "text"
_REDACT, _DELETE, _REPLACE = f"{NAME}__redact", f"{NAME}__delete", f"{NAME}__replace"
_SPANS_ABOVE = 0.5
_OUTPUT_BYTES = 3_000_000_000


def write_attributes(
    entries: Iterable[Entry],
    snapshot: Path,
    folder: Path,
    wording: Wording,
    *,
    id_field: str = "id",
) -> None:
    """Write an attribute file below `folder` for each document file of the snapshot.

    Raises ManifestError for Parquet and for other fields than `text`, and Refused if a record is
    not as its entry says.
    """
    changes = in_order(entry for entry in entries if entry.changes_data)
    if any(entry.field != _FIELD for entry in changes):
        raise ManifestError("Dolma's mixer changes no other field than text.")
    names = _attribute_names(changes, wording)
    by_file = {
        file: {row: list(of_row) for row, of_row in itertools.groupby(group, attrgetter("row"))}
        for file, group in itertools.groupby(changes, attrgetter("file"))
    }
    for file, path in snapshot_files(snapshot).items():
        known = format_of(path)
        if known is Format.PARQUET:
            raise ManifestError(f"{file}: Dolma reads no Parquet.")
        if known is None:
            if file in by_file:
                raise ManifestError(f"{file}: Dolma reads no plain text.")
            continue
        target = folder / "attributes" / NAME / file
        target.parent.mkdir(parents=True, exist_ok=True)
        with reading(path, known) as lines, writing(target, known) as out:
            for row, line in enumerate(lines):
                of_row = by_file.get(file, {}).get(row)
                out.write(_attributes(line, of_row, wording, names, id_field))


def _attribute_names(entries: Iterable[Entry], wording: Wording) -> dict[str, str]:
    """Return the attribute that stands for each text which takes the place of another."""
    refs = sorted({entry.replacement_ref for entry in entries} - {""})
    texts = dict.fromkeys(wording.replacements[ref] for ref in refs if ref in wording.replacements)
    names = {text: f"{_REPLACE}_{number}" for number, text in enumerate(texts, start=1)}
    return {**names, wording.redaction: _REDACT}


def _attributes(
    line: bytes,
    entries: Sequence[Entry] | None,
    wording: Wording,
    names: Mapping[str, str],
    id_field: str,
) -> bytes:
    record = parse_record(line) or {}
    attributes: dict[str, list[list[float]]] = {}
    if entries:
        edits = checked_edits(record, id_field, entries, wording)
        if edits is None:
            attributes = {_DELETE: [[0, len(record[_FIELD]), 1.0]]}
        else:
            attributes = _spans(edits[_FIELD], names)
    said = {"id": record.get(id_field), "source": record.get("source"), "attributes": attributes}
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"


def _spans(edits: Iterable[Edit], names: Mapping[str, str]) -> dict[str, list[list[float]]]:
    spans: dict[str, list[list[float]]] = defaultdict(list)
    for edit in edits:
        if edit.start == edit.end:
            raise EditRefused("Dolma's mixer inserts no text where none is replaced.")
        spans[names[edit.text]].append([edit.start, edit.end, 1.0])
    return spans


def mixer_configuration(
    entries: Iterable[Entry], wording: Wording, *, documents: Sequence[str], output: str
) -> dict[str, Any]:
    """Return the configuration for `dolma -c FILE mix`. `documents` are paths or patterns."""
    return {
        "streams": [
            {
                "name": NAME,
                "documents": list(documents),
                "attributes": [NAME],
                "output": {
                    "path": output,
                    "max_size_in_bytes": _OUTPUT_BYTES,
                    "discard_fields": ["attributes"],
                },
                "filter": {
                    "include": [],
                    "exclude": [f"$@.attributes[?(@.{_DELETE} && @.{_DELETE}[0])]"],
                },
                "span_replacement": list(_replacements(entries, wording)),
            }
        ],
        "processes": 1,
    }


def _replacements(entries: Iterable[Entry], wording: Wording) -> Iterator[dict[str, Any]]:
    for text, name in _attribute_names(entries, wording).items():
        if "{}" in text:
            raise ManifestError("Dolma's mixer would put the old text in the place of {}.")
        yield {"span": f"$.attributes.{name}", "min_score": _SPANS_ABOVE, "replacement": text}
