"""Whatever is changed in an export, the verifier says what."""

import io
import json
import re
import tracemalloc
import zipfile

import pytest

from tests.exports import pack, reseal
from workflows.common.signed_note import Signer

TAMPERINGS = []


def tampering(message, *, resealed=True, of="china"):
    """Register a change to the files of an export; `message` is what the fault must say.

    A resealed change brings the hashes of the manifest up to date, as a careful forger would. `of`
    names the export of the world: with proofs, or `packed` with tiles as a large one.
    """

    def register(change):
        name = change.__name__.replace("_", " ")
        TAMPERINGS.append(pytest.param((change, resealed, of), message, id=f"{of} {name}"))
        return change

    return register


def flip(files, name, place=-3):
    content = bytearray(files[name])
    content[place] ^= 1
    files[name] = bytes(content)


def replace(files, name, old, new):
    assert old.encode() in files[name]
    files[name] = files[name].replace(old.encode(), new.encode(), 1)


def places(files, number):
    """Return the places in the log of the steps of a case, from the table."""
    rows = files["events.csv"].decode("utf-8-sig").split("\r\n")
    return [int(row.split(",")[3]) for row in rows if row.startswith(number)]


def place_of(files, world, name="answered", step=1):
    return places(files, world.numbers[name])[step - 1]


def drop(files, place):
    del files[f"log/proofs/{place}.entry"], files[f"log/proofs/{place}.tlog-proof"]


def manifest(export, /, **changes):
    content = {**json.loads(export["manifest.json"]), **changes}
    export["manifest.json"] = json.dumps(content).encode()


# --- One byte of one file --------------------------------------------------------------------------
def _one_byte(name):
    def change(files, _world):
        flip(files, name)

    change.__name__ = f"one byte of {name}"
    tampering(f"{re.escape(name)} was changed", resealed=False)(change)


for _name in (
    "README.txt",
    "cases.csv",
    "cases.jsonl",
    "cases.xlsx",
    "contents.jsonl",
    "events.csv",
    "keys/vkey.txt",
    "log/checkpoint",
    "summary.pdf",
    "verify.py",
):
    _one_byte(_name)


@tampering(r"log/proofs/\d+.entry was changed", resealed=False)
def one_byte_of_an_entry(files, world):
    flip(files, f"log/proofs/{place_of(files, world)}.entry")


@tampering(r"log/proofs/\d+.tlog-proof was changed", resealed=False)
def one_byte_of_a_proof(files, world):
    flip(files, f"log/proofs/{place_of(files, world)}.tlog-proof", 40)


@tampering(r"log/checkpoints/\d+ was changed", resealed=False)
def one_byte_of_an_earlier_checkpoint(files, _world):
    flip(files, next(name for name in files if name.startswith("log/checkpoints/")))


@tampering(r"log/consistency/\d+-\d+ was changed", resealed=False)
def one_byte_of_a_consistency_proof(files, _world):
    flip(files, next(name for name in files if name.startswith("log/consistency/")))


@tampering("malformed: JSONDecodeError", resealed=False)
def the_manifest_cut_off(files, _world):
    files["manifest.json"] = files["manifest.json"][:-9]


@tampering("README.txt was changed", resealed=False)
def a_hash_in_the_manifest(files, _world):
    content = json.loads(files["manifest.json"])
    manifest(files, files={**content["files"], "README.txt": "0" * 64})


@tampering("notes.txt is not part of the export", resealed=False)
def a_file_added(files, _world):
    files["notes.txt"] = b"Nothing to see here."


def _file_added(name, of):
    def change(files, _world):
        assert name not in files
        files[name] = b"\0" * 32

    change.__name__ = f"{name} added"
    tampering(f"{re.escape(name)} is not part of the export", of=of)(change)


# Whoever adds a file can bring the manifest up to date, but not what the provider signed.
for _of in ("packed", "whole", "closed"):
    for _name in (
        "notes.html",
        "summary.pdf",
        "cases.xlsx",
        "keys/other.txt",
        "log/notes.txt",
        "log/tile/0/999",
        "log/tile/5/000",
        "log/tile/entries/999",
    ):
        _file_added(_name, _of)


