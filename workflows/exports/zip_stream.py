"""Writes a ZIP as a stream, and its manifest with the hash of every file as the last member.

Nothing but one piece of one file is in memory, and, for each member, its line of the directory
that stands at the end of a ZIP: about 0.4 kB.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from stream_zip import ZIP_AUTO, stream_zip

MANIFEST = "manifest.json"
PIECE = 64 * 1024
_MODE = 0o100644
# Proofs and hashes hardly shrink; a higher level costs time and saves next to nothing.
_LEVEL = 6
_LONGEST_HEAD = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the ZIP: path, size in bytes, content in pieces."""

    path: str
    size: int
    pieces: Iterable[bytes]


def member(path: str, content: bytes) -> Member:
    """Return a member whose content is at hand."""
    return Member(path, len(content), [content])


def file_member(path: str, file: Path) -> Member:
    """Return a member whose content is a file on the disk, read when its turn comes."""
    return Member(path, file.stat().st_size, _pieces(file))


def zip_pieces(
    members: Iterable[Member], head: Callable[[], Mapping[str, Any]], at: datetime, spool: BinaryIO
) -> Iterator[bytes]:
    """Yield the ZIP of `members`, in their order, and of a manifest after them.

    The manifest is the JSON object `head()`, asked for when everything else is written, with the
    hex SHA-256 of every member under `files`. `spool` is an empty temporary file for the hashes.
    Every member bears the time `at`, so that the same export gives the same bytes.
    """
    pieces: Iterator[bytes] = iter(stream_zip(_files(members, head, at, spool)))
    return pieces


def _files(
    members: Iterable[Member], head: Callable[[], Mapping[str, Any]], at: datetime, spool: BinaryIO
) -> Iterator[tuple[Any, ...]]:
    for each in members:
        method = ZIP_AUTO(each.size, level=_LEVEL)
        yield each.path, at, _MODE, method, _hashed(each, spool)
    # At least as long as the manifest will be: the method is chosen by it.
    size = spool.tell() + _LONGEST_HEAD
    yield MANIFEST, at, _MODE, ZIP_AUTO(size, level=_LEVEL), _manifest(head(), spool)


def _hashed(each: Member, spool: BinaryIO) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for piece in each.pieces:
        digest.update(piece)
        yield piece
    spool.write(f"  {json.dumps(each.path)}: {json.dumps(digest.hexdigest())}\n".encode())


def _manifest(head: Mapping[str, Any], spool: BinaryIO) -> Iterator[bytes]:
    text = json.dumps(head, ensure_ascii=False, indent=1)
    yield text.removesuffix("\n}").encode() + b',\n "files": {\n'
    spool.seek(0)
    before = b""
    for line in spool:
        yield before + line.rstrip(b"\n")
        before = b",\n"
    yield b"\n }\n}\n"


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while piece := source.read(PIECE):
            yield piece
