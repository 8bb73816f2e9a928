"""The Go program of docs/verify.md, as printed there, accepts our exports and refuses changed ones.

Its packages `golang.org/x/mod/sumdb/note` and `tlog` are those of the Go project. Where Go or their
source is missing, these tests are left out and say so.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

SOURCES = Path("/usr/share/gocode")
NO_GO = (
    "TESTS IN GO LEFT OUT: no Go here"
    " (Debian: apt-get install --no-install-recommends golang-go golang-golang-x-mod-dev)"
)
pytestmark = pytest.mark.skipif(
    shutil.which("go") is None or not (SOURCES / "src/golang.org/x/mod/sumdb/tlog").exists(),
    reason=NO_GO,
)


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The program, built once from the page."""
    folder = tmp_path_factory.mktemp("go")
    page = (settings.BASE_DIR / "docs" / "verify.md").read_text()
    (folder / "main.go").write_text(re.search(r"```go\n(.*?)```", page, re.DOTALL)[1])
    places = {"GOPATH": str(SOURCES), "GOCACHE": str(folder / "cache"), "GOFLAGS": ""}
    environment = os.environ | places | {"GO111MODULE": "off"}
    subprocess.run(
        ["go", "build", "-o", "check", "main.go"], cwd=folder, env=environment, check=True
    )
    return folder / "check"


@pytest.fixture
def check(program, world, tmp_path):
    """Write files and run the program on some of them; return what it says."""

    def run(files, what, *names, vkey=world.vkey):
        shutil.rmtree(tmp_path)
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content)
        done = subprocess.run(
            [program, vkey, what, *names],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode == 0) == (done.stdout == "OK\n")
        return done.stdout.strip() or done.stderr.strip()

    return run


def flipped(content, place):
    """Return the bytes with one bit of one byte changed."""
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def proof(index):
    return f"log/proofs/{index}.tlog-proof", f"log/proofs/{index}.entry"


def test_every_proof_of_a_scoped_export_holds(check, world):
    names = [name for name in world.china if name.endswith(".tlog-proof")]
    assert names
    for name in names:
        assert check(world.china, "proof", name, name.replace(".tlog-proof", ".entry")) == "OK"


def test_a_proof_holds_for_its_entry_its_place_and_its_signed_root_alone(check, world):
    first, entry = proof(0)
    assert check(world.china, "proof", first, proof(1)[1]).endswith("invalid transparency proof")
    text = world.china[first]
    size = b"\n%d\n" % int(world.china["log/checkpoint"].split(b"\n")[1])
    for changed, fault in (
        ({entry: flipped(world.china[entry], 20)}, "invalid transparency proof"),
        ({first: text.replace(b"index 0\n", b"index 1\n")}, "invalid transparency proof"),
        ({first: text.replace(size, size[:-1] + b"0\n")}, "invalid signature for key"),
    ):
        assert fault in check({**world.china, **changed}, "proof", first, entry)
    other = world.vkey.replace("+", "x+", 1)
    assert check(world.china, "proof", first, entry, vkey=other).endswith("invalid verifier hash")


def test_the_log_continues_the_checkpoint_that_was_kept_and_no_other(check, world):
    kept = world.first["log/checkpoint"]
    old, new = (
        int(files["log/checkpoint"].split(b"\n")[1]) for files in (world.first, world.china)
    )
    name = f"log/consistency/{old}-{new}"
    files = {**world.china, "kept": kept}
    assert check(files, "consistency", name, "kept") == "OK"
    assert "the kept checkpoint of size" in check(files, "consistency", name, "log/checkpoint")
    changed = re.sub(rb"\n(.{43}=)\n", b"\n" + b"A" * 43 + b"=\n", world.china[name], count=1)
    assert "invalid transparency proof" in check(
        {**files, name: changed}, "consistency", name, "kept"
    )


def test_all_tiles_and_entries_of_a_large_export_hold(check, world):
    assert check(world.packed, "tiles", "log", "log/entries.txt") == "OK"


def test_one_changed_bit_of_a_tile_or_an_entry_is_found(check, world):
    entries = "log/entries.txt"
    tile = next(name for name in world.packed if name.startswith("log/tile/0/"))
    changed = {**world.packed, tile: flipped(world.packed[tile], 40)}
    assert "not those of the checkpoint" in check(changed, "tiles", "log", entries)
    changed = {**world.packed, entries: flipped(world.packed[entries], 30)}
    assert "another entry than the one in the log" in check(changed, "tiles", "log", entries)
    beyond = b"99999 " + world.packed[entries].partition(b" ")[2]
    changed = {**world.packed, entries: beyond}
    assert "no such entry" in check(changed, "tiles", "log", entries)