@tampering("two members of one name", resealed=False)
def a_member_of_the_manifest_twice(files, _world):
    files["manifest.json"] = files["manifest.json"].replace(b"{", b'{"cases": 99,', 1)


@tampering("The file events.csv is missing", resealed=False)
def a_table_removed(files, _world):
    del files["events.csv"]


# --- Names that make a terminal forge lines --------------------------------------------------------
FORGED = "OK{line}  log example.org/log, 43 entries{line}"
NAMES = {
    "that erases the line": (
        "\r\x1b[2K" + FORGED.format(line="\n") + "\x1b[8m",
        r"\\r\\x1b\[2KOK\\n  log",
    ),
    "with line ends": ("!\n" + FORGED.format(line="\n"), r"!\\nOK\\n  log"),
    "with an eight-bit escape": ("!\x9b2K" + FORGED.format(line="\x85"), r"!\\x9b2KOK\\x85  log"),
    "with a line separator": ("!" + FORGED.format(line="\u2028"), r"!OK\\u2028  log"),
    "that turns the direction": ("!\u202e" + FORGED.format(line=" "), r"!\\u202eOK   log"),
    "that fills the screen": ("!" + " " * 5000 + FORGED.format(line=" "), r" \u2026$"),
}


def _name(what, name, shown):
    def listed(files, _world):
        content = json.loads(files["manifest.json"])
        manifest(files, files={**content["files"], name: "0" * 64})

    def there(files, _world):
        files[name] = b""

    for change, place in ((listed, "in the manifest"), (there, "in the ZIP")):
        change.__name__ = f"a name {what} {place}"
        tampering(shown, resealed=False)(change)


for _what, (_forged, _shown) in NAMES.items():
    _name(_what, _forged, _shown)


# --- The manifest against what was signed ----------------------------------------------------------
def _in_the_manifest(key, value):
    def change(files, _world):
        manifest(files, **{key: value})

    change.__name__ = f"another {key} in the manifest"
    tampering(f"manifest.json was changed: {key}", resealed=False)(change)


for _key, _value in (
    ("regime", "EU"),
    ("cases", 1),
    ("events", 1),
    ("filters", {"states": ["closed"]}),
    ("formats", ["pdf"]),
    ("registered", {"CN": 1}),
    ("read_from", 0),
    ("made_at", "2020-01-01T00:00:00.000000Z"),
    ("made_by", "regulator"),
    ("log", {"origin": "elsewhere", "size": 1}),
    ("remark", "checked"),
):
    _in_the_manifest(_key, _value)


@tampering("is not bundle.exported", resealed=False)
def another_event_as_the_statement(files, world):
    manifest(files, statement=place_of(files, world))


@tampering("Unknown format", resealed=False)
def another_format(files, _world):
    manifest(files, format="requests-portal-bundle/0")


@tampering("The event bundle.exported of this export is missing")
def the_statement_removed(files, _world):
    drop(files, json.loads(files["manifest.json"])["statement"])


# --- Entries and proofs ----------------------------------------------------------------------------
@tampering(r"Entry \d+ is not in the log")
def a_fact_of_an_entry(files, world):
    replace(files, f"log/proofs/{place_of(files, world)}.entry", '"CN"', '"EU"')


@tampering(r"Entry \d+ is not in the log")
def the_role_of_an_entry(files, world):
    place = place_of(files, world, step=3)
    replace(files, f"log/proofs/{place}.entry", '"role":"intake"', '"role":"reviewer"')


@tampering(r"Entry \d+ is not in the log")
def an_entry_back_dated(files, world):
    replace(files, f"log/proofs/{place_of(files, world)}.entry", '"at":"2', '"at":"1')


@tampering(r"Entry \d+ is not in the log")
def two_entries_exchanged(files, world):
    first, second = (f"log/proofs/{place_of(files, world, step=n)}.entry" for n in (2, 3))
    files[first], files[second] = files[second], files[first]


