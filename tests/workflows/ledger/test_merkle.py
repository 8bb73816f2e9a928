"""The tree: known answers, the vectors of transparency-dev/merkle, and what must always hold."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.ledger import merkle
from workflows.ledger.merkle import CompactRange, ProofError

LEAVES = [
    bytes.fromhex(leaf)
    for leaf in [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
N01 = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
N23 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
N03 = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
N47 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
N67 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
L0 = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
L1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
L4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
INCLUSION = [
    (0, 1, []),
    (0, 8, [L1, N23, N47]),
    (5, 8, [L4, N67, N03]),
    (2, 3, [N01]),
    (1, 5, [L0, N23, L4]),
]
CONSISTENCY = [
    (1, 1, []),
    (1, 8, [L1, N23, N47]),
    (6, 8, ["0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a", N67, N03]),
    (2, 5, [N23, L4]),
    (4, 7, ["837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e"]),
]
VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text())
HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]

sizes = st.integers(1, 600)


def leaf_hashes(count):
    return [merkle.leaf_hash(str(number).encode()) for number in range(count)]


def span_root(hashes):
    return lambda start, end: merkle.root(hashes[start:end])


def recursive_root(hashes):
    """The definition of RFC 6962, word for word."""
    if len(hashes) <= 1:
        return hashes[0] if hashes else merkle.EMPTY_ROOT
    k = merkle.split(len(hashes))
    return merkle.node_hash(recursive_root(hashes[:k]), recursive_root(hashes[k:]))


@pytest.mark.parametrize("size", range(9))
def test_known_roots(size):
    assert merkle.root(HASHES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize("size", range(9))
def test_a_growing_tree_has_the_known_roots(size):
    tree = CompactRange()
    for value in HASHES[:size]:
        tree.append(value)
    assert (tree.size, tree.root().hex()) == (size, ROOTS[size])


@pytest.mark.parametrize(("index", "size", "expected"), INCLUSION)
def test_known_inclusion_proofs(index, size, expected):
    proof = merkle.inclusion_proof(index, size, span_root(HASHES))
    assert [value.hex() for value in proof] == expected
    merkle.verify_inclusion(index, size, HASHES[index], proof, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("old", "new", "expected"), CONSISTENCY)
def test_known_consistency_proofs(old, new, expected):
    proof = merkle.consistency_proof(old, new, span_root(HASHES))
    assert [value.hex() for value in proof] == expected
    merkle.verify_consistency(old, new, bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new]), proof)


def test_all_vectors_are_here():
    assert (len(VECTORS["inclusion"]), len(VECTORS["consistency"])) == (98, 98)


@pytest.mark.parametrize("vector", VECTORS["inclusion"], ids=lambda vector: vector["name"])
def test_inclusion_vectors(vector):
    def verify():
        merkle.verify_inclusion(
            vector["leafIdx"],
            vector["treeSize"],
            base64.b64decode(vector["leafHash"]),
            [base64.b64decode(value) for value in vector["proof"]],
            base64.b64decode(vector["root"]),
        )

    if vector["wantErr"]:
        with pytest.raises(ProofError):
            verify()
    else:
        verify()


@pytest.mark.parametrize("vector", VECTORS["consistency"], ids=lambda vector: vector["name"])
def test_consistency_vectors(vector):
    def verify():
        merkle.verify_consistency(
            vector["size1"],
            vector["size2"],
            base64.b64decode(vector["root1"]),
            base64.b64decode(vector["root2"]),
            [base64.b64decode(value) for value in vector["proof"]],
        )

    if vector["wantErr"]:
        with pytest.raises(ProofError):
            verify()
    else:
        verify()


@given(sizes)
def test_every_way_to_the_root_agrees(size):
    hashes = leaf_hashes(size)
    tree = CompactRange()
    for value in hashes:
        tree.append(value)
    perfect = [
        merkle.root(hashes[position << height : (position + 1) << height])
        for height, position in merkle.perfect_subtrees(0, size)
    ]
    assert merkle.root(hashes) == recursive_root(hashes) == tree.root() == merkle.fold(perfect)


@given(sizes, st.data())
def test_each_leaf_is_proved_and_no_other(size, data):
    index = data.draw(st.integers(0, size - 1))
    hashes = leaf_hashes(size)
    proof = merkle.inclusion_proof(index, size, span_root(hashes))
    merkle.verify_inclusion(index, size, hashes[index], proof, merkle.root(hashes))
    with pytest.raises(ProofError):
        merkle.verify_inclusion(index, size, merkle.leaf_hash(b"other"), proof, merkle.root(hashes))


@given(sizes, sizes, st.data())
def test_a_prefix_is_proved_and_a_rewritten_one_is_not(one, other, data):
    old, new = sorted((one, other))
    hashes = leaf_hashes(new)
    proof = merkle.consistency_proof(old, new, span_root(hashes))
    new_root = merkle.root(hashes)
    merkle.verify_consistency(old, new, merkle.root(hashes[:old]), new_root, proof)
    changed = data.draw(st.integers(0, old - 1))
    rewritten = [*hashes[:changed], merkle.leaf_hash(b"other"), *hashes[changed + 1 : old]]
    with pytest.raises(ProofError):
        merkle.verify_consistency(old, new, merkle.root(rewritten), new_root, proof)


@given(sizes, st.data())
def test_a_flipped_bit_anywhere_in_a_proof_shows(size, data):
    index = data.draw(st.integers(0, size - 1))
    hashes = leaf_hashes(size)
    proof = merkle.inclusion_proof(index, size, span_root(hashes))
    if not proof:
        return
    place = data.draw(st.integers(0, len(proof) - 1))
    bit = data.draw(st.integers(0, 255))
    flipped = int.from_bytes(proof[place]) ^ (1 << bit)
    proof[place] = flipped.to_bytes(32)
    with pytest.raises(ProofError):
        merkle.verify_inclusion(index, size, hashes[index], proof, merkle.root(hashes))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_a_leaf_outside_the_tree_has_no_proof(index, size):
    with pytest.raises(ValueError, match="not in a tree"):
        merkle.inclusion_path(index, size)


@pytest.mark.parametrize(("old", "new"), [(4, 3), (-1, 3)])
def test_a_larger_tree_is_no_prefix(old, new):
    with pytest.raises(ValueError, match="cannot be a prefix"):
        merkle.consistency_path(old, new)


def test_consistency_from_the_empty_tree_needs_no_hashes():
    assert merkle.consistency_path(0, 5) == []


@pytest.mark.parametrize("proof", [[], [bytes(31)], [bytes(32), bytes(32)]])
def test_a_proof_with_wrong_hashes_is_refused(proof):
    with pytest.raises(ProofError):
        merkle.verify_inclusion(0, 2, HASHES[0], proof, merkle.root(HASHES[:2]))


@pytest.mark.parametrize("size", [2**40, 2**62 - 1])
def test_paths_stay_short_in_a_huge_tree(size):
    assert len(merkle.inclusion_path(size // 3, size)) <= size.bit_length()
    assert len(merkle.consistency_path(size // 3, size)) <= size.bit_length() + 1
