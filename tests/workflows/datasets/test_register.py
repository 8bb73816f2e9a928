"""Entries of the register: who may write, what is told to the log, what needs a second person."""

from datetime import timedelta

import pytest
from django.utils import timezone
from freezegun import freeze_time

from tests.factories import INTAKE, OFFICER, OTHER_OFFICER, STEWARD
from tests.tokens import pipeline_token
from tests.workflows.datasets.entries import lines, make_dataset, make_snapshot
from workflows.accounts.actors import Actor
from workflows.accounts.models import PipelineToken
from workflows.accounts.pipelines import (
    NoPipelineAccess,
    actor_of,
    approve_token,
    is_live,
    issue_token,
    pipeline_for_token,
    register_pipeline,
    withdraw_token,
)
from workflows.common.errors import InvalidEntry, InvalidInput, Refused
from workflows.datasets.models import Dataset, Recipient, Snapshot, TrainedModel
from workflows.datasets.register import (
    decide_approval,
    mark_purged,
    reread_snapshot,
    save_dataset,
    save_model,
    save_recipient,
    save_snapshot,
)
from workflows.ledger.canonical import commit
from workflows.ledger.models import Event
from workflows.vocabulary.roles import Role

pytestmark = pytest.mark.django_db

BOTH = Actor(frozenset({Role.DATA_STEWARD, Role.PRIVACY_OFFICER}), "staff-both")
TODAY = timezone.localdate()


def names() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("name", flat=True))


def test_each_step_of_a_dataset_is_in_the_log():
    dataset = make_dataset(approved=True)
    decide_approval(dataset, OFFICER, approve=False, ground="The terms have changed.")
    assert names() == ["dataset.registered", "dataset.approved", "dataset.approval_withdrawn"]
    event = Event.objects.get(name="dataset.approved")
    assert (event.case, event.role, event.actor) == (None, "privacy_officer", OFFICER.pseudonym)
    assert "ground" not in event.facts
    assert set(event.commitments) == {"ground"}
    dataset.refresh_from_db()
    opened = commit("The terms have changed.", bytes(dataset.approval_nonce))
    withdrawn = Event.objects.get(name="dataset.approval_withdrawn")
    assert withdrawn.commitments == {"ground": opened}


@pytest.mark.parametrize("actor", [INTAKE, OFFICER])
def test_only_stewards_write(actor):
    with pytest.raises(Refused):
        save_dataset(Dataset(name="x", origin="y", legal_basis="z"), actor)
    assert not Dataset.objects.exists()


def test_only_officers_approve_and_never_their_own_entry():
    dataset = make_dataset()
    with pytest.raises(Refused, match="role"):
        decide_approval(dataset, STEWARD, approve=True, ground="Yes")
    own = save_dataset(Dataset(name="x", origin="y", legal_basis="z"), BOTH)
    with pytest.raises(Refused, match="somebody else"):
        decide_approval(own, BOTH, approve=True, ground="Yes")
    assert decide_approval(own, OTHER_OFFICER, approve=True, ground="Yes").is_approved


def test_an_approval_that_is_withdrawn_meanwhile_does_not_come_back():
    dataset = make_dataset(approved=True)
    dataset.refresh_from_db()
    decide_approval(dataset, OFFICER, approve=False, ground="The terms have changed.")
    assert dataset.is_approved  # as somebody else had read it
    dataset.name = "Another name"
    save_dataset(dataset, STEWARD)

    dataset.refresh_from_db()
    assert dataset.name == "Another name"
    assert dataset.approval == Dataset.Approval.WITHDRAWN


def test_an_approval_says_its_ground_and_is_given_once():
    dataset = make_dataset()
    with pytest.raises(InvalidInput):
        decide_approval(dataset, OFFICER, approve=True, ground=" ")
    with pytest.raises(Refused, match="not approved"):
        decide_approval(dataset, OFFICER, approve=False, ground="No")
    decide_approval(dataset, OFFICER, approve=True, ground="Yes")
    with pytest.raises(Refused, match="already"):
        decide_approval(dataset, OFFICER, approve=True, ground="Yes")


def test_an_approval_ends_when_what_it_rests_on_changes():
    dataset = make_dataset(approved=True)
    dataset.description = "Posts"
    assert save_dataset(dataset, STEWARD).is_approved
    dataset.origin = "Bought"
    save_dataset(dataset, BOTH)
    dataset.refresh_from_db()
    assert (dataset.approval, dataset.approval_by) == ("unapproved", "")
    assert "origin" in Event.objects.last().facts["changed"]
    with pytest.raises(Refused, match="somebody else"):
        decide_approval(dataset, BOTH, approve=True, ground="Yes")


def test_what_is_missing_is_named_by_its_field():
    with pytest.raises(InvalidEntry) as refused:
        save_dataset(Dataset(name="x"), STEWARD)
    assert {"origin", "legal_basis"} <= set(refused.value.errors)


def test_a_change_of_nothing_is_not_told():
    dataset = make_dataset()
    save_dataset(dataset, STEWARD)
    assert names() == ["dataset.registered"]


def test_a_snapshot_that_was_read_stays_what_it_is(data):
    (data / "a.jsonl").write_text(lines())
    snapshot = make_snapshot("a.jsonl")
    snapshot.location = "b.jsonl"
    with pytest.raises(Refused, match="new version"):
        save_snapshot(snapshot, STEWARD)


def test_a_snapshot_that_cannot_be_read_is_corrected_and_read_again(data):
    snapshot = make_snapshot("a.jsonl")
    (data / "b.jsonl").write_text(lines())
    snapshot.location = "b.jsonl"
    save_snapshot(snapshot, STEWARD)
    assert (snapshot.state, snapshot.problem) == ("waiting", "")