@tampering(r"\d+.tlog-proof is for another place in the log")
def two_proofs_exchanged(files, world):
    first, second = (f"log/proofs/{place_of(files, world, step=n)}.tlog-proof" for n in (2, 3))
    files[first], files[second] = files[second], files[first]


@tampering(r"Entry \d+ is not in the log")
def a_step_moved_to_another_place(files, world):
    place = place_of(files, world, step=2)
    proof = files[f"log/proofs/{place}.tlog-proof"]
    entry = files[f"log/proofs/{place}.entry"]
    drop(files, place)
    files["log/proofs/7.entry"] = entry
    files["log/proofs/7.tlog-proof"] = re.sub(rb"index \d+", b"index 7", proof)


def _proof_lines(files, world, change):
    name = f"log/proofs/{place_of(files, world)}.tlog-proof"
    head, checkpoint = files[name].split(b"\n\n", 1)
    files[name] = b"\n".join(change(head.split(b"\n"))) + b"\n\n" + checkpoint


@tampering(r"Entry \d+ is not in the log")
def a_proof_shortened(files, world):
    _proof_lines(files, world, lambda lines: lines[:-1])


@tampering(r"Entry \d+ is not in the log")
def a_proof_lengthened(files, world):
    _proof_lines(files, world, lambda lines: [*lines, lines[-1]])


@tampering(r"Entry \d+ is not in the log")
def the_hashes_of_a_proof_turned_round(files, world):
    _proof_lines(files, world, lambda lines: [*lines[:2], *reversed(lines[2:])])


@tampering("is not base64")
def a_hash_of_a_proof_that_is_none(files, world):
    _proof_lines(files, world, lambda lines: [*lines[:2], b"!", *lines[3:]])


@tampering("is not a proof file")
def a_proof_of_another_format(files, world):
    _proof_lines(files, world, lambda lines: [b"c2sp.org/tlog-proof@v2", *lines[1:]])


@tampering("is for another checkpoint than log/checkpoint")
def a_proof_against_another_checkpoint(files, world):
    name = f"log/proofs/{place_of(files, world)}.tlog-proof"
    head = files[name].split(b"\n\n", 1)[0]
    files[name] = head + b"\n\n" + world.first["log/checkpoint"]


@tampering(r"The entry of log/proofs/\d+.tlog-proof is missing")
def an_entry_without_its_proof_left(files, world):
    del files[f"log/proofs/{place_of(files, world)}.entry"]


@tampering(r"The file log/proofs/\d+.tlog-proof is missing")
def a_proof_removed(files, world):
    del files[f"log/proofs/{place_of(files, world)}.tlog-proof"]


@tampering("is neither an entry nor a proof")
def a_strange_file_among_the_proofs(files, _world):
    files["log/proofs/07.entry"] = b"{}"


# --- Completeness ----------------------------------------------------------------------------------
@tampering("Step 2 of case .* is missing")
def a_step_in_the_middle_left_out(files, world):
    drop(files, place_of(files, world, step=2))


@tampering(r"Step \d+ of case .* is missing: the provider signed for \d+")
def the_last_step_left_out(files, world):
    drop(files, places(files, world.numbers["answered"])[-1])


@tampering("Request 1 of 8 in the register CN is missing")
def the_receipt_of_a_case_left_out(files, world):
    drop(files, place_of(files, world))


@tampering("cases.csv was changed: it is not the file that the provider signed")
def a_case_left_out_of_everything(files, world):
    number = world.numbers["late"]
    for place in places(files, number):
        drop(files, place)
    for name in ("cases.csv", "cases.jsonl", "events.csv"):
        lines = files[name].splitlines(keepends=True)
        files[name] = b"".join(line for line in lines if number.encode() not in line)


@tampering("The export holds steps of case .* unasked")
def a_case_of_another_regime_slipped_in(files, world):
    files.update(world.stray)


# --- Tables ----------------------------------------------------------------------------------------
@tampering("events.csv: step 1 of case .* is not what the log says")
def a_line_of_the_steps_removed(files, world):
    number = world.numbers["answered"].encode()
    lines = files["events.csv"].splitlines(keepends=True)
    lines.remove(next(line for line in lines if line.startswith(number)))
    files["events.csv"] = b"".join(lines)


