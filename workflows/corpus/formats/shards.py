"""The files of a dataset, cut into shards: pieces that one process reads from beginning to end."""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from workflows.corpus.values import FILE_FORMATS, RECORD_FORMATS, Format, ReadError, ReadProblem

# Bytes of a JSONL file that make one shard.
SHARD_BYTES = 32 * 1024 * 1024
# How many of the files that are passed over are named.
_NAMED = 3
# Bytes of plain text from which a new record begins.
TEXT_RECORD = 16 * 1024


@dataclass(frozen=True, slots=True)
class Shard:
    """A piece of one file or table. `file` is its name in the dataset, as it stands in hits.

    Of plain JSONL and of text it is what begins in the bytes `start` to before `stop`; of Parquet
    the row group `start`; compressed JSONL cannot be entered in the middle and is one shard. Of a
    table it is the pages `start` to before `stop`, or all of it if `stop` is 0; `database` is where
    it lies.
    """

    path: Path
    file: str
    format: Format
    start: int = 0
    stop: int = 0
    database: str = field(default="", repr=False)


def shards(
    path: Path,
    *,
    shard_bytes: int = SHARD_BYTES,
    formats: Collection[Format] | None = None,
) -> list[Shard]:
    """Return the shards of a file, or of all files in a folder, in the order of their names.

    Files of other formats than `formats` are passed over. Unless these are given, plain text is
    read only where there is nothing else: a folder of records may hold a README.txt. Raises
    ReadError if nothing is left.
    """
    if not path.exists():
        raise ReadError(f"{path} does not exist.", ReadProblem.MISSING, str(path))
    if formats is None:
        files = dataset_files(path, RECORD_FORMATS) or dataset_files(path, {Format.TEXT})
    else:
        files = dataset_files(path, formats)
    found = [shard for file, name in files for shard in file_shards(file, name, shard_bytes)]
    if not found:
        endings = ", ".join(sorted(formats or FILE_FORMATS))
        raise ReadError(
            f"{path} holds no {endings} file with records.", ReadProblem.EMPTY, str(path)
        )
    return found


def dataset_files(path: Path, formats: Collection[Format]) -> list[tuple[Path, str]]:
    """Return the files of these formats, each with its name relative to the dataset, in order.

    Raises ReadError for a folder that cannot be opened and for a link that is not followed.
    """
    return [(file, name) for file, name in _visible_files(path) if _format(file) in formats]


def ignored_files(path: Path, formats: Collection[Format]) -> str:
    """Return a sentence about the files of other formats than these; empty where there is none.

    Empty files are not meant, nor those that tools leave beside data, which begin with `_`.
    """
    names = [
        name
        for file, name in _visible_files(path)
        if _format(file) not in formats and not file.name.startswith("_") and file.stat().st_size
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


def format_of(path: Path) -> Format | None:
    """Return how a file of records is read, by its name, or None for one that holds no records."""
    known = _format(path)
    return known if known in RECORD_FORMATS else None


def _format(path: Path) -> Format | None:
    # Dolma names its compressed JSONL .json.gz or .json.zst.
    name = path.name.replace(".json.", ".jsonl.")
    return next((known for known in FILE_FORMATS if name.endswith(f".{known}")), None)


def file_shards(path: Path, file: str, shard_bytes: int = SHARD_BYTES) -> Iterator[Shard]:
    """Yield the shards of one file of a known format, which is called `file` in hits."""
    known = _format(path)
    assert known is not None
    if known is Format.PARQUET:
        for group in range(_row_groups(path)):
            yield Shard(path, file, known, group)
    elif known in (Format.JSONL, Format.TEXT):
        if known is Format.TEXT:
            shard_bytes = max(shard_bytes // TEXT_RECORD, 1) * TEXT_RECORD
        size = path.stat().st_size
        for start in range(0, size, shard_bytes):
            yield Shard(path, file, known, start, min(start + shard_bytes, size))
    else:
        yield Shard(path, file, known)


def _row_groups(path: Path) -> int:
    from pyarrow import ArrowException
    from pyarrow.parquet import read_metadata

    try:
        return int(read_metadata(path).num_row_groups)
    except (ArrowException, OSError) as error:
        raise ReadError(f"{path} is not a Parquet file.", ReadProblem.BROKEN, path.name) from error
