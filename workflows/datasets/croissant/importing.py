"""Takes Croissant 1.0 and 1.1 metadata into the register, as far as it keeps them.

JSON-LD may write the same thing in several ways; the usual ones are understood: terms with their
prefix or without, one value or a list of them, a text or an object with a language.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from workflows.accounts.actors import Actor
from workflows.common.errors import InvalidEntry
from workflows.corpus.values import FORMATS
from workflows.datasets.croissant.exporting import LEGAL_BASIS, TABLE_SCHEME, TEXTS, USE_CASES
from workflows.datasets.models import Dataset, Snapshot
from workflows.datasets.register import save_dataset, save_snapshot
from workflows.vocabulary.outcomes import Scope

LARGEST_DOCUMENT = 2 * 1024 * 1024
_CROISSANT = re.compile(r"https?://mlcommons\.org/croissant/1\.[01]")
_PREFIX = re.compile(
    r"^(?:sc|cr|dct|schema|https?://schema\.org/|http://mlcommons\.org/croissant/):?"
)
_COLUMN = re.compile(r"^\$(?:\.|\[['\"])([^.\[\]'\"]+)(?:['\"]\])?$")
_REMOTE = re.compile(r"^[a-z][a-z0-9+.-]*://")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Described:
    """What a document says: fields of a dataset, and those of a snapshot if its files are here."""

    dataset: dict[str, str]
    snapshot: dict[str, Any] | None


def read_croissant(content: bytes) -> Described:
    """Return what a document says. Raises `InvalidEntry` for what is not Croissant."""
    if len(content) > LARGEST_DOCUMENT:
        raise _refused(_("A Croissant file of more than 2 MiB is not read."))
    try:
        document = _plain(json.loads(content))
    except (ValueError, RecursionError):  # of lists in lists, more than can be read
        raise _refused(_("This is not JSON.")) from None
    if not isinstance(document, dict) or not _conforms(document):
        raise _refused(_("This is not Croissant 1.0 or 1.1: it does not say that it conforms."))
    dataset = {field: _text(document.get(_bare(term))) for field, term in TEXTS.items()}
    dataset["licence"] = dataset["licence"] or _text(document.get("license"))
    dataset["types"] = ", ".join(filter(None, map(_text, _many(document.get("keywords")))))
    dataset["legal_basis"] = _legal_basis(document)
    dataset["scope"] = _scope(document)
    return Described({k: v for k, v in dataset.items() if v}, _snapshot(document))


def _refused(sentence: str) -> InvalidEntry:
    return InvalidEntry({"file": [sentence]})


def _conforms(document: Json) -> bool:
    return any(_CROISSANT.match(_text(value)) for value in _many(document.get("conformsTo")))


def _legal_basis(document: Json) -> str:
    for usage in _many(document.get("usageInfo")):
        if isinstance(usage, Mapping) and usage.get("name") == LEGAL_BASIS:
            return _text(usage.get("text"))
    return ""


def _scope(document: Json) -> str:
    named = {_text(value).lower() for value in _many(document.get("rai:dataUseCases"))}
    return next(
        (str(scope) for scope, name in USE_CASES.items() if name.lower() in named),
        Scope.TRAINING_SNAPSHOT,
    )


def _snapshot(document: Json) -> dict[str, Any] | None:
    """Return the fields of the snapshot, or None when its files are not on this server."""
    files = [
        entry
        for entry in _many(document.get("distribution"))
        if isinstance(entry, Mapping) and _text(entry.get("contentUrl"))
    ]
    urls = [_text(file["contentUrl"]).removeprefix("file://") for file in files]
    known = _format(_text(file.get("encodingFormat")) for file in files)
    if not urls or known is None or any(_REMOTE.match(url) for url in urls):
        return None
    return {
        "version": _text(document.get("version")) or "1",
        "format": known,
        "location": _location(urls).removeprefix(TABLE_SCHEME),
        **_fields(document),
    }


def _location(urls: list[str]) -> str:
    """Return the file, or the folder in which all files lie."""
    if len(urls) == 1:
        return urls[0]
    try:
        folder = os.path.commonpath(urls)
    except ValueError:  # some are absolute, others are not
        folder = ""
    if not folder:
        raise _refused(_("The files of the distribution lie in no folder together."))
    return folder


def _format(encodings: Iterator[str]) -> Snapshot.Format | None:
    found = set(encodings)
    by_name = {
        media_type: Snapshot.Format(traits.name)
        for traits in FORMATS.values()
        for media_type in traits.media_types
    }
    return by_name.get(found.pop()) if len(found) == 1 else None


def _fields(document: Json) -> dict[str, Any]:
    """Return the columns of the first set of records: its key, its texts, its first URL."""
    record_set = next(
        (entry for entry in _many(document.get("recordSet")) if isinstance(entry, Mapping)), {}
    )
    keys = {
        key.get("@id") if isinstance(key, Mapping) else key for key in _many(record_set.get("key"))
    }
    id_field, texts, source = "", [], ""
    for field in _many(record_set.get("field")):
        if not isinstance(field, Mapping):
            continue
        column = _column(field)
        kinds = {_bare(_text(kind)) for kind in _many(field.get("dataType"))}
        if field.get("@id") in keys:
            id_field = column
        elif "URL" in kinds:
            source = source or column
        elif "Text" in kinds:
            texts.append(column)
    return {"id_field": id_field, "text_fields": texts or ["text"], "source_field": source}


def _column(field: Json) -> str:
    source = field.get("source")
    extract = source.get("extract") if isinstance(source, Mapping) else None
    extract = extract if isinstance(extract, Mapping) else {}
    path = _COLUMN.match(_text(extract.get("jsonPath")))
    name = _text(field.get("name")) or _text(field.get("@id")).rpartition("/")[2]
    return _text(extract.get("column")) or (path[1] if path else "") or name


def _plain(value: Any) -> Any:
    """Return a document with the terms of schema.org and Croissant without their prefix."""
    if isinstance(value, dict):
        return {_bare(key): _plain(inner) for key, inner in value.items() if key != "@context"}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _bare(term: str) -> str:
    return _PREFIX.sub("", term)


def _many(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    """Return the text of a value: the first of several, the name or address of a thing."""
    first = next(iter(_many(value)), "")
    if isinstance(first, Mapping):
        first = first.get("@value") or first.get("url") or first.get("name") or first.get("@id")
    return str(first or "").strip()


@transaction.atomic
def import_croissant(content: bytes, actor: Actor) -> tuple[Dataset, Snapshot | None]:
    """Register the dataset that a Croissant file describes, or keep what it changes of a known one.

    A snapshot is registered as well if its files are on this server and its version is not known.
    Nothing is approved by it. Raises `InvalidEntry` and `Refused`.
    """
    described = read_croissant(content)
    name = described.dataset.get("name", "")
    dataset = Dataset.objects.filter(name=name).first() or Dataset()
    for field, value in described.dataset.items():
        setattr(dataset, field, value)
    save_dataset(dataset, actor)
    fields = described.snapshot
    if fields is None or dataset.snapshots.filter(version=fields["version"]).exists():
        return dataset, None
    return dataset, save_snapshot(Snapshot(dataset=dataset, **fields), actor)
