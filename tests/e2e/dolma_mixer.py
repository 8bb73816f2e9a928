"""Dolma's own mixer, in an environment of its own, applies a manifest: run by `make e2e-dolma`.

What it writes must be what our applier writes, document by document, and the re-scan must be content
with both.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.workflows.corrections.manifests.support import apply, read, write
from workflows.corrections.manifests.dolma import mixer_configuration, write_attributes
from workflows.corrections.manifests.edits import Wording
from workflows.corrections.manifests.entries import Op
from workflows.corrections.manifests.rescan import rescan
from workflows.corrections.manifests.resolve import Change, Origin, resolve
from workflows.datasets.corpus import generator
from workflows.datasets.lookup.readers import Schema

DOLMA = Path(os.environ.get("DOLMA", ".venv-dolma/bin/dolma")).absolute()
WORDING = Wording({"address": "新地址:东街 1 号", "phone": "+86 10 0000 0000"})
OPERATIONS = [(Op.REDACT, ""), (Op.REPLACE, "address"), (Op.REPLACE, "phone"), (Op.DELETE, "")]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dolma")
    (folder / "corpus").mkdir()
    generator.write(folder / "corpus", persons=50, size=2_000_000, seed=11, mentions=1e-4)
    rows = [{**row, "source": "made up"} for row in read(folder / "corpus" / "corpus.jsonl")]
    half = len(rows) // 2
    write(folder / "documents" / "zh" / "a.jsonl.gz", rows[:half])
    write(folder / "documents" / "b.jsonl.gz", rows[half:])
    return folder


def changes(place):
    file_of = {
        row["id"]: name
        for name in ("zh/a.jsonl.gz", "b.jsonl.gz")
        for row in read(place / "documents" / name)
    }
    reached = {}
    truth = (place / "corpus" / "truth.jsonl").read_text("utf-8").splitlines()
    for number, planted in enumerate(map(json.loads, truth)):
        id_ = planted["id"]
        op, ref = OPERATIONS[number % len(OPERATIONS)]
        if op is Op.REPLACE and planted["start"] < reached.get(id_, 0):
            op, ref = Op.REDACT, ""
        reached[id_] = max(reached.get(id_, 0), planted["end"])
        yield Change(op, file_of[id_], id_, "text", planted["start"], planted["end"], None, ref)


def test_the_stock_mixer_makes_what_our_applier_makes(place):
    made = list(resolve(changes(place), place / "documents", Origin(), WORDING))
    assert {entry.op for entry in made} == {Op.REDACT, Op.REPLACE, Op.DELETE}
    write_attributes(made, place / "documents", place, WORDING)
    configuration = mixer_configuration(
        made,
        WORDING,
        documents=[f"{place}/documents/zh/*.jsonl.gz", f"{place}/documents/*.jsonl.gz"],
        output=f"{place}/mixed",
    )
    (place / "mix.json").write_text(json.dumps(configuration))
    subprocess.run([DOLMA, "-c", place / "mix.json", "mix"], check=True, cwd=place)

    apply(made, place / "documents", place / "ours", WORDING)
    ours = [row for name in ("zh/a.jsonl.gz", "b.jsonl.gz") for row in read(place / "ours" / name)]
    mixed = [row for path in (place / "mixed").iterdir() for row in read(path)]
    for row in mixed:
        row.pop("metadata")  # where the mixer took the document from

    assert len(mixed) == len(ours)
    assert {row["id"]: row for row in mixed} == {row["id"]: row for row in ours}
    for snapshot in ("ours", "mixed"):
        assert list(rescan(made, place / snapshot, Schema())) == []
