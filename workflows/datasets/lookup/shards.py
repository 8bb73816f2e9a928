"""The files of a dataset, cut into shards: pieces that one process reads from beginning to end."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Bytes of a JSONL file that make one shard.
SHARD_BYTES = 32 * 1024 * 1024


class ReadError(Exception):
    """A file of the dataset cannot be read; the message names it and quotes nothing from it."""


class Format(enum.StrEnum):
    """How a file is read."""

    JSONL = "jsonl"
    JSONL_GZIP = "jsonl.gz"
    JSONL_ZSTD = "jsonl.zst"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class Shard:
    """A piece of one file. `file` is its name relative to the dataset, as it stands in hits.

    Of plain JSONL it is the lines that begin in the bytes `start` to before `stop`; of Parquet the
    row group `start`; compressed JSONL cannot be entered in the middle and is one shard.
    """

    path: Path
    file: str
    format: Format
    start: int = 0
    stop: int = 0


def shards(path: Path, *, shard_bytes: int = SHARD_BYTES) -> list[Shard]:
    """Return the shards of a file, or of all files in a folder, in the order of their names.

    Files of other formats in a folder are passed over. Raises ReadError if nothing is left.
    """
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file() and format_of(file))
        found = [
            shard
            for file in files
            for shard in _shards(file, str(file.relative_to(path)), shard_bytes)
        ]
    elif path.is_file() and format_of(path):
        found = list(_shards(path, path.name, shard_bytes))
    else:
        raise ReadError(f"{path} is neither a folder nor a file of a known format.")
    if not found:
        raise ReadError(f"{path} holds no {', '.join(Format)} file with records.")
    return found


def format_of(path: Path) -> Format | None:
    """Return how a file is read, by its name, or None for one that holds no records."""
    # Dolma names its compressed JSONL .json.gz or .json.zst.
    name = path.name.replace(".json.", ".jsonl.")
    for known in Format:
        if name.endswith(f".{known}"):
            return known
    return None


def _shards(path: Path, file: str, shard_bytes: int) -> Iterator[Shard]:
    known = format_of(path)
    assert known is not None
    if known is Format.PARQUET:
        for group in range(_row_groups(path)):
            yield Shard(path, file, known, group)
    elif known is Format.JSONL:
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
        raise ReadError(f"{path} is not a Parquet file.") from error
