"""Copies of the log outside of the database: written anew as it grows, and read with proof.

A copy is a folder as C2SP tlog-tiles describes it: `checkpoint`, hash tiles and bundles of entries.
It holds no contents of any case. What a regulator exported is read as well. Nothing of a copy is
believed that a checkpoint signed with our key does not cover.
"""

import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, cast

from workflows.ledger import merkle, selectors, tiles
from workflows.ledger.canonical import Json, NotCanonicalError, parse_json
from workflows.ledger.checkpoints import (
    CheckpointError,
    TreeHead,
    open_checkpoint,
    parse_proof,
    verify_proof,
)
from workflows.ledger.keys import log_verifier

CopiedEntry = dict[str, Json]
_CHECKPOINT, _LISTED, _PROOFS = "checkpoint", "entries.txt", "proofs/"
# How the folder ends in which the parts of a tile lie that was not full yet.
_PARTIAL = ".p"


class CopyError(Exception):
    """A copy of the log cannot be read, or is not what our key has signed; the message says why."""


def write_copy(folder: Path) -> int:
    """Bring a copy in a folder up to the newest checkpoint; return of how many entries it is.

    Tiles that are there already are not read again. The checkpoint comes after them, so that a copy
    that was broken off is still one of the size that its checkpoint says; then parts of tiles that
    are full now are deleted, as C2SP tlog-tiles allows. Raises `CopyError`
    when the log has no checkpoint, or is shorter than the copy, and `OSError`.
    """
    newest = selectors.latest_checkpoint()
    if newest is None:
        raise CopyError("There is no checkpoint: the sequencer has never run.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = folder / _CHECKPOINT
    if known.exists() and _head(known.read_bytes()).size > newest.size:
        raise CopyError(f"The copy in {folder} is newer than the log: the log was rolled back.")

    def is_there(path: str) -> bool:
        return (folder / path).exists()

    for files in (
        selectors.iter_hash_tiles(newest.size, skip=is_there),
        selectors.iter_entry_bundles(newest.size, skip=is_there),
    ):
        for path, content in files:
            _write(folder / path, content)
    _write(known, newest.note.encode())
    _delete_parts(folder, newest.size)
    return newest.size


def read_copy(place: Path, names: frozenset[str]) -> list[CopiedEntry]:
    """Return the entries of these names in a copy: a folder, or an export as folder or ZIP.

    Each is proved to be in a log that our key has signed. Raises `CopyError`.
    """
    try:
        files = _opened(place)
        head = _head(files.read(_CHECKPOINT))
        if next(files.names("tile/entries/"), None) is not None:
            leaves = _of_bundles(files, head)
        elif _LISTED in files:
            leaves = _of_list(files, head)
        elif next(files.names(_PROOFS), None) is not None:
            leaves = _of_proofs(files)
        else:
            raise CopyError(f"{place} is not a whole copy of the log: it has no entries.")
        # All of them are gone through before one is believed: the root is known at the end.
        found = [entry for leaf in leaves if (entry := _parsed(leaf))["name"] in names]
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise CopyError(f"{place} is not a whole copy of the log: {error}") from error
    except (tiles.TileError, merkle.ProofError, CheckpointError, NotCanonicalError) as error:
        raise CopyError(f"{place} cannot be believed: {error}") from error
    return found


class _Files(Protocol):
    """The files of a copy, by their paths within the log."""

    def read(self, name: str) -> bytes:
        """Return a file. Raises KeyError or OSError."""

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the paths that begin with a folder."""

    def __contains__(self, name: str) -> bool: ...


class _Folder:
    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    def names(self, prefix: str) -> Iterator[str]:
        for path in (self.root / prefix).rglob("*"):
            if path.is_file():
                yield str(path.relative_to(self.root))

    def __contains__(self, name: str) -> bool:
        return (self.root / name).is_file()


class _Zip:
    def __init__(self, path: Path) -> None:
        self.archive = zipfile.ZipFile(path)

    def read(self, name: str) -> bytes:
        return self.archive.read(f"log/{name}")

    def names(self, prefix: str) -> Iterator[str]:
        for name in self.archive.namelist():
            if name.startswith(f"log/{prefix}"):
                yield name.removeprefix("log/")

    def __contains__(self, name: str) -> bool:
        return f"log/{name}" in self.archive.NameToInfo


def _opened(place: Path) -> _Files:
    if place.is_dir():
        return _Folder(place / "log" if (place / "log").is_dir() else place)
    return _Zip(place)


def _head(note: bytes) -> TreeHead:
    return open_checkpoint(note, log_verifier())


def _of_bundles(files: _Files, head: TreeHead) -> Iterator[bytes]:
    tree = merkle.CompactRange()
    for ref in tiles.bundles_at(head.size):
        entries = tiles.decode_bundle(files.read(ref.path))
        if len(entries) != ref.width:
            raise merkle.ProofError(f"{ref.path} holds {len(entries)} entries.")
        for leaf in entries:
            tree.append(merkle.leaf_hash(leaf))
            yield leaf
    _require_root(tree, head)


def _of_list(files: _Files, head: TreeHead) -> Iterator[bytes]:
    tree, hashes = merkle.CompactRange(), bytearray()
    for number in range(-(-head.size // tiles.TILE_WIDTH)):
        width = tiles.width_at(0, number, head.size)
        content = files.read(tiles.TileRef(0, number, width).path)
        if len(content) != width * merkle.HASH_SIZE:
            raise merkle.ProofError(f"Tile {number} holds {len(content)} bytes.")
        hashes += content
    for at in range(0, len(hashes), merkle.HASH_SIZE):
        tree.append(bytes(hashes[at : at + merkle.HASH_SIZE]))
    _require_root(tree, head)
    for line in files.read(_LISTED).split(b"\n")[:-1]:
        index, _space, leaf = line.partition(b" ")
        at = int(index) * merkle.HASH_SIZE if index.isdigit() else len(hashes)
        if merkle.leaf_hash(leaf) != hashes[at : at + merkle.HASH_SIZE]:
            raise merkle.ProofError("An entry of the list does not stand in the log.")
        yield leaf


def _of_proofs(files: _Files) -> Iterator[bytes]:
    log = log_verifier()
    for name in sorted(files.names(_PROOFS)):
        stem, _dot, ending = name.rpartition(".")
        if ending == "entry":
            leaf = files.read(name)
            verify_proof(parse_proof(files.read(f"{stem}.tlog-proof").decode()), leaf, log)
            yield leaf


def _require_root(tree: merkle.CompactRange, head: TreeHead) -> None:
    if (tree.size, tree.root()) != (head.size, head.root):
        raise merkle.ProofError("Its entries are not those that the checkpoint signs.")


def _parsed(leaf: bytes) -> CopiedEntry:
    return cast(CopiedEntry, parse_json(leaf))


def _delete_parts(folder: Path, size: int) -> None:
    for ref in (*tiles.tiles_at(size), *tiles.bundles_at(size)):
        if ref.width == tiles.TILE_WIDTH:
            shutil.rmtree(folder / f"{ref.path}{_PARTIAL}", ignore_errors=True)


def _write(place: Path, content: bytes) -> None:
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.rename(place)