@tampering("events.csv: step 1 of case .* is not what the log says")
def two_lines_of_the_steps_exchanged(files, _world):
    lines = files["events.csv"].splitlines(keepends=True)
    lines[1], lines[2] = lines[2], lines[1]
    files["events.csv"] = b"".join(lines)


@tampering("events.csv has more lines")
def a_line_of_the_steps_twice(files, _world):
    files["events.csv"] += files["events.csv"].splitlines(keepends=True)[-1]


@tampering("events.csv: step .* is not what the log says")
def a_cell_of_the_steps(files, _world):
    replace(files, "events.csv", "triage.begun", "triage.done")


@tampering("events.csv: its first line")
def the_byte_order_mark_of_the_steps(files, _world):
    files["events.csv"] = files["events.csv"].removeprefix(b"\xef\xbb\xbf")


@tampering("cases.csv was changed: it is not the file that the provider signed")
def a_cell_of_the_cases(files, _world):
    replace(files, "cases.csv", "answered", "closed")


@tampering("cases.jsonl was changed: it is not the file that the provider signed")
def a_deadline_of_a_case(files, _world):
    files["cases.jsonl"] = re.sub(b'"due_on":"20..', b'"due_on":"2099', files["cases.jsonl"])


@tampering("contents.jsonl was changed: it is not the file that the provider signed")
def a_content(files, _world):
    replace(files, "contents.jsonl", "住在上海", "住在北京")


@tampering("verify.py was changed: it is not the file that the provider signed")
def the_verifier_itself(files, _world):
    files["verify.py"] = b'print("OK")\n'


@tampering("cases.xlsx was changed: it is not the file that the provider signed")
def another_spreadsheet(files, _world):
    files["cases.xlsx"] = b"PK"


@tampering("summary.pdf was changed: it is not the file that the provider signed")
def the_figures_of_the_summary(files, _world):
    files["summary.pdf"] = files["summary.pdf"].replace(b"obj", b"OBJ", 1)


@tampering("The file summary.pdf is missing")
def the_summary_removed(files, _world):
    del files["summary.pdf"]


# --- A large export: tiles instead of proofs --------------------------------------------------------
def entry_lines(files, change):
    lines = files["log/entries.txt"].splitlines(keepends=True)
    files["log/entries.txt"] = b"".join(change(lines))


@tampering("log/entries.txt was changed", resealed=False, of="packed")
def one_byte_of_the_entries(files, _world):
    flip(files, "log/entries.txt")


@tampering(r"Entry \d+ is not in the log", of="packed")
def a_fact_of_an_entry_among_many(files, _world):
    replace(files, "log/entries.txt", '"CN"', '"EU"')


@tampering(r"Entry \d+ is not in the log", of="packed")
def two_entries_exchanged_among_many(files, _world):
    def change(lines):
        first, second = (line.split(b" ", 1) for line in lines[:2])
        return [first[0] + b" " + second[1], second[0] + b" " + first[1], *lines[2:]]

    entry_lines(files, change)


@tampering(r"entry \d+ is out of order", of="packed")
def an_entry_twice(files, _world):
    entry_lines(files, lambda lines: [lines[0], *lines])


@tampering("lies beyond the checkpoint", of="packed")
def an_entry_invented_after_the_end(files, _world):
    entry_lines(files, lambda lines: [*lines, b'99999 {"name":"case.closed"}\n'])


@tampering("the line after entry .* is malformed", of="packed")
def a_place_in_another_spelling(files, _world):
    entry_lines(files, lambda lines: [b"0" + lines[0], *lines[1:]])


@tampering(r"Step \d+ of case .* is missing: the provider signed for \d+", of="packed")
def a_step_left_out_among_many(files, world):
    place = place_of(files, world, step=2)
    entry_lines(files, lambda lines: [x for x in lines if not x.startswith(b"%d " % place)])


