"""Writes the metadata of a dataset and one of its snapshots as Croissant 1.1."""

import glob
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings

from workflows.datasets.models import Dataset, Snapshot
from workflows.vocabulary.outcomes import Scope

CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
MEDIA_TYPE = f'application/ld+json; profile="{CONFORMS_TO}"'
RAI = "http://mlcommons.org/croissant/RAI/1.0"

# The context that the specification recommends, with the namespace of provenance.
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "conformsTo": "dct:conformsTo",
    **{
        term: f"cr:{term}"
        for term in [
            "annotation",
            "arrayShape",
            "citeAs",
            "column",
            "containedIn",
            "equivalentProperty",
            "excludes",
            "extract",
            "field",
            "fileProperty",
            "fileObject",
            "fileSet",
            "format",
            "includes",
            "isArray",
            "isLiveDataset",
            "jsonPath",
            "key",
            "md5",
            "parentField",
            "path",
            "recordSet",
            "references",
            "regex",
            "repeated",
            "replace",
            "samplingRate",
            "readLines",
            "sdVersion",
            "separator",
            "source",
            "subField",
            "transform",
            "unArchive",
            "value",
        ]
    },
}

# Our fields of a dataset that are a text of theirs.
TEXTS = {
    "name": "name",
    "description": "description",
    "licence": "license",
    "scale": "size",
    "origin": "rai:dataCollection",
    "labelling_rules": "rai:dataAnnotationProtocol",
    "retention": "rai:dataReleaseMaintenancePlan",
}
USE_CASES = {
    Scope.RAW_COLLECTION: "Raw collection",
    Scope.TRAINING_SNAPSHOT: "Training",
    Scope.FINE_TUNING: "Fine Tuning",
    Scope.MODEL: "Model",
    Scope.PROMPTS_OUTPUTS: "Prompts and outputs",
}
LEGAL_BASIS = "Legal basis"

LIVE = "isLiveDataset"
TABLE_SCHEME = "postgresql:"


Json = dict[str, Any]


def export_croissant(dataset: Dataset, snapshot: Snapshot | None = None) -> Json:
    """Return the Croissant metadata of a dataset: of a snapshot, or of the newest one, if any.

    The approval is not in it: whoever takes the dataset over approves it anew.
    """
    snapshot = snapshot or dataset.snapshots.order_by("-registered_at", "-pk").first()
    document: Json = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [CONFORMS_TO, RAI],
        "url": settings.PUBLIC_BASE_URL,
        "creator": {"@type": "sc:Organization", "name": settings.PROVIDER_NAME},
        "datePublished": dataset.registered_at.date().isoformat(),
        **{term: getattr(dataset, field) for field, term in TEXTS.items()},
        "keywords": [word.strip() for word in dataset.types.split(",") if word.strip()],
        "usageInfo": {
            "@type": "sc:CreativeWork",
            "name": LEGAL_BASIS,
            "text": dataset.legal_basis,
        },
        "rai:dataUseCases": [USE_CASES[Scope(dataset.scope)]],
    }
    if snapshot is not None:
        document |= _snapshot(snapshot)
    return {term: value for term, value in document.items() if value not in ("", [])}


def _snapshot(snapshot: Snapshot) -> Json:
    distribution, source = _distribution(snapshot)
    parent = snapshot.parent
    derived = {"prov:wasDerivedFrom": {"@id": f"#{parent.version}"}} if parent else {}
    # The specification wants a hash of each file, unless the data may change under it: a table, and
    # files that were not read yet.
    live = {} if all("sha256" in file for file in distribution if _is_file(file)) else {LIVE: True}
    return {
        "version": snapshot.version,
        **live,
        "datePublished": snapshot.registered_at.date().isoformat(),
        **derived,
        "distribution": distribution,
        "recordSet": [_record_set(snapshot, source)],
    }


def _is_file(entry: Json) -> bool:
    return bool(entry["@type"] == "cr:FileObject")


def _distribution(snapshot: Snapshot) -> tuple[list[Json], Json]:
    """Return the files, and the reference to them from a field."""
    encoding = snapshot.traits.media_types[0]
    files = [
        {
            "@type": "cr:FileObject",
            "@id": file.path,
            "name": PurePosixPath(file.path).name,
            "contentUrl": _url(snapshot, file.path),
            "contentSize": f"{file.bytes} B",
            "encodingFormat": encoding,
            "sha256": file.sha256,
        }
        for file in snapshot.files.all()
    ]
    if not files:  # a table, or not read yet
        files = [
            {
                "@type": "cr:FileObject",
                "@id": "data",
                "name": PurePosixPath(snapshot.location).name,
                "contentUrl": _url(snapshot, ""),
                "encodingFormat": encoding,
            }
        ]
    if len(files) == 1:
        return files, {"fileObject": {"@id": files[0]["@id"]}}
    together = {
        "@type": "cr:FileSet",
        "@id": "files",
        "encodingFormat": encoding,
        "includes": [glob.escape(file["contentUrl"]) for file in files],
    }
    return [*files, together], {"fileSet": {"@id": "files"}}


def _url(snapshot: Snapshot, path: str) -> str:
    if not snapshot.traits.has_files:
        return f"{TABLE_SCHEME}{snapshot.location}"
    location = PurePosixPath(snapshot.location)
    # A snapshot that is one file has that file's name in its location already.
    return str(location if not path or location.name == path else location / path)


def _record_set(snapshot: Snapshot, source: Json) -> Json:
    schema = snapshot.schema
    whole_text = snapshot.traits.holds_documents
    id_field, source_field = ("", "") if whole_text else (schema.id_field, schema.source_field)
    fields = [
        *((name, "sc:Text") for name in (id_field,) if name),
        *((name, "sc:Text") for name in schema.text_fields),
        *((name, "sc:URL") for name in (source_field,) if name),
    ]
    record_set: Json = {
        "@type": "cr:RecordSet",
        "@id": "records",
        "name": "records",
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"records/{name}",
                "name": name,
                "dataType": kind,
                "source": {**source, "extract": _extract(snapshot, name)},
            }
            for name, kind in fields
        ],
    }
    if id_field:
        record_set["key"] = {"@id": f"records/{id_field}"}
    return record_set


def _extract(snapshot: Snapshot, name: str) -> Json:
    whole_text = snapshot.traits.holds_documents
    # Readers take a line of JSON Lines for a row, as in the examples of the specification.
    return {"fileProperty": "content"} if whole_text else {"column": name}
