"""The files of a snapshot on this machine, opened for reading and writing record by record."""

import contextlib
import fcntl
import io
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from gzip import GzipFile
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

import zstandard
from isal import igzip, igzip_lib

from workflows.corpus.entries import EditRefused


@contextlib.contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """Give a folder beside `target` to write into; when the block ends well, it becomes `target`.

    If it does not, the folder is removed; after a crash, the next run does that. Raises Refused if
    `target` is there already, or is being written by another process.
    """
    with _partial(target) as folder:
        yield folder
        for inner, _folders, _files in os.walk(folder, topdown=False):
            sync_folder(Path(inner))
        _refuse_existing(target)
        folder.rename(target)
        sync_folder(target.parent)


@contextlib.contextmanager
def atomic_file(target: Path) -> Iterator[Path]:
    """Do the same for a file: the block writes it into the folder, under the name of `target`.

    What else it writes appears beside the file, before it.
    """
    with _partial(target) as folder:
        yield folder
        _refuse_existing(target)
        for file in sorted(folder.iterdir(), key=lambda file: file.name == target.name):
            file.rename(target.with_name(file.name))
        sync_folder(target.parent)
        folder.rmdir()


def partial_of(target: Path) -> Path:
    """Return the folder in which `target` is written until it is whole."""
    return target.with_name(f".{target.name}.partial")


@contextlib.contextmanager
def _partial(target: Path) -> Iterator[Path]:
    _refuse_existing(target)
    folder = partial_of(target)
    try:
        folder.mkdir(exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise EditRefused(f"{folder} cannot be made: {error.strerror}.") from error
    try:
        _lock(handle, folder)
        _empty(folder)  # of what a run that was killed has left
        try:
            yield folder
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    finally:
        os.close(handle)


def _refuse_existing(target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise EditRefused(f"{target} is there already.")


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        same = os.fstat(handle).st_ino == folder.stat().st_ino
    except OSError:
        same = False
    if not same:
        raise EditRefused(f"{folder} is being written by another process.")


def _empty(folder: Path) -> None:
    for left in folder.iterdir():
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()


def sync_folder(folder: Path) -> None:
    """See to it that the names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


GZIP, ZSTD = ".gz", ".zst"
_BUFFER = 1024 * 1024


def unpacked_zstd(file: BinaryIO) -> io.BufferedReader:
    """Return what is packed in a file. Reading raises OSError where that is damaged or breaks off.

    The package `zstandard` reads a file that breaks off as if it ended there; Arrow does not.
    """
    from pyarrow import CompressedInputStream

    return io.BufferedReader(CompressedInputStream(file, "zstd"), _BUFFER)


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
def open_compressed(path: Path) -> Iterator[io.BufferedIOBase]:
    """Open a file of lines, compressed or not, as its name says."""
    with path.open("rb") as file:
        if path.suffix == GZIP:
            with _gzip(None, "rb", fileobj=file) as unpacked:
                yield unpacked
        elif path.suffix == ZSTD:
            with unpacked_zstd(file) as frames:
                yield frames
        else:
            yield file


@contextlib.contextmanager
def prefetch(pieces: Iterator[Piece]) -> Iterator[Iterator[Piece]]:
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
def create_compressed(path: Path) -> Iterator[BinaryIO]:
    """Open a file of lines for writing, compressed as its name says.

    The same lines always give the same bytes: no time and no name stand in the header.
    """
    with path.open("wb") as file:
        if path.suffix == GZIP:
            with _gzip("", "wb", _GZIP_LEVEL, file, mtime=0) as packed:
                yield cast(BinaryIO, packed)
        elif path.suffix == ZSTD:
            packer = zstandard.ZstdCompressor(_ZSTD_LEVEL, write_checksum=True)
            with packer.stream_writer(file, closefd=False) as frames:
                yield cast(BinaryIO, frames)
        else:
            yield file
