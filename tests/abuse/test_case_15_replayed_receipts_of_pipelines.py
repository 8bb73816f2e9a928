"""Abuse case 15: what a program reports back is neither replayed nor swapped.

The portal takes no webhooks; what comes in are the receipts of pipelines. A repeated one changes
nothing, and one with the same key and other contents is refused.
"""

import pytest

from tests.factories import STEWARD
from tests.workflows.corrections.changing import FORUM, executing, manifest_for
from tests.workflows.corrections.conftest import *  # noqa: F403
from tests.workflows.datasets.conftest import *  # noqa: F403
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.cases.errors import AttemptReused
from workflows.common.errors import Refused
from workflows.corrections.models import PipelineAcknowledgement
from workflows.corrections.receipts import take_receipt
from workflows.vocabulary.outcomes import Outcome

pytestmark = pytest.mark.django_db


@pytest.fixture
def manifest(data):
    (data / "forum.jsonl").write_text(lines(FORUM))
    forum = make_snapshot("forum.jsonl")
    executing(Outcome.CORRECTED)
    return manifest_for(forum)


def refuse(manifest, key: str, remark: str) -> PipelineAcknowledgement:
    return take_receipt(
        manifest, STEWARD, key=key, status=PipelineAcknowledgement.Status.REFUSED, remark=remark
    )


def test_a_replay_is_the_same_receipt_and_a_swapped_body_is_refused(manifest):
    first = refuse(manifest, "run-1", "No such column.")

    assert refuse(manifest, "run-1", "No such column.") == first
    with pytest.raises(AttemptReused):
        refuse(manifest, "run-1", "Something else.")
    with pytest.raises(Refused):
        refuse(manifest, "run-2", "No such column.")
    assert manifest.receipts.count() == 1
