"""The stored Merkle tree: hash tiles read from the database, and new ones cut from new leaves."""

from collections import OrderedDict
from collections.abc import Iterable

from django.db import connection

from workflows.ledger import merkle
from workflows.ledger.merkle import HASH_SIZE, Span
from workflows.ledger.models import Tile
from workflows.ledger.tiles import TILE_WIDTH, width_at

_TILE_HEIGHT = 8
_CACHED_TILES = 512

# The hashes of several tiles, each in one value: a full tile is stored, the hashes of a partial one
# are the leaves' or the roots one level down. Where one is missing the value is too short.
_READ = """
SELECT wanted.level, wanted.index, CASE
    WHEN wanted.width = %s THEN (
        SELECT tile.hashes FROM ledger_tile AS tile
        WHERE tile.level = wanted.level AND tile.index = wanted.index
    )
    WHEN wanted.level = 0 THEN (
        SELECT string_agg(leaf.hash, '' ORDER BY leaf.index) FROM ledger_leafhash AS leaf
        WHERE leaf.index >= wanted.start AND leaf.index < wanted.start + wanted.width
    )
    ELSE (
        SELECT string_agg(tile.root, '' ORDER BY tile.index) FROM ledger_tile AS tile
        WHERE tile.level = wanted.level - 1
        AND tile.index >= wanted.start AND tile.index < wanted.start + wanted.width
    )
END
FROM unnest(%s::integer[], %s::bigint[], %s::bigint[], %s::integer[])
    AS wanted (level, index, start, width)
"""

# Level and index.
_TileKey = tuple[int, int]


class TreeError(RuntimeError):
    """Hashes that the log must hold are missing."""


class StoredTree:
    """The tree over the first `size` leaves. A proof takes one statement, for O(log size) tiles.

    Rows are only ever added, so what it has read stays true; some of it is kept.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._nodes: OrderedDict[_TileKey, list[list[bytes]]] = OrderedDict()

    def hashes(self, level: int, index: int) -> list[bytes]:
        """Return the hashes of a tile as it is at this size, full or partial. Raises TreeError."""
        ((_, hashes),) = self._read([(level, index)])
        return hashes

    def span_root(self, start: int, end: int) -> bytes:
        """Return the root over the leaves `start` to `end` - 1, a span of a proof or the whole."""
        self._load([(start, end)])
        return merkle.fold(
            [self._node(height, at) for height, at in merkle.perfect_subtrees(start, end)]
        )

    def root(self) -> bytes:
        """Return the root of the whole tree."""
        return self.span_root(0, self.size)

    def inclusion_proof(self, index: int) -> list[bytes]:
        """Return the hashes that prove leaf `index` in this tree, the leaf's sibling first."""
        self._load(merkle.inclusion_path(index, self.size))
        return merkle.inclusion_proof(index, self.size, self.span_root)

    def consistency_proof(self, old: int) -> list[bytes]:
        """Return the hashes that prove that the tree of `old` leaves is a prefix of this one."""
        self._load(merkle.consistency_path(old, self.size))
        return merkle.consistency_proof(old, self.size, self.span_root)

    def continuation(self, old: int) -> tuple[bytes, list[bytes]]:
        """Return the root and the proof from `old` leaves, both from what one statement read."""
        self._load([(0, self.size), *merkle.consistency_path(old, self.size)])
        return self.root(), self.consistency_proof(old)

    def _load(self, spans: Iterable[Span]) -> None:
        """Read what the roots of some spans follow from, unless it is known."""
        keys = {
            _tile_of(height, at) for span in spans for height, at in merkle.perfect_subtrees(*span)
        }
        for key in keys & self._nodes.keys():
            self._nodes.move_to_end(key)
        for key, hashes in self._read(sorted(keys - self._nodes.keys())):
            # The complete nodes inside the tile, by height from 0 (its hashes) upwards.
            nodes = [hashes]
            while len(nodes[-1]) > 1:
                nodes.append(merkle.parents(nodes[-1]))
            self._nodes[key] = nodes
        while len(self._nodes) > _CACHED_TILES:
            self._nodes.popitem(last=False)

    def _node(self, height: int, position: int) -> bytes:
        height_in_tile = height % _TILE_HEIGHT
        place = position % (TILE_WIDTH >> height_in_tile)
        return self._nodes[_tile_of(height, position)][height_in_tile][place]

    def _read(self, keys: list[_TileKey]) -> Iterable[tuple[_TileKey, list[bytes]]]:
        if not keys:
            return
        levels, indexes = [level for level, _ in keys], [index for _, index in keys]
        starts = [index * TILE_WIDTH for index in indexes]
        widths = [width_at(level, index, self.size) for level, index in keys]
        with connection.cursor() as cursor:
            cursor.execute(_READ, [TILE_WIDTH, levels, indexes, starts, widths])
            found = {(level, index): tile or b"" for level, index, tile in cursor.fetchall()}
        for key, width in zip(keys, widths, strict=True):
            hashes = split_tile(bytes(found[key]))
            if len(hashes) != width:
                raise TreeError(
                    f"Tile {key[1]} of level {key[0]} lacks hashes at size {self.size}."
                )
            yield key, hashes


def _tile_of(height: int, position: int) -> _TileKey:
    """Return level and index of the tile that holds a node."""
    level, height_in_tile = divmod(height, _TILE_HEIGHT)
    return level, position // (TILE_WIDTH >> height_in_tile)


def store_full_tiles(old_size: int, leaf_hashes: list[bytes]) -> None:
    """Store the tiles that become full when these leaves follow a tree of `old_size` leaves."""
    tree = StoredTree(old_size)
    rows: list[Tile] = []
    level, before, added = 0, old_size, leaf_hashes
    # At the first level at which no tile becomes full nothing needs to be read either.
    while before % TILE_WIDTH + len(added) >= TILE_WIDTH:
        first, width = divmod(before, TILE_WIDTH)
        hashes = (tree.hashes(level, first) if width else []) + added
        full = [
            hashes[start : start + TILE_WIDTH]
            for start in range(0, len(hashes) - TILE_WIDTH + 1, TILE_WIDTH)
        ]
        added = [merkle.root(tile) for tile in full]
        rows += [
            Tile(level=level, index=first + offset, hashes=b"".join(tile), root=root)
            for offset, (tile, root) in enumerate(zip(full, added, strict=True))
        ]
        # A level up there was one hash for each tile that was full before.
        level, before = level + 1, first
    Tile.objects.bulk_create(rows)


def split_tile(tile: bytes) -> list[bytes]:
    """Cut the bytes of a tile into its hashes."""
    return [tile[start : start + HASH_SIZE] for start in range(0, len(tile), HASH_SIZE)]