@tampering("Request 1 of 8 in the register CN is missing", of="packed")
def a_receipt_left_out_among_many(files, world):
    place = place_of(files, world)
    entry_lines(files, lambda lines: [x for x in lines if not x.startswith(b"%d " % place)])


@tampering("log/tile/0 is not the checkpoint's", of="packed")
def a_hash_in_a_tile(files, _world):
    flip(files, next(name for name in files if name.startswith("log/tile/0/")))


@tampering("The file log/tile/0/.* is missing", of="packed")
def a_tile_removed(files, _world):
    del files[next(name for name in files if name.startswith("log/tile/0/"))]


@tampering("There are proofs beside log/entries.txt", of="packed")
def a_proof_slipped_in(files, world):
    files.update(world.stray)


@tampering("The export holds steps of case .* unasked", of="packed")
def an_entry_of_another_regime_slipped_in(files, world):
    [(name, entry)] = [(n, e) for n, e in world.stray.items() if n.endswith(".entry")]
    place = int(re.search(r"\d+", name)[0])
    lines = files["log/entries.txt"].splitlines(keepends=True)
    lines.append(b"%d %b\n" % (place, entry))
    files["log/entries.txt"] = b"".join(sorted(lines, key=lambda line: int(line.split(b" ")[0])))


# --- More than fits into memory --------------------------------------------------------------------
@tampering(r"log/entries.txt has a line of more than 65\d\d\d bytes", of="packed")
def an_entry_without_end(files, _world):
    files["log/entries.txt"] += b"9" * 70_000


@tampering("log/checkpoint has more than 1048576 bytes")
def a_checkpoint_without_end(files, _world):
    files["log/checkpoint"] += b"\n" * 2**20


@tampering(r"log/tile/entries/000.p/\d+ has more than 16777472 bytes", of="whole")
def a_bundle_without_end(files, _world):
    name = next(name for name in files if name.startswith("log/tile/entries/"))
    files[name] += bytes(256 * 65_537)


@tampering("manifest.json has more than 1[01]\\d{5} bytes", resealed=False)
def a_manifest_without_end(files, _world):
    files["manifest.json"] += b" " * 2**21


@tampering("malformed: RecursionError", resealed=False)
def a_manifest_too_deep(files, _world):
    files["manifest.json"] = b"[" * 200_000


# --- Checkpoints -----------------------------------------------------------------------------------
@tampering("log/checkpoint: the signature of .* does not hold")
def a_larger_size_in_the_checkpoint(files, _world):
    note = files["log/checkpoint"].decode()
    files["log/checkpoint"] = re.sub(r"\n(\d+)\n", r"\n1\1\n", note, count=1).encode()


@tampering("log/checkpoint: the signature of .* does not hold")
def another_root_in_the_checkpoint(files, world):
    ours, other = (f["log/checkpoint"].split(b"\n")[2] for f in (files, world.first))
    files["log/checkpoint"] = files["log/checkpoint"].replace(ours, other)


@tampering("log/checkpoint is not a signed note")
def a_checkpoint_without_signature(files, _world):
    files["log/checkpoint"] = files["log/checkpoint"].split(b"\n\n")[0]


def _signed_by_another(files):
    text = files["log/checkpoint"].decode().split("\n\n")[0] + "\n"
    signer = Signer(text.split("\n")[0], bytes(32))
    ours = files["log/checkpoint"]
    files["log/checkpoint"] = signer.sign(text).encode()
    for name in files:
        if name.startswith(("log/proofs/", "log/consistency/")):
            files[name] = files[name].replace(ours, files["log/checkpoint"])
    return signer.verifier.vkey


@tampering("log/checkpoint is not signed by the key")
def everything_signed_by_another_key(files, _world):
    files["keys/vkey.txt"] = _signed_by_another(files).encode()


@tampering("is a checkpoint of another size")
def an_earlier_checkpoint_under_another_name(files, _world):
    name = next(name for name in files if name.startswith("log/checkpoints/"))
    files["log/checkpoints/1"] = files.pop(name)


