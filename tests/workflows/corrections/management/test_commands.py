"""`build_manifest`, `apply_manifest` and `rescan` after `locate`, as a person or a script runs them."""

import base64
import json
import re

import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

WANG = {"ref": "w", "names": ["王小明"], "phones": ["+8613800138025"]}


@pytest.fixture
def place(tmp_path):
    (tmp_path / "persons.jsonl").write_text(json.dumps(WANG))
    (tmp_path / "old").mkdir()
    rows = [{"id": 1, "text": "王小明 138 0013 8025"}, {"id": 2, "text": "no one"}]
    (tmp_path / "old" / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    call_command(
        "locate", f"{tmp_path}/old", "--persons", f"{tmp_path}/persons.jsonl",
        "--out", f"{tmp_path}/hits.jsonl", "--processes", "1",
    )  # fmt: skip
    return tmp_path


def make(place, *options):
    call_command(
        "make_manifest", f"{place}/hits.jsonl", f"{place}/old", "--out", f"{place}/m", *options
    )


def apply(place, manifest="m", *options):
    call_command(
        "apply_manifest", f"{place}/{manifest}", f"{place}/old", "--out", f"{place}/new", *options
    )


def rescan(place, snapshot, *options):
    call_command(
        "rescan",
        f"{place}/m",
        f"{place}/{snapshot}",
        "--persons",
        f"{place}/persons.jsonl",
        *options,
    )


def test_the_whole_way(place, capsys):
    make(place)
    apply(place)
    rescan(place, "new")
    out, err = capsys.readouterr()
    assert "entries=2 records=1\n" in out
    assert re.search(r"files=1 bytes=\d+ changed=1 deleted=0 seconds=[\d.]+ mb_per_s=\d+\n", out)
    assert err == "Nothing is left.\n"
    lines = (place / "new" / "a.jsonl").read_bytes().splitlines(keepends=True)
    assert json.loads(lines[0]) == {"id": 1, "text": "[REDACTED] [REDACTED]"}
    assert lines[1] == (place / "old" / "a.jsonl").read_bytes().splitlines(keepends=True)[1]


@pytest.mark.parametrize("id_", [7, None])
def test_records_that_only_share_an_id_are_not_changed(place, id_):
    texts = ["王小明 138 0013 8025", "no one is in this text", "王小明 138 0013 8025"]
    old = place / "old" / "a.jsonl"
    old.write_text("".join(json.dumps({"id": id_, "text": text}) + "\n" for text in texts))
    look = ["locate", f"{place}/old", "--persons", f"{place}/persons.jsonl"]
    call_command(*look, "--out", f"{place}/hits.jsonl")
    with pytest.raises(CommandError, match="3 records could be meant and 2 are"):
        make(place)
    assert not (place / "m").exists()
    old.write_text("".join(json.dumps({"id": id_, "text": text}) + "\n" for text in texts[::2]))
    make(place)
    apply(place)
    left = (place / "new" / "a.jsonl").read_text().splitlines()
    assert [json.loads(line)["text"] for line in left] == ["[REDACTED] [REDACTED]"] * 2


def test_replacement_texts_lie_apart(place):
    (place / "texts.jsonl").write_text(json.dumps({"ref": "r", "text": "李小红"}))
    make(place, "--op", "replace", "--replacement", "r", "--replacements", f"{place}/texts.jsonl")
    with pytest.raises(CommandError, match="no text for the replacement r"):
        apply(place)
    apply(place, "m", "--replacements", f"{place}/texts.jsonl")
    assert (
        json.loads((place / "new" / "a.jsonl").read_text().splitlines()[0])["text"]
        == "李小红 李小红"
    )


def test_something_left_is_named_and_exits_with_1(place, capsys):
    make(place, "--op", "delete")
    with pytest.raises(CommandError, match="places are left") as error:
        rescan(place, "old")
    assert error.value.returncode == 1
    out = capsys.readouterr().out
    named = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    assert named[0] == {
        "why": "unchanged", "file": "a.jsonl", "id": 1, "field": "text", "kind": "", "ref": "",
        "start": None, "end": None, "expected": None, "counted": None,
    }  # fmt: skip
    assert {(left["kind"], left["start"], left["end"]) for left in named[1:]} == {
        ("name", 0, 3), ("phone", 4, 17),
    }  # fmt: skip


def test_what_may_stay_is_told_by_the_hits_of_the_old_snapshot(place):
    make(place)
    (place / "m" / "entries.jsonl").unlink()  # Parquet alone will do
    with pytest.raises(CommandError, match=r"^1 places are left\."):
        rescan(place, "old", "--may-stay", f"{place}/hits.jsonl")


@pytest.mark.parametrize("snapshot", ["nowhere", "m"])
def test_what_cannot_be_read_exits_with_2(place, snapshot):
    make(place)
    (place / "empty").mkdir()
    with pytest.raises(CommandError) as error:
        rescan(place, snapshot if snapshot == "nowhere" else "empty")
    assert error.value.returncode == 2


def test_a_rescan_that_cannot_be_begun_does_not_exit_as_if_something_were_left(place):
    make(place)
    with pytest.raises(CommandError, match="1 or more") as error:
        rescan(place, "old", "--processes", "0")
    assert error.value.returncode == 2
    (place / "persons.jsonl").write_bytes('{"ref": "w", "names": ["王小明"]}'.encode("gb18030"))
    with pytest.raises(CommandError, match="not JSON in UTF-8") as error:
        rescan(place, "old")
    assert error.value.returncode == 2


def test_a_rescan_never_takes_what_it_does_not_read_for_clean(place, capsys):
    make(place)
    with pytest.raises(CommandError, match="No record has a field doc") as error:
        call_command("rescan", f"{place}/m", f"{place}/old", "--id-field", "doc")
    assert error.value.returncode == 2
    (place / "empty").mkdir()
    with pytest.raises(CommandError, match="no file of records"):
        call_command("rescan", f"{place}/m", f"{place}/empty")
    (place / "empty" / "a.jsonl").write_bytes(
        (place / "old" / "a.jsonl").read_text().encode("utf-16")
    )
    with pytest.raises(CommandError, match="none is a JSON object") as error:
        call_command("rescan", f"{place}/m", f"{place}/empty")
    assert error.value.returncode == 2
    apply(place)
    (place / "new" / "b.JSONL").write_text("王小明")
    capsys.readouterr()
    rescan(place, "new")
    said = capsys.readouterr().err
    assert said == "Not searched, because their names end otherwise: b.JSONL\nNothing is left.\n"


def test_nothing_is_left_where_every_record_was_deleted(place, capsys):
    (place / "old" / "a.jsonl").write_text('{"id": 1, "text": "王小明 138 0013 8025"}\n')
    make(place, "--op", "delete")
    apply(place)
    assert (place / "new" / "a.jsonl").read_bytes() == b""
    rescan(place, "new")
    assert "Nothing is left." in capsys.readouterr().err


def test_a_manifest_appears_whole_or_not_at_all(place, monkeypatch):
    def full(*_args):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.write_bytes", full)
        with pytest.raises(CommandError, match="No space left"):
            make(place)
    assert not [path for path in place.iterdir() if path.name.lstrip(".").startswith("m")]
    make(place)
    with pytest.raises(CommandError, match="is there already"):
        make(place)


def test_an_unsigned_file_is_applied_but_not_silently(place, capsys):
    make(place)
    apply(place, "m/entries.jsonl")
    assert "carries no signature" in capsys.readouterr().err


def test_another_key_than_ours_is_refused_and_a_wrong_one_named(place):
    make(place)
    (place / "m" / "manifest.note").write_text("no note\n")
    with pytest.raises(CommandError, match="cannot be relied on"):
        apply(place)
    with pytest.raises(CommandError, match="vkey"):
        apply(place, "m", "--key", "nonsense")
    (place / "new").mkdir()
    with pytest.raises(CommandError, match="is there already"):
        apply(place, "m/entries.jsonl")


def test_without_a_key_of_ours_the_commands_say_what_to_do(place, settings):
    make(place)
    settings.LEDGER_KEY = ""
    with pytest.raises(CommandError, match=r"LEDGER_KEY must be .* name that one with --key"):
        apply(place)
    (place / "m").rename(place / "theirs")
    with pytest.raises(CommandError, match="LEDGER_KEY must be"):
        make(place)
    assert not (place / "m").exists()


def test_files_that_are_none_are_named(place):
    (place / "hits.jsonl").write_text('{"kind": "name"}\n')
    with pytest.raises(CommandError, match="line 1 is no hit"):
        make(place)
    for broken in ("{\n", '{"file": ' + "[" * 100_000):
        (place / "hits.jsonl").write_text(broken)
        with pytest.raises(CommandError, match="line 1 is no JSON object"):
            make(place)
    hit = {"ref": "w", "kind": "name", "file": "a.jsonl", "id": 1, "field": "text"}
    for wrong in ({"id": [1]}, {"start": -1}, {"end": "3"}, {"file": None}, {"end": 0}):
        spoilt = {**hit, "start": 0, "end": 3, "strength": "weak", **wrong}
        (place / "hits.jsonl").write_text(json.dumps(spoilt))
        with pytest.raises(CommandError, match="line 1 is no hit"):
            make(place)
    (place / "hits.jsonl").write_bytes("王小明".encode("gb18030"))
    with pytest.raises(CommandError, match="line 1 is no JSON object"):
        make(place)
    (place / "texts.jsonl").write_text('{"ref": 1}')
    with pytest.raises(CommandError, match="no `ref` and `text`"):
        make(place, "--replacements", f"{place}/texts.jsonl")


def export(place, target, manifest="m"):
    call_command(
        "export_manifest", f"{place}/{manifest}", f"{place}/old", "--to", target, "--out", f"{place}/{target}"
    )  # fmt: skip


def test_other_tools_get_it_in_their_words(place):
    make(place)
    export(place, "merge")
    (row,) = pq.read_table(place / "merge" / "merge.parquet").to_pylist()
    assert row == {"id": 1, "op": "update", "new_text": "[REDACTED] [REDACTED]"}

    with pytest.raises(CommandError, match="is no manifest"):
        export(place, "merge", "nothing")


def test_a_gateway_can_trust_the_list_and_compare_with_what_is_printed(capsys):
    from workflows.model_outputs.suppression import gateway_keys, suppression_signer

    call_command("gateway_key")
    assert capsys.readouterr().out == f"{suppression_signer().verifier.vkey}\n"
    call_command("gateway_key", "--comparison-key")
    assert [base64.b64decode(capsys.readouterr().out)] == gateway_keys()
