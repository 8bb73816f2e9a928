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
    assert err == "A handle of p1 is too short to look for.\n"


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