@tampering("does not continue its checkpoint")
def a_hash_of_a_consistency_proof(files, _world):
    name = next(name for name in files if name.startswith("log/consistency/"))
    lines = files[name].split(b"\n")
    lines[1] = lines[2]
    files[name] = b"\n".join(lines)


@tampering(r"The file log/consistency/\d+-\d+ is missing")
def a_consistency_proof_removed(files, _world):
    del files[next(name for name in files if name.startswith("log/consistency/"))]


@tampering("has no checkpoint that it starts from")
def an_earlier_checkpoint_removed(files, _world):
    del files[next(name for name in files if name.startswith("log/checkpoints/"))]


@tampering("does not start from size")
def a_consistency_proof_from_another_size(files, _world):
    name = next(name for name in files if name.startswith("log/consistency/"))
    files[name] = re.sub(rb"old \d+", b"old 1", files[name])


@pytest.mark.parametrize(("tampered", "message"), TAMPERINGS)
def test_a_changed_export_is_refused_with_the_fault(tampered, message, world, verify):
    change, resealed, of = tampered
    files = dict(getattr(world, of))
    change(files, world)
    assert files != getattr(world, of)
    if resealed:
        reseal(files)
    code, output = verify(files, vkey=world.vkey)
    assert code == 1
    assert output.startswith("FAULT: ")
    # One line of text: nothing in it moves the cursor.
    assert output.endswith("\n")
    assert output[:-1].isprintable()
    assert re.search(message, output), output


def test_there_are_enough_of_them():
    assert len(TAMPERINGS) >= 40


def test_one_changed_bit_anywhere_is_found(world, verify):
    """In every third file, at places spread over it; the manifest is changed by what it says."""
    for name in sorted(world.china.keys() - {"manifest.json"})[::3]:
        for place in (0, len(world.china[name]) // 2, -1):
            files = dict(world.china)
            flip(files, name, place)
            assert verify(files)[0] == 1, name


def test_two_files_of_one_name_are_refused(world, verify, tmp_path):
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in world.china.items():
            archive.writestr(name, content)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("README.txt", b"another")
    assert "two files of the same name" in verify(path.read_bytes())[1]


def test_a_zip_that_is_cut_off_is_refused(world, verify):
    assert "malformed" in verify(pack(world.china)[:-100])[1]


def deflated(files):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return bytearray(target.getvalue())


def directory_entry(archive, name):
    """Return where the entry of a file begins in the directory at the end."""
    place = archive.rindex(name.encode()) - 46
    assert archive[place : place + 4] == b"PK\1\2"
    return place


def _bytes_flipped(archive):
    place = archive.index(b"manifest.json") + len("manifest.json")
    archive[place : place + 40] = b"\xff" * 40


def _encrypted(archive):
    place = directory_entry(archive, "manifest.json")
    archive[place + 8] |= 1
    archive[archive.index(b"manifest.json") - 30 + 6] |= 1


def _of_an_unknown_method(archive):
    place = directory_entry(archive, "manifest.json")
    archive[place + 10] = 99


def _longer_than_the_file(archive):
    place = directory_entry(archive, "manifest.json")
    archive[place + 10] = 0
    archive[place + 20 : place + 28] = b"\xff\xff\xff\x7f" * 2


@pytest.mark.parametrize(
    "damage", [_bytes_flipped, _encrypted, _of_an_unknown_method, _longer_than_the_file]
)
def test_a_damaged_zip_is_a_fault_and_no_error_of_the_program(damage, world, verify):
    archive = deflated(world.china)
    damage(archive)
    code, output = verify(bytes(archive))
    assert code == 1
    assert output.startswith("FAULT: ")


@pytest.mark.parametrize("name", ["manifest.json", "log/checkpoint"])
def test_a_zip_that_unpacks_to_more_than_fits_into_memory_is_read_piece_by_piece(
    name, world, verify
):
    files = {**world.china, name: bytes(2**26)}
    if name != "manifest.json":
        reseal(files)
    archive = bytes(deflated(files))
    del files
    tracemalloc.start()
    try:
        code, output = verify(archive)
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()
    assert code == 1
    assert output.startswith("FAULT: ")
