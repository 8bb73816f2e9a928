"""An answer names datasets, places, models and recipients of what is the person's, nothing else."""

from datetime import date

import pytest

from tests.factories import REVIEWER, STEWARD, make_case, propose
from tests.workflows.datasets.conftest import data  # noqa: F401 - a fixture
from tests.workflows.datasets.entries import lines, make_dataset, make_snapshot
from workflows.cases.lifecycle import State
from workflows.datasets.models import Recipient, TrainedModel
from workflows.datasets.register import save_model, save_recipient
from workflows.lookups import scanning
from workflows.lookups.models import ShardScan
from workflows.lookups.services import judge
from workflows.notices.answers import compose_answer
from workflows.outbox.services import drain
from workflows.vocabulary.outcomes import Outcome

pytestmark = pytest.mark.django_db

FORUM: list[dict[str, object]] = [
    {"id": "a", "text": "联系王小明，电话 13800001234", "url": "https://forum.example/1"},
    {"id": "b", "text": "另一个王小明，电话 13900009999", "url": "https://forum.example/2"},
]


@pytest.fixture
def forum(data, monkeypatch):  # noqa: F811
    monkeypatch.setattr("celery.current_app.send_task", lambda *args, **kwargs: None)
    (data / "forum.jsonl").write_text(lines(FORUM))
    (data / "empty.jsonl").write_text('{"id": "x", "text": "nobody", "url": ""}\n')
    dataset = make_dataset(approved=True, types="论坛帖子")
    snapshot = make_snapshot("forum.jsonl", dataset)
    make_snapshot("empty.jsonl", dataset, version="2")
    model = TrainedModel(
        name="示例模型",
        version="1",
        trained_on=date(2026, 6, 1),
        next_training_on=date(2027, 3, 1),
    )
    save_model(model, STEWARD, [snapshot])
    save_recipient(
        Recipient(dataset=dataset, name="示例研究所", given_on=date(2026, 7, 1)), STEWARD
    )
    return snapshot


def decided(*, verdict_on_a="theirs", **changes):
    from workflows.cases.filing_request import FiledItem

    case = make_case(
        State.IN_REVIEW, items=(FiledItem("copy", {"statement": "请提供副本。"}),), **changes
    )
    scanning.clear_pass_cache()
    drain()
    for scan in ShardScan.objects.filter(state=ShardScan.State.WAITING):
        scanning.scan_shard(scan.pk)
    for match in case.matches.all():
        verdict = verdict_on_a if match.record == "a" else "not_theirs"
        judge(case, REVIEWER, [match.pk], verdict)
    case.assurance = "document"
    case.save()
    propose(case, outcome=Outcome.PROVIDED)
    return case


def text_of(case) -> str:
    nodes = compose_answer(case).document.nodes
    return "\n".join(
        text
        for node in nodes
        for text in ([node.text] if hasattr(node, "text") else list(node.items))
    )


def test_each_snapshot_is_named_with_what_the_search_of_it_came_to(forum):
    text = text_of(decided(language="en"))

    assert "Forum, version 1 (Training data): found in 2 places" in text
    assert "Forum, version 2 (Training data): searched, nothing about you found" in text
    assert "trained next on 1 March 2027" in text
    assert "示例模型 1" in text


def test_places_are_named_that_are_theirs_and_none_of_a_namesake(forum):
    text = text_of(decided())

    assert "https://forum.example/1" in text
    assert "https://forum.example/2" not in text


def test_origin_kinds_and_recipients_of_the_dataset_are_told_in_an_answer_on_access(forum):
    text = text_of(decided())

    for words in ("Crawled in May", "论坛帖子", "示例研究所"):
        assert words in text


def test_what_nobody_is_sure_of_is_not_told(forum):
    text = text_of(decided(verdict_on_a="unsure"))

    for words in ("https://forum.example/1", "Crawled in May", "示例研究所", "示例模型"):
        assert words not in text
