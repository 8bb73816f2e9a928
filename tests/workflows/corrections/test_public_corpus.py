"""The whole line on a corpus that we did not make: 300 poems of the Tang dynasty, out of Debian.

Nothing is planted. Li Bai (701-762) stands in it as the author of his poems, and in poems that
others have written about him. He asks for the deletion of his own; those of the others stay.

Marked `stack` because the package is installed with what the slow tests need.
"""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.chromium import NO_POEMS, POEMS
from tests.factories import APPROVER, STEWARD, WANG
from tests.workflows.corrections.changing import executing, manifest_for
from tests.workflows.corrections.test_answer_parts import text_of
from tests.workflows.datasets.entries import make_dataset, make_snapshot
from workflows.cases.filing_request import FiledItem
from workflows.cases.lifecycle import State
from workflows.corpus.locate import locate_records
from workflows.corpus.match.patterns import Patterns
from workflows.corpus.values import read_persons
from workflows.corrections.manifest_application import apply_locally
from workflows.corrections.manifest_verification import verify_manifest
from workflows.corrections.models import Manifest
from workflows.corrections.receipts import ask_to_apply
from workflows.datasets.locations import path_of, shards_of
from workflows.ledger import sequencer
from workflows.lookups.models import Match
from workflows.notices import moves
from workflows.vocabulary.outcomes import Outcome

pytestmark = [
    pytest.mark.stack,
    pytest.mark.django_db,
    pytest.mark.usefixtures("no_broker"),
]

NAME = "李白"
LI_BAI = replace(
    WANG,
    subject_name=NAME,
    identifiers=(),
    language="en",
    items=(FiledItem("delete", {"statement": "请删除我的诗。"}),),
)


@pytest.fixture
def poems() -> list[str]:
    """The poems, each as it stands in the file of the package."""
    if not POEMS.exists():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(NO_POEMS)
    return [poem for poem in POEMS.read_text(encoding="utf-8").split("\n%\n") if poem.strip()]


def write_jsonl(folder: Path, poems: list[str]) -> None:
    with (folder / "poems.jsonl").open("w", encoding="utf-8") as file:
        for number, poem in enumerate(poems):
            record = {"id": number, "text": poem, "url": f"poem {number}"}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def is_his(poem: str) -> bool:
    return f"作者：{NAME}" in poem


def test_a_poet_is_found_and_deleted_and_everything_else_stays_as_it_was(data, poems, capsys):
    write_jsonl(data, poems)
    snapshot = make_snapshot("poems.jsonl", make_dataset("Tang poems"))
    his = frozenset(number for number, poem in enumerate(poems) if is_his(poem))
    about_him = {n for n, poem in enumerate(poems) if NAME in poem and n not in his}
    assert len(his) > 20
    assert about_him

    case = executing(Outcome.DELETED, LI_BAI, his)
    judged = {
        verdict: {m.record for m in case.matches.filter(verdict=verdict)}
        for verdict in (Match.Verdict.THEIRS, Match.Verdict.NOT_THEIRS)
    }
    assert judged[Match.Verdict.THEIRS] == his
    assert judged[Match.Verdict.NOT_THEIRS] == about_him
    manifest = manifest_for(snapshot)
    ask_to_apply(manifest, STEWARD)
    apply_locally(str(manifest.pk))
    verify_manifest(str(manifest.pk))

    manifest.refresh_from_db()
    assert manifest.state == Manifest.State.VERIFIED, manifest.left
    before = path_of(snapshot).read_bytes().splitlines(keepends=True)
    after = path_of(manifest.result).read_bytes().splitlines(keepends=True)
    assert after == [line for number, line in enumerate(before) if number not in his]
    case.refresh_from_db()
    moves.answer(case, APPROVER)
    assert case.state == State.ANSWERED
    assert f"{len(his)} records were taken out." in text_of(case)
    sequencer.sequence()
    call_command("ledger_verify")
    assert capsys.readouterr().out.endswith("OK\n")


def test_the_file_itself_is_looked_through_as_plain_text(data, poems):
    (data / "tang300.txt").write_bytes(POEMS.read_bytes())
    snapshot = make_snapshot("tang300.txt", format="text", source_field="")
    assert snapshot.is_readable
    known = Patterns(read_persons([json.dumps({"ref": "li", "names": [NAME]})]))
    found = [
        record.texts[hit.field][hit.start : hit.end]
        for shard in shards_of(snapshot)
        for record in locate_records(shard, known, snapshot.schema)
        for hit in record.hits
    ]
    assert found == [NAME] * POEMS.read_text(encoding="utf-8").count(NAME)