def test_only_an_unreadable_snapshot_is_read_again(data):
    snapshot = make_snapshot("a.jsonl")
    reread_snapshot(snapshot, STEWARD)
    snapshot.refresh_from_db()
    assert snapshot.state == Snapshot.State.WAITING
    with pytest.raises(Refused):
        reread_snapshot(snapshot, STEWARD)


def test_deleted_data_are_marked_once(data):
    (data / "a.jsonl").write_text(lines())
    snapshot = make_snapshot("a.jsonl")
    mark_purged(snapshot, STEWARD)
    snapshot.refresh_from_db()
    assert snapshot.state == Snapshot.State.PURGED
    with pytest.raises(Refused):
        mark_purged(snapshot, STEWARD)


def test_a_model_knows_what_it_was_trained_on(data):
    snapshot = make_snapshot("a.jsonl")
    model = TrainedModel(name="Assistant", version="3", trained_on=TODAY)
    save_model(model, STEWARD, [snapshot])
    assert list(snapshot.models.all()) == [model]
    assert Event.objects.get(name="model.registered").facts["snapshots"] == [snapshot.pk]


def test_doing_nothing_about_a_model_needs_a_reason():
    model = TrainedModel(name="Assistant", version="3", trained_on=TODAY, next_training="none")
    with pytest.raises(InvalidEntry) as refused:
        save_model(model, STEWARD, [])
    assert list(refused.value.errors) == ["explanation"]


def test_a_recipient_gets_a_dataset_or_one_of_its_snapshots(data):
    snapshot = make_snapshot("a.jsonl")
    other = make_dataset("Other")
    with pytest.raises(InvalidEntry):
        save_recipient(
            Recipient(dataset=other, snapshot=snapshot, name="Lab", given_on=TODAY), STEWARD
        )
    recipient = Recipient(
        dataset=snapshot.dataset, name="Lab", email="li@lab.example", given_on=TODAY
    )
    save_recipient(recipient, STEWARD)
    event = Event.objects.get(name="recipient.registered")
    assert "lab" not in str(event.body).lower().replace("label", "")


class TestPipelines:
    @pytest.fixture
    def pipeline(self) -> PipelineToken:
        return PipelineToken(
            name="Cleaning",
            scopes=["datasets:write"],
            expires_at=timezone.now() + timedelta(days=30),
        )

    def test_a_token_opens_nothing_until_it_is_approved(self, pipeline):
        token = issue_token(pipeline, STEWARD)
        with pytest.raises(NoPipelineAccess):
            pipeline_for_token(token)
        with pytest.raises(Refused):
            approve_token(pipeline, STEWARD, scopes=pipeline.scopes, until=pipeline.expires_at)
        approve_token(pipeline, OFFICER, scopes=pipeline.scopes, until=pipeline.expires_at)
        assert pipeline_for_token(token) == pipeline

    def test_a_token_opens_until_the_next_is_approved_or_it_is_withdrawn(self, pipeline):
        first = pipeline_token(pipeline, STEWARD)
        assert actor_of(pipeline_for_token(first)).role == Role.DATA_STEWARD
        second = issue_token(pipeline, STEWARD)
        assert pipeline_for_token(first) == pipeline
        approve_token(pipeline, OFFICER, scopes=pipeline.scopes, until=pipeline.expires_at)
        with pytest.raises(NoPipelineAccess):
            pipeline_for_token(first)
        assert pipeline_for_token(second) == pipeline
        withdraw_token(pipeline, STEWARD)
        with pytest.raises(NoPipelineAccess):
            pipeline_for_token(second)

    def test_a_token_ends_on_the_day_for_which_it_was_approved(self, pipeline):
        token = pipeline_token(pipeline, STEWARD)
        approved = pipeline.expires_at
        pipeline.expires_at += timedelta(days=365)
        register_pipeline(pipeline, STEWARD)
        assert is_live(pipeline)
        with freeze_time(approved + timedelta(seconds=1)):
            assert not is_live(pipeline)
            with pytest.raises(NoPipelineAccess):
                pipeline_for_token(token)

    def test_an_expired_token_opens_nothing(self, pipeline):
        token = pipeline_token(pipeline, STEWARD)
        PipelineToken.objects.update(expires_at=timezone.now())
        with pytest.raises(NoPipelineAccess):
            pipeline_for_token(token)

    def test_a_token_that_had_ended_does_not_live_again_with_a_later_date(self, pipeline):
        token = pipeline_token(pipeline, STEWARD)
        PipelineToken.objects.update(expires_at=timezone.now())
        register_pipeline(pipeline, STEWARD)
        with pytest.raises(NoPipelineAccess):
            pipeline_for_token(token)

    def test_the_log_tells_until_when_a_pipeline_has_access(self, pipeline):
        register_pipeline(pipeline, STEWARD)
        pipeline.name = "Washing"
        register_pipeline(pipeline, STEWARD)
        pipeline.expires_at += timedelta(days=30)
        register_pipeline(pipeline, STEWARD)
        told = Event.objects.filter(name="pipeline.admitted").order_by("pk")
        assert [event.facts["expires"] for event in told] == [
            (pipeline.expires_at - timedelta(days=30)).isoformat(),
            pipeline.expires_at.isoformat(),
        ]

    def test_it_is_issued_by_a_steward_for_a_time_to_come(self, pipeline):
        with pytest.raises(Refused):
            issue_token(pipeline, OFFICER)
        pipeline.expires_at = timezone.now()
        with pytest.raises(InvalidEntry):
            issue_token(pipeline, STEWARD)
