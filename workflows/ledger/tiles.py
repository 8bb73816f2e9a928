"""Tiles and entry bundles of c2sp.org/tlog-tiles: paths, widths, encoding. No Django.

A hash tile holds up to 256 hashes of one level: level 0 the leaf hashes, level L + 1 the roots of
the full tiles of level L. A bundle holds up to 256 entries, each with its length in two bytes,
big-endian. Only the last tile of a level may be partial; its width then stands in its path.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

TILE_WIDTH = 256
MAX_LEVEL = 63
MAX_ENTRY_BYTES = 65_535

_LENGTH_BYTES = 2
_GROUP = 1000
_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


class TileError(ValueError):
    """A tile path is malformed, or an entry is too long for its bundle."""


@dataclass(frozen=True)
class TileRef:
    """Names one tile; `level` None means an entry bundle. `width` counts hashes or entries."""

    level: int | None
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Return the path below the log's address, such as `tile/0/x001/x234/067.p/5`."""
        level = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{_index_path(self.index)}{partial}"


def parse_path(path: str) -> TileRef:
    """Read a path in its one canonical spelling. Raises TileError."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise TileError(f"{path!r} is not the path of a tile.")
    level = None if match["level"] == "entries" else int(match["level"])
    index = int(match["index"].replace("x", "").replace("/", ""))
    ref = TileRef(level, index, int(match["width"] or TILE_WIDTH))
    if ref.path != path or (level or 0) > MAX_LEVEL or ref.width > TILE_WIDTH:
        raise TileError(f"{path!r} is not the path of a tile.")
    return ref


def width_at(level: int, index: int, size: int) -> int:
    """How many hashes tile `index` of `level` holds in a log of `size` leaves (0 to 256)."""
    return max(0, min(TILE_WIDTH, (size >> (8 * level)) - index * TILE_WIDTH))


def tiles_at(size: int) -> Iterator[TileRef]:
    """Yield every hash tile of a log of `size` leaves, level by level, left to right."""
    level, hashes = 0, size
    while hashes:
        full, partial = divmod(hashes, TILE_WIDTH)
        yield from (TileRef(level, index) for index in range(full))
        if partial:
            yield TileRef(level, full, partial)
        level, hashes = level + 1, full


def bundles_at(size: int) -> Iterator[TileRef]:
    """Yield every entry bundle of a log of `size` leaves, left to right."""
    full, partial = divmod(size, TILE_WIDTH)
    yield from (TileRef(None, index) for index in range(full))
    if partial:
        yield TileRef(None, full, partial)


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Join entries, each after its length. Raises TileError for one that is too long."""
    if any(len(entry) > MAX_ENTRY_BYTES for entry in entries):
        raise TileError(f"An entry has at most {MAX_ENTRY_BYTES} bytes.")
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES) + entry for entry in entries)


def decode_bundle(content: bytes) -> list[bytes]:
    """Undo `encode_bundle`. Raises TileError for a bundle that breaks off."""
    entries, at = [], 0
    while at < len(content):
        start = at + _LENGTH_BYTES
        end = start + int.from_bytes(content[at:start])
        if start > len(content) or end > len(content):
            raise TileError("The bundle breaks off.")
        entries.append(content[start:end])
        at = end
    return entries


def _index_path(index: int) -> str:
    groups = [f"{index % _GROUP:03d}"]
    while index >= _GROUP:
        index //= _GROUP
        groups.append(f"x{index % _GROUP:03d}")
    return "/".join(reversed(groups))
