"""The new snapshot that this server writes for a manifest: its name, its data, its removal."""

import shutil
from contextlib import suppress
from pathlib import Path, PurePosixPath

from django.utils.translation import gettext as _

from workflows.corpus.edits.apply import APPLIED, apply_entries
from workflows.corpus.entries import EditRefused, Op, Replacements
from workflows.corpus.formats.files import partial_of
from workflows.corpus.values import ReadError
from workflows.corrections.manifests import entries_of
from workflows.corrections.models import Manifest
from workflows.datasets.locations import is_registered, path_of
from workflows.datasets.models import Snapshot


def write_copy(manifest: Manifest) -> Snapshot:
    """Write the new snapshot beside the old one and return it, to be registered.

    One that is there was written before a worker died, and is taken: it appears whole or not at
    all. Raises `Refused`, `ManifestError`, `ReadError`.
    """
    old, entries = manifest.snapshot, entries_of(manifest)
    if old.rows is not None and len({e.place for e in entries if e.op is Op.DELETE}) >= old.rows:
        raise EditRefused(
            _(
                "No record would be left. Delete the data of this snapshot by hand, say so on its "
                "page, then enter the receipt in the case."
            )
        )
    new = _named(manifest)
    target = path_of(new)
    if not target.exists():
        wording = Replacements(manifest.replacements)
        apply_entries(entries, path_of(old), target, wording, id_field=old.schema.id_field)
    return new


def clear_away(manifest: Manifest) -> None:
    """Delete what this server has written for a manifest, whole or in part, and nobody registered.

    Call while nothing is being written.
    """
    try:
        target = path_of(_named(manifest))
    except ReadError:
        return
    if is_registered(target):
        return
    for path in (partial_of(target), target, Path(f"{target}{APPLIED}")):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            with suppress(FileNotFoundError):
                path.unlink()


def _named(manifest: Manifest) -> Snapshot:
    """Return the new snapshot, which lies beside the place that was registered.

    That may be a link: then not beside what it leads to. A file keeps the ending of its format.
    """
    old = manifest.snapshot
    place, source, mark = PurePosixPath(old.location), path_of(old), manifest.pk.hex[:8]
    name = f"{place.name}-{mark}"
    if source.is_file():
        _first, dot, ending = source.name.partition(".")
        name = f"{place.name.partition('.')[0]}-{mark}{dot}{ending}"
    return Snapshot(
        version=f"{old.version}-{mark}"[-80:],
        format=old.format,
        location=str(place.parent / name),
    )
