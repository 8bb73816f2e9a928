"""The files of a manifest, as pipelines and data stewards fetch them."""

import json

from workflows.corrections.manifests.package import JSONL, NOTE, PARQUET
from workflows.corrections.models import Manifest

# Texts that replace others: personal data, and no part of the signed manifest.
REPLACEMENTS = "replacements.jsonl"
FILES = (NOTE, JSONL, PARQUET, REPLACEMENTS)


def content_of(manifest: Manifest, name: str) -> bytes:
    """Return a file of a manifest, one of `FILES`.

    Raises KeyError for another name, and `Shredded` after one of its cases was erased.
    """
    if name == REPLACEMENTS:
        return "".join(
            json.dumps({"ref": ref, "text": text}, ensure_ascii=False) + "\n"
            for ref, text in manifest.replacements.items()
        ).encode()
    contents = {NOTE: manifest.note.encode(), JSONL: manifest.jsonl, PARQUET: manifest.parquet}
    return contents[name]
