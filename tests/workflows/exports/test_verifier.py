"""The stand-alone verifier accepts what the portal exports, and says what it could not check."""

import ast
import json
import os
import subprocess
import sys

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.exports import VERIFIER, pack, reseal
from workflows.common.signed_note import Signer
from workflows.ledger import merkle
from workflows.ledger.canonical import commit
from workflows.ledger.checkpoints import TreeHead


def run_alone(*arguments):
    """Run the file as a stranger would: no site packages, no environment, another folder."""
    return subprocess.run(
        [sys.executable, "-I", "-S", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={},
    )


def unpack_to(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def test_it_runs_alone_on_a_zip(world, tmp_path):
    path = tmp_path / "export.zip"
    path.write_bytes(pack(world.china))
    kept = tmp_path / "kept"
    kept.write_bytes(world.first["log/checkpoint"])
    done = run_alone(VERIFIER, path, "--vkey", world.vkey, "--previous", kept)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "OK"
    assert "  register CN: all 8 requests accounted for" in lines
    assert "  8 cases shown, 0 not shown by the filters" in lines
    assert "  1 contents not shown: erased" not in lines
    assert not [line for line in lines if "--vkey" in line or "--previous" in line]


def test_the_copy_inside_an_unpacked_export_verifies_the_folder_it_lies_in(world, tmp_path):
    unpack_to(tmp_path, world.china)
    done = run_alone(tmp_path / "verify.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert "pass --vkey" in done.stdout
    assert "pass --previous" in done.stdout
    (tmp_path / "events.csv").write_bytes(b"")
    done = run_alone(tmp_path / "verify.py")
    assert done.returncode == 1
    assert done.stdout.startswith("FAULT: events.csv was changed")


def test_no_ok_is_printed_before_the_whole_report_is_made(world, verifier, verify, monkeypatch):
    deep = {}
    for _level in range(2000):
        deep = {"a": deep}

    def verified(export):
        export.size, export.root = 1, b""
        export.facts = {"bundle": "one", "regime": "CN", "filters": {"case": deep}}

    monkeypatch.setattr(verifier.Export, "verify", verified)
    code, output = verify(world.china)
    assert (code, output[:42]) == (1, "FAULT: the export is malformed: RecursionE")


def test_a_report_prints_nothing_that_a_terminal_obeys(verifier, capsys):
    export = verifier.Export(None, ("log\x1b[8m", b"", b""), None)
    export.size, export.root = 1, b""
    export.facts = {
        "bundle": "one", "regime": "CN", "filters": {"identity_reason": "\x9b2K\u202e王"},
        "registered": {}, "cases": 0, "events": 0, "openings": 0, "closed": {"\n": 1},
        "read_from": 0,
    }  # fmt: skip
    export.manifest = {"made_at": "2026-11-25T02:52:04.000000Z"}
    export.unchecked.append("receipt\r")
    verifier.say(*export.report())
    lines = capsys.readouterr().out.split("\n")
    assert all(line.isprintable() for line in lines)
    assert "  log log\\x1b[8m, 1 entries, root " in lines
    assert '  filters: {"identity_reason":"\\x9b2K\\u202e王"}' in lines


def test_it_answers_a_console_that_lacks_the_letters(world, verifier, tmp_path):
    path = tmp_path / "王小明.zip"
    path.write_bytes(pack({**world.china, "王.txt": b""}))
    done = subprocess.run(
        [sys.executable, "-S", VERIFIER, path],
        capture_output=True,
        check=False,
        env={"PYTHONIOENCODING": "cp1252"},
    )
    assert (done.returncode, done.stderr) == (1, b"")
    assert done.stdout.startswith(b"FAULT: \\u738b.txt is not part of the export")


def test_it_ends_quietly_where_nobody_reads_on(world, tmp_path):
    path = tmp_path / "export.zip"
    path.write_bytes(pack(world.china))
    nobody, end = os.pipe()
    os.close(nobody)
    with os.fdopen(end, "wb") as output:
        done = subprocess.run(
            [sys.executable, "-I", "-S", VERIFIER, path],
            stdout=output,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, b"")


def test_it_is_one_file_for_python_3_8_that_imports_the_standard_library_alone():
    tree = ast.parse(VERIFIER.read_text(), feature_version=(3, 8))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names
    # Newer than 3.8; the syntax alone would not show it.
    assert not {"removeprefix", "removesuffix", "batched", "is_relative_to"} & {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    }


def test_a_filtered_export_accounts_for_the_requests_that_it_does_not_show(world, verify):
    code, output = verify(world.closed, vkey=world.vkey)
    assert code == 0, output
    assert "all 8 requests accounted for" in output
    assert '\n  filters: {"states":["closed"]}\n' in output
    assert "2 cases shown, 6 not shown by the filters" in output
    assert "6 requests not shown were in another state than closed" in output
    rows = [json.loads(line) for line in world.closed["cases.jsonl"].splitlines()]
    assert {row["number"] for row in rows} == {world.numbers["closed"], world.numbers["erased"]}


def test_an_export_of_the_whole_log_is_verified_from_its_entries(world, verify):
    code, output = verify(world.whole, vkey=world.vkey)
    assert code == 0, output
    assert "register CN: all 8 requests" in output
    assert "\n  filters: none\n" in output
    assert "register EU: all 1 requests" in output
    assert "0 contents fit" in output


@pytest.mark.parametrize("kind", ["0", "entries"])
@pytest.mark.parametrize("missing", [True, False])
def test_a_changed_or_missing_tile_is_found(kind, missing, world, verify):
    files = dict(world.whole)
    tile = next(name for name in files if name.startswith(f"log/tile/{kind}/"))
    content = files.pop(tile)
    if not missing:
        files[tile] = content[:-1]
    code, output = verify(files)
    assert (code, tile in output) == (1, True)


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        ("0", lambda tile: tile[32:] + tile[:32], "log/tile/0 is not the checkpoint's"),
        ("0", lambda tile: tile[32:], "hashes"),
        ("entries", lambda bundle: bundle[:-5], "is cut off"),
        ("entries", lambda bundle: bundle + b"\0\0", "has more entries than it should"),
        ("entries", lambda bundle: bundle.replace(b"case.closed", b"case.opened"), "was changed"),
    ],
)
def test_a_tile_changed_together_with_the_manifest_is_found(kind, change, message, world, verify):
    files = dict(world.whole)
    tile = next(name for name in files if name.startswith(f"log/tile/{kind}/"))
    files[tile] = change(files[tile])
    reseal(files)
    code, output = verify(files)
    assert code == 1
    assert message in output


# --- Checkpoints that the regulator kept ----------------------------------------------------------
def signed(world, size, root, seed=bytes([4]) * 32):
    name = world.vkey.split("+")[0]
    return Signer(name, seed).sign(TreeHead(name, size, root).format())


@pytest.mark.parametrize(
    ("size", "message"),
    [(10_000, "was rolled back"), ("first", "was forked"), ("now", "was forked"), (3, "No proof")],
)
def test_a_kept_checkpoint_that_the_log_does_not_continue_is_a_fault(size, message, world, verify):
    sizes = {
        "first": world.first["log/checkpoint"].split(b"\n")[1],
        "now": world.china["log/checkpoint"].split(b"\n")[1],
    }
    note = signed(world, int(sizes.get(size, size)), bytes(32))
    code, output = verify(world.china, vkey=world.vkey, previous=note)
    assert code == 1
    assert message in output


def test_a_kept_checkpoint_by_another_key_is_a_fault(world, verify):
    note = signed(world, 3, bytes(32), seed=bytes(32))
    assert "is not signed by the key" in verify(world.china, previous=note)[1]


def test_the_checkpoint_of_the_export_itself_was_not_kept_before_it(world, verify):
    """Else an old export could be proved against the very checkpoint that somebody kept."""
    note = world.china["log/checkpoint"].decode()
    code, output = verify(world.china, vkey=world.vkey, previous=note)
    assert code == 1
    assert "give the checkpoint that you kept before you asked for this one" in output


# --- Its arithmetic against other people's ----------------------------------------------------------
@settings(max_examples=25)
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=200), data=st.data())
def test_it_takes_signatures_that_hold_and_no_others(seed, message, data, verifier):
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert verifier.ed25519_holds(public, message, signature)
    place = data.draw(st.integers(0, 511))
    changed = bytearray(signature)
    changed[place // 8] ^= 1 << place % 8
    assert not verifier.ed25519_holds(public, message, bytes(changed))
    assert not verifier.ed25519_holds(public, message + b"!", signature)


def test_it_refuses_signatures_that_are_no_signatures(verifier):
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    public, signature = key.public_key().public_bytes_raw(), key.sign(b"")
    order = verifier.ORDER
    larger = signature[:32] + (int.from_bytes(signature[32:], "little") + order).to_bytes(
        32, "little"
    )
    assert not verifier.ed25519_holds(public, b"", larger)
    assert not verifier.ed25519_holds(public, b"", signature + b"\0")
    assert not verifier.ed25519_holds(public, b"", b"\xff" * 64)
    assert not verifier.ed25519_holds(b"\xff" * 32, b"", signature)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(max_examples=40)
@given(value=_JSON)
def test_it_writes_canonical_json_as_the_portal_does(value, verifier):
    assert verifier.canonical(value).encode() == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "spelled",
    [
        b'{"a":1,"a":1}',
        b'{"b":1,"a":1}',
        b'{"a": 1}',
        b'{"a":1.0}',
        b'"\\u0061"',
        b"01",
        b"NaN",
        b"1e2",
    ],
)
def test_it_reads_no_json_that_another_reader_might_read_otherwise(verifier, spelled):
    with pytest.raises((verifier.Fault, ValueError)):
        verifier.parse(spelled, "This")


