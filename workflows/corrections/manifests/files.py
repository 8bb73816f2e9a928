"""The files of a snapshot on this machine, opened for reading and writing record by record."""

import contextlib
import gzip
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from workflows.corrections.manifests.edits import Refused
from workflows.datasets.lookup.shards import Format

CHUNK = 4 * 1024 * 1024
# On text, level 6 makes files a tenth smaller and takes four times as long.
_GZIP_LEVEL = 1
_ZSTD_LEVEL = 3


def snapshot_files(path: Path) -> dict[str, Path]:
    """Return all files of a snapshot by the names that they have in hits and manifests.

    Raises Refused for what is neither a file nor a folder, and for a link to a folder.
    """
    if path.is_file():
        return {path.name: path}
    if not path.is_dir():
        raise Refused(f"{path} is neither a file nor a folder.")
    found = {}
    for folder, subfolders, names in os.walk(path):
        for name in subfolders:
            if (Path(folder) / name).is_symlink():
                raise Refused(f"{Path(folder) / name} is a link to another folder.")
        for name in names:
            file = Path(folder) / name
            found[str(file.relative_to(path))] = file
    return dict(sorted(found.items()))


@contextlib.contextmanager
def reading(path: Path, known: Format) -> Iterator[io.BufferedIOBase]:
    """Open JSONL, compressed or not, for reading its lines."""
    with path.open("rb") as file:
        if known is Format.JSONL_GZIP:
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield unpacked
        elif known is Format.JSONL_ZSTD:
            frames = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
            with io.BufferedReader(frames, CHUNK) as unpacked_frames:
                yield unpacked_frames
        else:
            yield file


@contextlib.contextmanager
def writing(path: Path, known: Format) -> Iterator[BinaryIO]:
    """Open JSONL for writing.

    The same lines always give the same bytes: no time and no name stand in the header.
    """
    with path.open("wb") as file:
        if known is Format.JSONL_GZIP:
            with gzip.GzipFile("", "wb", _GZIP_LEVEL, file, mtime=0) as packed:
                yield cast(BinaryIO, packed)
        elif known is Format.JSONL_ZSTD:
            packer = zstandard.ZstdCompressor(_ZSTD_LEVEL, write_checksum=True)
            with packer.stream_writer(file, closefd=False) as frames:
                yield cast(BinaryIO, frames)
        else:
            yield file
