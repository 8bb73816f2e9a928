"""The stored Merkle tree: hash tiles read from the database, and new ones cut from new leaves."""

from collections import OrderedDict

from workflows.ledger import merkle
from workflows.ledger.merkle import HASH_SIZE
from workflows.ledger.models import LeafHash, Tile
from workflows.ledger.tiles import TILE_WIDTH, width_at

_TILE_HEIGHT = 8
_CACHED_TILES = 512


class TreeError(RuntimeError):
    """Hashes that the log must hold are missing."""


class StoredTree:
    """The tree over the first `size` leaves. Reads O(log size) tiles for a proof and keeps some.

    Rows are only ever added, so what it has read stays true.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._nodes: OrderedDict[tuple[int, int], list[list[bytes]]] = OrderedDict()

    def hashes(self, level: int, index: int) -> list[bytes]:
        """Return the hashes of a tile as it is at this size, full or partial. Raises TreeError."""
        width = width_at(level, index, self.size)
        start = index * TILE_WIDTH
        if width == TILE_WIDTH:
            tile = Tile.objects.filter(level=level, index=index).first()
            hashes = [] if tile is None else cut_hashes(bytes(tile.hashes))
        elif level == 0:
            leaves = LeafHash.objects.filter(index__gte=start, index__lt=start + width)
            rows = leaves.order_by("index").values_list("hash", flat=True)
            hashes = [bytes(leaf_hash) for leaf_hash in rows]
        else:
            below = Tile.objects.filter(level=level - 1, index__gte=start, index__lt=start + width)
            roots = below.order_by("index").values_list("root", flat=True)
            hashes = [bytes(root) for root in roots]
        if len(hashes) != width:
            raise TreeError(f"Tile {index} of level {level} lacks hashes at size {self.size}.")
        return hashes

    def span_root(self, start: int, end: int) -> bytes:
        """Return the root over the leaves `start` to `end` - 1, a span of a proof or the whole."""
        return merkle.fold(
            [self._node(height, at) for height, at in merkle.perfect_subtrees(start, end)]
        )

    def root(self) -> bytes:
        """Return the root of the whole tree."""
        return self.span_root(0, self.size)

    def inclusion_proof(self, index: int) -> list[bytes]:
        """Return the hashes that prove leaf `index` in this tree, the leaf's sibling first."""
        return merkle.inclusion_proof(index, self.size, self.span_root)

    def consistency_proof(self, old: int) -> list[bytes]:
        """Return the hashes that prove that the tree of `old` leaves is a prefix of this one."""
        return merkle.consistency_proof(old, self.size, self.span_root)

    def _node(self, height: int, position: int) -> bytes:
        level, height_in_tile = divmod(height, _TILE_HEIGHT)
        index, place = divmod(position, TILE_WIDTH >> height_in_tile)
        return self._tile_nodes(level, index)[height_in_tile][place]

    def _tile_nodes(self, level: int, index: int) -> list[list[bytes]]:
        """Return the complete nodes inside a tile, by height from 0 (its hashes) upwards."""
        key = (level, index)
        if key in self._nodes:
            self._nodes.move_to_end(key)
            return self._nodes[key]
        nodes = [self.hashes(level, index)]
        while len(nodes[-1]) > 1:
            nodes.append(merkle.parents(nodes[-1]))
        self._nodes[key] = nodes
        if len(self._nodes) > _CACHED_TILES:
            self._nodes.popitem(last=False)
        return nodes


def store_full_tiles(old_size: int, leaf_hashes: list[bytes]) -> None:
    """Store the tiles that become full when these leaves follow a tree of `old_size` leaves."""
    tree = StoredTree(old_size)
    rows: list[Tile] = []
    level, before, added = 0, old_size, leaf_hashes
    while added:
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


def cut_hashes(tile: bytes) -> list[bytes]:
    """Cut the bytes of a tile into its hashes."""
    return [tile[start : start + HASH_SIZE] for start in range(0, len(tile), HASH_SIZE)]