@settings(max_examples=40)
@given(content=_JSON, nonce=st.binary(min_size=32, max_size=32))
def test_it_commits_as_the_portal_does(content, nonce, verifier):
    assert verifier.commit(nonce.hex(), content) == commit(content, nonce)


@given(count=st.integers(1, 70), data=st.data())
def test_it_agrees_on_roots_and_proofs(count, data, verifier):
    hashes = [verifier.leaf_hash(bytes([number])) for number in range(count)]

    def root_of(start, end):
        return merkle.root(hashes[start:end])

    assert verifier.tree_root(hashes) == merkle.root(hashes)
    index = data.draw(st.integers(0, count - 1))
    proof = merkle.inclusion_proof(index, count, root_of)
    assert verifier.root_of_inclusion(index, count, hashes[index], proof) == merkle.root(hashes)
    assert verifier.root_of_inclusion(index, count, hashes[index], [*proof, bytes(32)]) is None
    old = data.draw(st.integers(0, count))
    path = merkle.consistency_proof(old, count, root_of)
    heads = (merkle.root(hashes[:old]), merkle.root(hashes))
    assert verifier.consistent(old, count, *heads, path)
    assert not verifier.consistent(old, count, *heads, [*path, bytes(32)])
    if old:
        assert not verifier.consistent(old, count, bytes(32), heads[1], path)


def test_it_prints_how_it_is_used():
    done = run_alone(VERIFIER, "--help")
    assert done.returncode == 0
    assert "--previous" in done.stdout
    assert os.access(VERIFIER, os.X_OK)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("previous", "there is no file nothing.txt"),
        ("receipt", "there is no file nothing.txt"),
        ("vkey", "neither a key nor a file with one: nothing.txt"),
        ("witness", "neither a key nor a file with one: nothing.txt"),
        ("receipt-vkey", "neither a key nor a file with one: nothing.txt"),
    ],
)
def test_a_mistyped_argument_is_no_fault_of_the_export(world, verify, capsys, option, words):
    with pytest.raises(SystemExit) as ended:
        verify(world.china, **{option: "nothing.txt"})
    assert ended.value.code == 2
    output = capsys.readouterr()
    assert f"--{option}: {words}" in output.err
    assert "FAULT" not in output.out


def test_an_export_that_is_not_there_is_told(verifier, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["verify.py", "nowhere.zip"])
    with pytest.raises(SystemExit) as ended:
        verifier.main()
    assert ended.value.code == 2
    assert "there is no file or folder nowhere.zip" in capsys.readouterr().err
