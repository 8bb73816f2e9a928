"""The files of a dataset, cut into shards: pieces that one process reads from beginning to end."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from workflows.corpus.formats.protocol import SHARD_BYTES, Shard, Source
from workflows.corpus.formats.registry import format_of
from workflows.corpus.values import FORMATS as TRAITS
from workflows.corpus.values import FormatTraits, ReadError, ReadProblem, traits_of

# How many of the files that are passed over are named.
_NAMED = 3
_RECORDS = [traits for traits in TRAITS.values() if not traits.holds_documents]
DOCUMENTS = [traits for traits in TRAITS.values() if traits.holds_documents]


def shards(
    path: Path,
    *,
    shard_bytes: int = SHARD_BYTES,
    formats: Collection[FormatTraits] | None = None,
) -> list[Shard]:
    """Return the shards of a file, or of all files in a folder, in the order of their names.

    Files of other formats than `formats` are passed over. Unless these are given, documents are
    read only where there is nothing else: a folder of records may hold a README.txt. Raises
    ReadError if nothing is left.
    """
    if not path.exists():
        raise ReadError(f"{path} does not exist.", ReadProblem.MISSING, str(path))
    if formats is None:
        files = dataset_files(path, _RECORDS) or dataset_files(path, DOCUMENTS)
    else:
        files = dataset_files(path, formats)
    found = [shard for file, name in files for shard in file_shards(file, name, shard_bytes)]
    if not found:
        known = TRAITS.values() if formats is None else formats
        endings = ", ".join(sorted(ending[1:] for traits in known for ending in traits.endings))
        raise ReadError(
            f"{path} holds no {endings} file with records.", ReadProblem.EMPTY, str(path)
        )
    return found


def dataset_files(path: Path, formats: Collection[FormatTraits]) -> list[tuple[Path, str]]:
    """Return the files of these formats, each with its name relative to the dataset, in order.

    Raises ReadError for a folder that cannot be opened and for a link that is not followed.
    """
    return [(file, name) for file, name in _visible_files(path) if traits_of(file) in formats]


def record_files(path: Path) -> list[tuple[Path, str]]:
    """Return the files of records, as `dataset_files` does."""
    return dataset_files(path, _RECORDS)


def ignored_files(path: Path, *, documents: bool) -> str:
    """Return a sentence about the files that are not read; empty where there is none.

    Those are all but documents where these are looked at, and all but files of records elsewhere.

    Empty files are not meant, nor those that tools leave beside data, which begin with `_`.
    """
    formats = DOCUMENTS if documents else _RECORDS
    names = [
        name
        for file, name in _visible_files(path)
        if traits_of(file) not in formats and not file.name.startswith("_") and file.stat().st_size
    ]
    some = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
    return f"Not searched, because their names end otherwise: {some}" if names else ""


def _visible_files(path: Path) -> list[tuple[Path, str]]:
    """Return the files, but for hidden ones and those in hidden folders: no data, or not yet."""
    if path.is_file():
        return [(path, path.name)]
    found = []
    for folder, subfolders, names in os.walk(path, onerror=_refuse_closed):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        for link in (Path(folder, name) for name in subfolders):
            if link.is_symlink() and not link.resolve().is_relative_to(path.resolve()):
                raise ReadError(
                    f"{link} is a link to a folder elsewhere, which is not followed. Search that "
                    "folder, too, or put its files here.",
                    ReadProblem.OUTSIDE,
                    str(link.relative_to(path)),
                )
        found += [Path(folder, name) for name in names if not name.startswith(".")]
    for file in found:
        if not file.exists():
            raise ReadError(f"{file} is a link to nothing.", ReadProblem.MISSING, str(file))
    return [
        (path / name, str(name))
        for name in sorted(file.relative_to(path) for file in found if file.is_file())
    ]


def _refuse_closed(error: OSError) -> None:
    if isinstance(error, NotADirectoryError):
        return
    raise ReadError(
        f"{error.filename} cannot be opened: {error.strerror}.",
        ReadProblem.BROKEN,
        str(error.filename),
    ) from error


def file_shards(path: Path, file: str, shard_bytes: int = SHARD_BYTES) -> Iterator[Shard]:
    """Yield the shards of one file of a known format, which is called `file` in hits."""
    known = format_of(path)
    assert known is not None
    return known.shards(Source(path, file), shard_bytes)
