"""An independent reader, the package tlog-scales, accepts the log and agrees on every proof.

It reads leniently (it takes "08" for a size, or bytes after the last entry of a bundle), so the
files it is given are first held against their exact form.
"""

import re
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import transaction
from tlog_scales import signing, tlog
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader

from tests.workflows.ledger.reading import decode_bundle
from workflows.common import signed_note
from workflows.ledger import append, checkpoints, keys, merkle, selectors, sequencer, tiles

SIZES = [0, 1, 2, 255, 256, 257, 511, 512, 513, 700]


@pytest.fixture
def log(db, write_once):
    write_once(build)


def build():
    with transaction.atomic():
        for number in range(SIZES[-1]):
            append.append(name="case.viewed", role="reviewer", facts={"number": number})
    for before, size in zip([0, *SIZES], SIZES, strict=False):
        sequencer.sequence(size - before)


def write(folder, size):
    """Write the files of the log at one checkpoint, each held against its exact form."""
    files = {"checkpoint": selectors.checkpoint_at(size).note.encode()}
    assert signed_note.parse_note(files["checkpoint"]).format().encode() == files["checkpoint"]
    for path, body in selectors.iter_hash_tiles(size):
        assert len(body) == 32 * tiles.parse_path(path).width
        files[path] = body
    for path, body in selectors.iter_entry_bundles(size):
        entries = decode_bundle(body)
        assert len(entries) == tiles.parse_path(path).width
        assert tiles.encode_bundle(entries) == body
        files[path] = body
    for path, body in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(body)
    return TilesReader(LocalBackend(folder))


def test_it_verifies_every_checkpoint_from_its_files(log, tmp_path):
    vkey = signing.Vkey.from_string(keys.log_vkey())
    assert vkey.serialize() == keys.log_vkey()
    for size in SIZES:
        reader = write(tmp_path / str(size), size)
        head = reader.get_checkpoint()
        head.verify(vkey)
        assert (head.origin, head.size) == (vkey.name, size)
        assert reader.calculate_root_hash() == head.root_hash
        assert head.serialize() == selectors.checkpoint_at(size).note


def test_it_reads_every_entry_and_agrees_on_every_inclusion_proof(log, tmp_path):
    reader = write(tmp_path, 700)
    head = reader.get_checkpoint()
    for index, event in selectors.iter_entries(0, 700):
        assert reader.get_entry(index) == event.leaf
    for index in [*range(0, 700, 37), 255, 256, 511, 512, 699]:
        theirs = reader.get_inclusion_proof(index, 700)
        assert theirs.node_hashes == selectors.inclusion_proof(index, 700)
        leaf = merkle.leaf_hash(selectors.entry(index).leaf)
        tlog.InclusionProof(index, 700, selectors.inclusion_proof(index, 700)).check(
            leaf, head.root_hash
        )


def test_it_agrees_on_the_consistency_of_all_checkpoints(log, tmp_path):
    reader = write(tmp_path, 700)
    reader.get_checkpoint()
    heads = {size: selectors.checkpoint_at(size).root for size in SIZES}
    for old in SIZES[1:]:
        for new in [size for size in SIZES if size >= old]:
            theirs = reader.get_consistency_proof(old, new)
            assert theirs.node_hashes == selectors.consistency_proof(old, new)
            theirs.check(heads[old], heads[new])


@pytest.mark.stack
def test_the_program_in_the_documentation_verifies_the_log(log, tmp_path):
    page = (settings.BASE_DIR / "docs" / "verify.md").read_text()
    program = tmp_path / "check_log.py"
    program.write_text(re.search(r"```python\n(.*?)```", page, re.DOTALL)[1])
    write(tmp_path / "log", 700)
    kept = tmp_path / "kept"
    kept.write_text(selectors.checkpoint_at(255).note)

    def run():
        arguments = [sys.executable, program, tmp_path / "log", keys.log_vkey(), kept]
        return subprocess.run(arguments, check=False, capture_output=True, text=True)

    root = selectors.checkpoint_at(700).root.hex()
    assert run().stdout.splitlines() == [f"continues {kept}", f"OK 700 {root}"]
    bundle = tmp_path / "log" / "tile" / "entries" / "001"
    bundle.write_bytes(bundle.read_bytes().replace(b"reviewer", b"approver", 1))
    assert "InclusionProofInvalid" in run().stderr


def test_it_verifies_the_cosignature_that_we_verify():
    origin = "cases.example.org/log/2026"
    root = bytes.fromhex("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")
    log = signed_note.Signer(origin, bytes(range(32)))
    text = checkpoints.TreeHead(origin, 8, root).format()
    witness_line = "\u2014 witness.example.net/w1 ZpvilAAAAABqGKUApwW8eOtQUMMgd9cSBW6+ahQjUEMIXHA5IbDY+lxNZraUqnTYxOgMKizmb+9HRV70m1hwd0RH8y0vkm2AIXxfBQ==\n"
    witness_vkey = "witness.example.net/w1+669be294+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X"
    cosigned = log.sign(text) + witness_line
    head = tlog.Checkpoint.from_text(cosigned)
    for vkey in (log.verifier.vkey, witness_vkey):
        head.verify(signing.Vkey.from_string(vkey))
        signed_note.open_note(cosigned, [signed_note.Verifier.from_vkey(vkey)])
