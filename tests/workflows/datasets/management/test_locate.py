"""`manage.py locate`, as a person or a script runs it."""

import json
import re

import pytest
from django.core.management import CommandError, call_command

PERSON = {"ref": "p1", "names": ["王小明"], "phones": ["+8613800138000"], "handles": ["x"]}


@pytest.fixture
def place(tmp_path):
    (tmp_path / "persons.jsonl").write_text("\ufeff" + json.dumps(PERSON) + "\n", encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.jsonl").write_text(
        json.dumps({"doc": "d1", "body": "王小明 138 0013 8000"}) + "\nbroken 13800138000\n"
    )
    return tmp_path


def run(place, *options, path="data"):
    call_command(
        "locate",
        str(place / path),
        "--persons",
        str(place / "persons.jsonl"),
        "--out",
        str(place / "hits.jsonl"),
        *options,
    )


FIELDS = ("--id-field", "doc", "--text-field", "body")


@pytest.mark.parametrize("processes", ["1", "2"])
def test_it_writes_a_line_for_each_hit_and_ends_with_figures(place, capsys, processes):
    run(place, *FIELDS, "--processes", processes)
    hits = [json.loads(line) for line in (place / "hits.jsonl").read_text("utf-8").splitlines()]
    common = {"ref": "p1", "file": "a.jsonl", "id": "d1", "field": "body", "strength": "strong"}
    assert hits == [
        {**common, "kind": "name", "start": 0, "end": 3},
        {**common, "kind": "phone", "start": 4, "end": 17},
    ]
    out, err = capsys.readouterr()
    size = (place / "data" / "a.jsonl").stat().st_size
    assert re.fullmatch(
        rf"bytes={size} seconds=[\d.]+ gb_per_s=[\d.]+ hits=2 peak_rss_mb=\d+ "
        rf"compile_seconds=[\d.]+ processes={processes} unreadable_lines=1 "
        rf"pass_gb_per_s=[\d.]+\n",
        out,
    )
    assert err == "One handle of p1 is too short to look for.\n"


@pytest.mark.parametrize("name", ["persons.jsonl", "data/a.jsonl", "link.jsonl"])
def test_hits_are_never_written_over_what_is_read(place, name):
    (place / "link.jsonl").symlink_to(place / "data" / "a.jsonl")
    before = (place / name).read_bytes()
    with pytest.raises(CommandError, match="Write the hits elsewhere"):
        run(place, *FIELDS, "--out", str(place / name))
    assert (place / name).read_bytes() == before


def test_hits_of_a_pass_that_breaks_off_are_not_taken_for_all(place):
    (place / "hits.jsonl").write_text("those of the last pass\n")
    (place / "data" / "b.jsonl.gz").write_bytes(b"no gzip")
    with pytest.raises(CommandError, match=r"b\.jsonl\.gz cannot be read"):
        run(place, *FIELDS, "--processes", "1")
    assert (place / "hits.jsonl").read_text() == "those of the last pass\n"
    assert sorted(path.name for path in place.iterdir()) == ["data", "hits.jsonl", "persons.jsonl"]


def test_an_interruption_is_said_in_a_sentence(place, monkeypatch):
    def interrupted(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("workflows.corpus.commands.locate.locate", interrupted)
    with pytest.raises(CommandError, match="no hits are written") as error:
        run(place, *FIELDS)
    assert error.value.returncode == 130
    assert not (place / "hits.jsonl").exists()


def test_hits_are_written_to_a_device_or_not_at_all(place):
    run(place, *FIELDS, "--out", "/dev/null")
    with pytest.raises(CommandError, match="is no folder"):
        run(place, *FIELDS, "--out", str(place / "no" / "hits.jsonl"))


def test_a_lone_surrogate_in_an_id_is_written_as_an_escape(place):
    (place / "data" / "a.jsonl").write_text(json.dumps({"doc": "\ud800", "body": "王小明"}))
    run(place, *FIELDS)
    assert json.loads((place / "hits.jsonl").read_text("utf-8"))["id"] == "\ud800"


def test_files_that_are_passed_over_are_named(place, capsys):
    for name in ("b.JSONL", "c.xyz", "d.xyz", "e.xyz", ".hidden.xyz"):
        (place / "data" / name).write_text("王小明")
    (place / "data" / "empty.xyz").write_text("")
    run(place, *FIELDS)
    said = capsys.readouterr().err
    assert "Not searched, because their names end otherwise: b.JSONL, c.xyz, d.xyz, …\n" in said


def test_what_cannot_be_read_is_said_plainly(place):
    with pytest.raises(CommandError, match="does not exist"):
        run(place, path="missing")
    with pytest.raises(CommandError, match=r"a\.jsonl has no field text"):
        run(place, "--processes", "1")
    with pytest.raises(CommandError, match="1 or more"):
        run(place, "--processes", "0")
    (place / "persons.jsonl").write_text("{}")
    with pytest.raises(CommandError, match="Line 1 of the persons"):
        run(place)
