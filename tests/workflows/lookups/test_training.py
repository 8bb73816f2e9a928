"""Models that learnt from a person's data: what is done about each, and when they are trained anew."""

from datetime import date

import pytest

from tests.factories import STEWARD, in_review_with_proof
from tests.workflows.corrections.changing import FORUM, judge_all, look_up
from tests.workflows.corrections.conftest import data, no_broker
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.datasets.models import TrainedModel
from workflows.datasets.register import mark_purged, save_model
from workflows.lookups.findings import affected_models, next_step, retraining_day

__all__ = ["data", "no_broker"]
TODAY = date(2026, 11, 24)
SPRING, AUTUMN = date(2027, 3, 1), date(2027, 9, 1)


def model(next_training="without", day=None, explanation=""):
    return TrainedModel(
        name="chat",
        version="1",
        next_training=next_training,
        next_training_on=day,
        explanation=explanation,
    )


@pytest.mark.parametrize(
    ("of_model", "changed", "unchanged"),
    [
        (
            model(day=SPRING),
            "chat 1: it is trained next on 1 March 2027, on the changed data.",
            "chat 1: it is trained next on 1 March 2027.",
        ),
        (
            model(),
            "chat 1: its next training, on no fixed day yet, uses the changed data.",
            "chat 1: it is trained again, on no fixed day yet.",
        ),
        (
            model("filter"),
            "chat 1: it is not trained again; what it says is filtered.",
            "chat 1: it is not trained again.",
        ),
        (
            model("none", explanation="It is switched off in May."),
            "chat 1: it is neither trained again nor filtered. It is switched off in May.",
            "chat 1: it is neither trained again nor filtered. It is switched off in May.",
        ),
    ],
)
def test_it_is_said_what_is_done_about_a_model_and_nothing_of_a_change_that_is_none(
    of_model, changed, unchanged
):
    assert next_step(of_model, changed=True) == changed
    assert next_step(of_model, changed=False) == unchanged


@pytest.mark.parametrize(
    ("models", "day"),
    [
        ([], None),
        ([model(day=SPRING), model(day=AUTUMN), model("filter")], AUTUMN),
        ([model(day=SPRING), model()], None),
        ([model(day=SPRING), model(day=TODAY)], None),
        ([model("filter", day=SPRING)], None),
    ],
)
def test_the_day_is_known_when_each_that_is_trained_again_has_one_to_come(models, day):
    assert retraining_day(models, TODAY) == day


@pytest.mark.django_db
@pytest.mark.usefixtures("no_broker")
def test_a_model_is_concerned_where_it_learnt_from_what_is_theirs_even_when_that_is_deleted(
    data,
):
    (data / "forum.jsonl").write_text(lines(FORUM))
    (data / "other.jsonl").write_text(lines(FORUM[2:]))
    forum = make_snapshot("forum.jsonl")
    other = make_snapshot("other.jsonl", forum.dataset, version="2")
    for name, snapshots in (("chat", [forum, other]), ("search", [other])):
        trained = TrainedModel(name=name, version="1", trained_on=date(2026, 1, 1))
        save_model(trained, STEWARD, snapshots)
    case = in_review_with_proof()
    look_up()
    assert affected_models(case) == []
    judge_all(case, {"a", "b"})
    assert [m.name for m in affected_models(case)] == ["chat"]
    mark_purged(forum, STEWARD)
    assert [m.name for m in affected_models(case)] == ["chat"]
