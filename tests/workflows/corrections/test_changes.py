"""An answer says of each snapshot what was done in it, and what a search of the new one found."""

from dataclasses import replace

import pytest

from tests.factories import STEWARD, WANG
from tests.workflows.corrections.changing import FORUM, executing, manifest_for
from tests.workflows.corrections.test_answer_parts import text_of
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.cases.filing_request import FiledItem
from workflows.corrections.instructions import record_receipt
from workflows.corrections.manifest_application import apply_locally
from workflows.corrections.manifest_verification import verify_manifest
from workflows.corrections.manifests import abandon_verification
from workflows.corrections.models import Instruction
from workflows.corrections.receipts import ask_to_apply, take_receipt
from workflows.datasets.models import Snapshot
from workflows.datasets.register import mark_purged
from workflows.vocabulary.outcomes import Outcome

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]

BOTH = replace(
    WANG, language="en", items=(*WANG.items, FiledItem("delete", {"statement": "Delete it."}))
)
MORE = {"id": "d", "text": "王小明又发了一个帖子", "url": "https://forum.example/4"}


@pytest.fixture
def forum(data):
    (data / "forum.jsonl").write_text(lines([*FORUM, MORE]))
    return make_snapshot("forum.jsonl")


def changed(forum: Snapshot, case) -> Snapshot:
    """Apply and check the manifest that waits, and return what came out."""
    manifest = manifest_for(forum)
    ask_to_apply(manifest, STEWARD)
    apply_locally(str(manifest.pk))
    verify_manifest(str(manifest.pk))
    manifest.refresh_from_db()
    case.refresh_from_db()
    return manifest.result


def about(case, dataset: str = "Forum") -> list[str]:
    """Return the lines of the answer about a dataset."""
    return [line for line in text_of(case).splitlines() if line.startswith(f"{dataset}, version")]


def test_each_part_tells_what_was_done_and_that_nothing_is_left(forum):
    case = executing(
        {"correct": Outcome.CORRECTED, "delete": Outcome.DELETED}, BOTH, frozenset("ad")
    )
    new = changed(forum, case)

    corrected, deleted = about(case)
    assert "found in 3 places. In 1 record the wrong text was corrected." in corrected
    assert "taken out" not in corrected
    assert "found in 3 places. 1 record was taken out." in deleted
    assert "1 record stays, because it was corrected as you asked." in deleted
    for line in (corrected, deleted):
        assert line.endswith(
            f"The changed version is {new.version}; it was searched again, and nothing is left."
        )


def test_the_version_that_came_out_is_no_dataset_of_its_own(forum):
    case = executing(Outcome.ANONYMISED, replace(BOTH, items=BOTH.items[1:]))
    new = changed(forum, case)
    (line,) = about(case)
    assert "In 1 record what points to you was made unreadable." in line
    assert f"version {new.version} (" not in line


def test_a_version_that_was_deleted_since_is_told_of(forum):
    case = executing(Outcome.CORRECTED, replace(BOTH, items=BOTH.items[:1]))
    changed(forum, case)
    mark_purged(forum, STEWARD)
    (line,) = about(case)
    assert "version 1 (Training data): found in 2 places. In 1 record" in line
    assert line.endswith("This version exists no more.")


def test_what_a_search_of_the_new_version_still_finds_is_said(forum, data):
    case = executing(Outcome.CORRECTED, replace(BOTH, items=BOTH.items[:1]))
    manifest = manifest_for(forum)
    (line,) = about(case)
    assert line.endswith("found in 2 places. The change is under way.")

    (data / "2.jsonl").write_text(lines(FORUM))
    new = Snapshot(version="2", format="jsonl", location="2.jsonl")
    take_receipt(manifest, STEWARD, key="k", status="applied", snapshot=new)
    verify_manifest(str(manifest.pk))
    (line,) = about(case)
    assert line.endswith(
        "The changed version is 2; it was searched again, and the change is not complete yet."
    )


def test_a_new_version_that_could_not_be_searched_is_not_said_to_hold_something(forum):
    case = executing(Outcome.CORRECTED, replace(BOTH, items=BOTH.items[:1]))
    manifest = manifest_for(forum)
    ask_to_apply(manifest, STEWARD)
    apply_locally(str(manifest.pk))
    abandon_verification(str(manifest.pk))
    manifest.refresh_from_db()
    (line,) = about(case)
    assert line.endswith(f"version is {manifest.result.version}; it could not be searched yet.")


def test_a_change_that_was_refused_is_said(forum):
    case = executing(Outcome.CORRECTED, replace(BOTH, items=BOTH.items[:1]))
    take_receipt(manifest_for(forum), STEWARD, key="k", status="refused", remark="Disk full")
    (line,) = about(case)
    assert line.endswith("The change could not be made in this version, which is as it was.")


def test_what_stays_is_said_with_the_reason(forum):
    case = executing(Outcome.QUEUED_FOR_RETRAINING, replace(BOTH, items=BOTH.items[1:]))
    (line,) = about(case)
    assert line.endswith("What was found stays in it: Queued for the next training.")


def test_a_change_by_hand_is_said(forum):
    wrong = FiledItem("correct", {"claimed": "lives in Bonn", "correct": "lives in Berlin"})
    case = executing(Outcome.CORRECTED, replace(BOTH, items=(wrong,)))
    record_receipt(Instruction.objects.get(), STEWARD, "Changed in the source, looked at twice.")
    (line,) = about(case)
    assert line.endswith("It was changed by hand, and the change was checked.")
