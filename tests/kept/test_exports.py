"""Exports of older portals verify with the verifier of today, and with tools that are not ours."""

import subprocess
import sys
import zipfile

import pytest
from tlog_scales import signing, tlog
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader

from tests.evidence import openssl
from tests.exports import VERIFIER, reseal
from tests.kept.kept import VERSIONS, keys_of
from workflows.ledger.checkpoints import parse_proof
from workflows.ledger.merkle import leaf_hash

EXPORTS = ("uk.zip", "uk-tiles.zip", "log.zip")


@pytest.fixture(params=VERSIONS, ids=lambda folder: folder.name)
def old(request):
    return request.param


def read(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def verify(program, path, old, *more):
    """Run a verifier as a stranger would; return its exit code and what it says."""
    keys = keys_of(old)
    options = ["--vkey", keys["vkey"], "--previous", old / "first.checkpoint"]
    command = [sys.executable, "-I", "-S", program, path, *options, *more]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.mark.parametrize("name", EXPORTS)
def test_the_verifier_of_today_accepts_it(name, old):
    code, said = verify(VERIFIER, old / name, old, "--witness", keys_of(old)["witness"])
    assert (code, said[:3]) == (0, "OK\n"), said


def test_the_verifier_of_today_finds_the_request_of_a_receipt_in_it(old):
    key = keys_of(old)["receipt-vkey"]
    receipt = ("--receipt", old / "uk.receipt", "--receipt-vkey", key)
    code, said = verify(VERIFIER, old / "uk.zip", old, *receipt)
    assert (code, said[:3]) == (0, "OK\n"), said


@pytest.mark.parametrize("name", EXPORTS)
def test_its_own_verifier_still_runs(name, old, tmp_path):
    folder = write(tmp_path, read(old / name))
    code, said = verify(folder / "verify.py", folder, old)
    assert (code, said[:3]) == (0, "OK\n"), said


@pytest.mark.parametrize("name", EXPORTS)
@pytest.mark.parametrize("sealed", [False, True])
def test_one_changed_byte_of_the_log_in_it_is_found(name, sealed, old, tmp_path):
    """Also where the hashes in the manifest were brought up to date."""
    files = read(old / name)
    entries = ("log/proofs/", "log/entries.txt", "log/tile/entries/")
    changed = next(n for n in sorted(files) if n.startswith(entries) and "tlog-proof" not in n)
    files[changed] = files[changed].replace(b'"actor"', b'"actos"', 1)
    if sealed:
        reseal(files)
    code, said = verify(VERIFIER, write(tmp_path, files), old)
    assert (code, said[:6]) == (1, "FAULT:"), said


def test_tlog_scales_reads_the_whole_log_and_comes_to_the_signed_root(old, tmp_path):
    folder = write(tmp_path, read(old / "log.zip")) / "log"
    reader = TilesReader(LocalBackend(folder))
    head = reader.get_checkpoint()
    head.verify(signing.Vkey.from_string(keys_of(old)["vkey"]))
    assert reader.calculate_root_hash() == head.root_hash
    assert b'"name":"' in reader.get_entry(head.size - 1)


def test_tlog_scales_holds_each_proof_against_its_entry(old):
    files = read(old / "uk.zip")
    vkey = signing.Vkey.from_string(keys_of(old)["vkey"])
    names = [name for name in files if name.endswith(".tlog-proof")]
    assert len(names) > 50
    for name in names:
        proof = parse_proof(files[name].decode())
        head = tlog.Checkpoint.from_text(proof.checkpoint)
        head.verify(vkey)
        leaf = leaf_hash(files[name.replace(".tlog-proof", ".entry")])
        tlog.InclusionProof(proof.index, head.size, list(proof.hashes)).check(leaf, head.root_hash)


def test_openssl_accepts_its_timestamps(old, tmp_path):
    folder = write(tmp_path, read(old / "uk.zip"))
    stamps = sorted((folder / "log" / "timestamps").glob("*.tsr"))
    assert stamps
    for stamp in stamps:
        note, roots = stamp.with_suffix(".checkpoint"), old / "authority.pem"
        said = openssl("ts", "-verify", "-in", stamp, "-data", note, "-CAfile", roots)
        assert b"Verification: OK" in said
