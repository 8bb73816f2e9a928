"""Merkle tree arithmetic of RFC 6962 and RFC 9162, section 2.1, with SHA-256. No Django.

A hash is 32 bytes. A tree over `size` leaves splits at the largest power of two below `size`;
an odd leaf is carried up, never doubled. A *span* is the half-open range `(start, end)` of
leaf indices under one node. Proofs are described as lists of spans first, so that whoever holds
the hashes (a list in a test, tiles in the database) only has to answer "root of this span?".
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from hashlib import sha256

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()

Span = tuple[int, int]
SpanRoot = Callable[[int, int], bytes]


class ProofError(ValueError):
    """A proof does not show what it claims to show; the message says why."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash of one entry: SHA-256(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def root(hashes: Sequence[bytes]) -> bytes:
    """Root of the tree over these leaf hashes, or over whole subtrees of one height."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        # An odd node is carried up; this gives the same tree as the recursive rule.
        level = parents(level) + level[len(level) // 2 * 2 :]
    return level[0]


def parents(nodes: Sequence[bytes]) -> list[bytes]:
    """Return the hashes one level up; an odd node at the end has none yet."""
    return [node_hash(left, right) for left, right in zip(nodes[::2], nodes[1::2], strict=False)]


def split(size: int) -> int:
    """Return how many leaves go left: the largest power of two below `size` (2 or more)."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_path(index: int, size: int) -> list[Span]:
    """Spans whose roots prove leaf `index` in a tree of `size` leaves, the leaf's sibling first.

    Raises ValueError when the leaf is not in that tree.
    """
    if not 0 <= index < size:
        raise ValueError(f"Leaf {index} is not in a tree of {size} leaves.")
    start, end = 0, size
    spans: list[Span] = []
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    return spans[::-1]


def consistency_path(old: int, new: int) -> list[Span]:
    """Spans whose roots prove that the tree of `old` leaves is a prefix of that of `new` leaves.

    The order is that of RFC 6962 section 2.1.2. Nothing needs proving from an empty tree or
    between equal sizes: the list is empty. Raises ValueError when `old` is beyond `new`.
    """
    if not 0 <= old <= new:
        raise ValueError(f"A tree of {old} leaves cannot be a prefix of one of {new}.")
    if old == 0:
        return []
    start, end = 0, new
    spans: list[Span] = []
    while end != old:
        middle = start + split(end - start)
        if old <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    # The verifier already holds the old root: it is left out when it is itself a node.
    if start > 0:
        spans.append((start, end))
    return spans[::-1]


def inclusion_proof(index: int, size: int, span_root: SpanRoot) -> list[bytes]:
    """Hashes that prove leaf `index` in a tree of `size` leaves, the leaf's sibling first."""
    return [span_root(*span) for span in inclusion_path(index, size)]


def consistency_proof(old: int, new: int, span_root: SpanRoot) -> list[bytes]:
    """Hashes that prove that the tree of `old` leaves is a prefix of that of `new` leaves."""
    return [span_root(*span) for span in consistency_path(old, new)]


def perfect_subtrees(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Split a span into complete subtrees, left to right, as (height, position at that height).

    `start` must be a node boundary, as in every span of a proof. Their roots, folded from the
    right, give the root of the span.
    """
    while start < end:
        height = (end - start).bit_length() - 1
        yield height, start >> height
        start += 1 << height


def fold(hashes: Sequence[bytes]) -> bytes:
    """Root over complete subtrees of falling height, left to right; EMPTY_ROOT for none."""
    if not hashes:
        return EMPTY_ROOT
    return reduce(lambda right, left: node_hash(left, right), reversed(hashes))


@dataclass
class CompactRange:
    """A growing tree of which only the roots of its complete subtrees are kept (log2 n hashes)."""

    size: int = 0
    nodes: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash on the right."""
        node, rest = leaf, self.size
        while rest & 1:
            node = node_hash(self.nodes.pop(), node)
            rest >>= 1
        self.nodes.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Root of the tree over all leaves so far."""
        return fold(self.nodes)


def verify_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], tree_root: bytes
) -> None:
    """Check that the leaf hash `leaf` is at `index` in the tree of `size` leaves with `tree_root`.

    Raises ProofError.
    """
    if not 0 <= index < size:
        raise ProofError(f"Leaf {index} is not in a tree of {size} leaves.")
    path = inclusion_path(index, size)
    _require_hashes([leaf, *proof], len(path) + 1)
    computed = leaf
    for (start, _), sibling in zip(path, proof, strict=True):
        on_the_left = start < index
        computed = node_hash(sibling, computed) if on_the_left else node_hash(computed, sibling)
    if computed != tree_root:
        raise ProofError("The inclusion proof does not lead to the root of the tree.")


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the tree of `old` leaves is a prefix of that of `new` leaves.

    From an empty tree nothing can be proved: `old` = 0 is refused. Raises ProofError.
    """
    if not 0 <= old <= new:
        raise ProofError(f"A tree of {old} leaves cannot be a prefix of one of {new}.")
    if old == 0:
        raise ProofError("Consistency with an empty tree proves nothing.")
    path = consistency_path(old, new)
    _require_hashes(proof, len(path))
    computed_old = computed_new = old_root
    for (_, end), node in zip(path, proof, strict=True):
        if end == old:
            # The last complete subtree of the old tree, where both roots start from.
            computed_old = computed_new = node
        elif end < old:
            computed_old = node_hash(node, computed_old)
            computed_new = node_hash(node, computed_new)
        else:
            computed_new = node_hash(computed_new, node)
    if computed_old != old_root:
        raise ProofError("The consistency proof does not lead to the old root.")
    if computed_new != new_root:
        raise ProofError("The consistency proof does not lead to the new root.")


def _require_hashes(hashes: Sequence[bytes], count: int) -> None:
    if len(hashes) != count:
        raise ProofError("The proof has too few or too many hashes for these sizes.")
    if any(len(value) != HASH_SIZE for value in hashes):
        raise ProofError(f"A hash must have {HASH_SIZE} bytes.")
