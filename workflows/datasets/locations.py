"""Where the data of a snapshot lie, as the look-up reads them.

A location is a path below one of `settings.DATASETS_DIRS`, or, for a table, the name of a database
in `settings.DATASET_DATABASES` and of the table. So nobody can register the files of the server
itself, and no address with a password is ever typed into a form. Nor does a link inside a dataset
open them: whoever fills its folder need not be who runs the server.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from workflows.corpus.formats.files import snapshot_files
from workflows.corpus.formats.protocol import Format, Shard, Source
from workflows.corpus.formats.registry import FORMATS as DATA_FORMATS
from workflows.corpus.formats.registry import format_of, record_format_of
from workflows.corpus.formats.shards import dataset_files, shards
from workflows.corpus.formats.sql_table import Table, named_table
from workflows.corpus.values import FORMATS, ReadError, ReadProblem
from workflows.datasets.models import Snapshot

IN_FILES = [name for name, traits in FORMATS.items() if traits.has_files]


def path_of(snapshot: Snapshot) -> Path:
    """Return the file or folder of a snapshot that is no table. Raises `ReadError`.

    Also for one with a link in it, at any depth, that leads out of the allowed folders: what is not
    searched, such as a hidden file, is still copied when a manifest is applied.
    """
    allowed = [_real(folder) for folder in settings.DATASETS_DIRS]
    path = _place_of(snapshot)
    for place in (path, *_links(path)):
        if not any(_real(place).is_relative_to(folder) for folder in allowed):
            about = Path(snapshot.location, place.relative_to(path))
            message = f"{place} lies outside of DATASETS_DIRS."
            raise ReadError(message, ReadProblem.OUTSIDE, str(about))
    return path


def is_registered(path: Path) -> bool:
    """Return whether a snapshot lies at a path, or in the folder there, by whatever name."""
    place, files = _real(path), Snapshot.objects.filter(format__in=IN_FILES)
    return any(_place_of(snapshot).is_relative_to(place) for snapshot in files)


def _place_of(snapshot: Snapshot) -> Path:
    return _real(settings.DATASETS_DIRS[0] / snapshot.location)


def _real(path: Path) -> Path:
    # `Path.resolve` raises for links that go round; these lead nowhere.
    return Path(os.path.realpath(path))


def _links(path: Path) -> Iterator[Path]:
    """Yield all links below a folder; what lies behind one is not entered."""
    for folder, subfolders, names in os.walk(path):
        for place in (Path(folder, name) for name in (*subfolders, *names)):
            if place.is_symlink():
                yield place


def table_of(location: str) -> tuple[str, str]:
    """Return the address of the database and the name of the table. Raises `ReadError`."""
    return named_table(location, settings.DATASET_DATABASES)


def shards_of(snapshot: Snapshot) -> list[Shard]:
    """Return the shards of a snapshot. Raises `ReadError`."""
    if not snapshot.traits.has_files:
        return as_table(snapshot).shards()
    path = path_of(snapshot)
    try:
        return shards(path, formats=[snapshot.traits])
    except ReadError as error:
        # Whoever reads it knows the place by what was typed, not by where the server keeps files.
        about = error.about.replace(str(path), snapshot.location)
        raise ReadError(str(error), error.problem, about) from error


def files_of(snapshot: Snapshot) -> list[tuple[Path, str]]:
    """Return the files of a snapshot with their names; a table has none. Raises `ReadError`."""
    if not snapshot.traits.has_files:
        return []
    shards_of(snapshot)  # raises for what is missing or empty
    return dataset_files(path_of(snapshot), [snapshot.traits])


def sources_of(snapshot: Snapshot) -> Iterator[tuple[Format, Source]]:
    """Yield what the data of a snapshot lie in, each with how it is read. Raises `ReadError`."""
    if not snapshot.traits.has_files:
        database, table = table_of(snapshot.location)
        yield DATA_FORMATS[snapshot.format], Source(Path(), table, database)
        return
    for file, path in snapshot_files(path_of(snapshot)).items():
        if (known := format_of_data(snapshot, path)) is not None:
            yield known, Source(path, file)


def format_of_data(snapshot: Snapshot, path: Path) -> Format | None:
    """Return how a file of a snapshot is read; None for one that is no part of its data."""
    if not snapshot.traits.holds_documents:
        return record_format_of(path)
    known = format_of(path)
    return known if known is not None and known.traits.holds_documents else None


def as_table(snapshot: Snapshot) -> Table:
    """Return the table of a snapshot that is one. Raises `ReadError`."""
    return Table(*table_of(snapshot.location), snapshot.schema)
