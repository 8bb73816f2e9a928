"""The files of a snapshot on this machine, opened for reading and writing record by record."""

import contextlib
import io
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from gzip import GzipFile
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

import zstandard
from isal import igzip, igzip_lib

from workflows.corrections.manifests.edits import EditRefused
from workflows.datasets.lookup.shards import Format
from workflows.datasets.lookup.zstd_frames import unpacked_zstd

CHUNK = 4 * 1024 * 1024
# On text, ISA-L at this level makes files as small as zlib at level 1 in a third of the time.
_GZIP_LEVEL = 3
_ZSTD_LEVEL = 3

# What reading raises where a file is missing, damaged or breaks off.
UNREADABLE: tuple[type[Exception], ...] = (
    OSError,
    EOFError,
    cast("type[Exception]", igzip_lib.IsalError),
)

# The package has types, but this class has none.
_gzip: Callable[..., GzipFile] = igzip.IGzipFile

Piece = TypeVar("Piece")


def snapshot_files(path: Path) -> dict[str, Path]:
    """Return all files of a snapshot by the names that they have in hits and manifests.

    Raises Refused for what is neither a file nor a folder, and for a link to a folder.
    """
    if path.is_file():
        return {path.name: path}
    if not path.is_dir():
        raise EditRefused(f"{path} is neither a file nor a folder.")
    found = {}
    for folder, subfolders, names in os.walk(path):
        for name in subfolders:
            if (Path(folder) / name).is_symlink():
                raise EditRefused(f"{Path(folder) / name} is a link to another folder.")
        for name in names:
            file = Path(folder) / name
            found[str(file.relative_to(path))] = file
    return dict(sorted(found.items()))


@contextlib.contextmanager
def reading(path: Path, known: Format) -> Iterator[io.BufferedIOBase]:
    """Open JSONL, compressed or not, for reading its lines."""
    with path.open("rb") as file:
        if known is Format.JSONL_GZIP:
            with _gzip(None, "rb", fileobj=file) as unpacked:
                yield unpacked
        elif known is Format.JSONL_ZSTD:
            with unpacked_zstd(file) as frames:
                yield frames
        else:
            yield file


@contextlib.contextmanager
def ahead(pieces: Iterator[Piece]) -> Iterator[Iterator[Piece]]:
    """Give pieces while a thread reads the next one: unpacking and packing share two cores.

    When the block ends, nothing is being read any more.
    """
    end = object()

    def given(reader: ThreadPoolExecutor) -> Iterator[Piece]:
        coming = reader.submit(next, pieces, end)
        while (piece := coming.result()) is not end:
            coming = reader.submit(next, pieces, end)
            yield cast(Piece, piece)

    with ThreadPoolExecutor(1) as reader:
        yield given(reader)


@contextlib.contextmanager
def writing(path: Path, known: Format) -> Iterator[BinaryIO]:
    """Open JSONL for writing.

    The same lines always give the same bytes: no time and no name stand in the header.
    """
    with path.open("wb") as file:
        if known is Format.JSONL_GZIP:
            with _gzip("", "wb", _GZIP_LEVEL, file, mtime=0) as packed:
                yield cast(BinaryIO, packed)
        elif known is Format.JSONL_ZSTD:
            packer = zstandard.ZstdCompressor(_ZSTD_LEVEL, write_checksum=True)
            with packer.stream_writer(file, closefd=False) as frames:
                yield cast(BinaryIO, frames)
        else:
            yield file
