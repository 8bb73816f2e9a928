"""Reads the files that come with a manifest: hits of the look-up, and texts that replace others."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workflows.corrections.manifests.entries import ManifestError
from workflows.datasets.lookup.hits import Hit, Strength
from workflows.datasets.lookup.persons import Kind


def read_hits(path: Path) -> Iterator[Hit]:
    """Yield the hits of a file that `locate` wrote. Raises ManifestError, which names the line."""
    for number, line in _objects(path):
        try:
            hit = Hit(
                **{**line, "kind": Kind(line["kind"]), "strength": Strength(line["strength"])}
            )
        except (KeyError, TypeError, ValueError):
            hit = None
        if hit is None or not _is_sound(hit):
            raise ManifestError(f"{path}: line {number} is no hit.")
        yield hit


def _is_sound(hit: Hit) -> bool:
    if not isinstance(hit.ref, str | int) or not isinstance(hit.id, str | int | None):
        return False
    if not isinstance(hit.file, str) or not isinstance(hit.field, str):
        return False
    return type(hit.start) is type(hit.end) is int and 0 <= hit.start < hit.end


def read_replacements(path: Path | None) -> dict[str, str]:
    """Return the texts of a file with `{"ref": …, "text": …}` a line, by their ref."""
    texts: dict[str, str] = {}
    for number, line in _objects(path) if path else ():
        ref, text = line.get("ref"), line.get("text")
        if not isinstance(ref, str) or not isinstance(text, str):
            raise ManifestError(f"{path}: line {number} has no `ref` and `text`.")
        texts[ref] = text
    return texts


def _objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                found = None
            if not isinstance(found, dict):
                raise ManifestError(f"{path}: line {number} is no JSON object.")
            yield number, found
