"""What the database refuses, whoever writes."""

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError

from workflows.datasets.models import Dataset, Snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset() -> Dataset:
    return Dataset.objects.create(name="Forum", origin="Crawled", legal_basis="Interest")


def test_an_approval_without_a_ground_cannot_stand(dataset):
    dataset.approval = Dataset.Approval.APPROVED
    with pytest.raises(IntegrityError, match="dataset_approval_has_a_ground"):
        dataset.save()


@pytest.mark.parametrize(("state", "problem"), [("unreadable", ""), ("readable", "missing")])
def test_a_snapshot_says_why_it_cannot_be_read_and_only_then(dataset, state, problem):
    with pytest.raises(IntegrityError, match="unreadable_snapshot_says_why"):
        Snapshot.objects.create(
            dataset=dataset, version="1", format="jsonl", location="x", state=state, problem=problem
        )


def test_a_version_is_registered_once(dataset):
    Snapshot.objects.create(dataset=dataset, version="1", format="jsonl", location="x")
    with pytest.raises(IntegrityError, match="snapshot_version_once"):
        Snapshot.objects.create(dataset=dataset, version="1", format="jsonl", location="y")


def test_stewards_keep_the_register_and_officers_approve():
    def may(role: str, codename: str) -> bool:
        return Group.objects.get(name=role).permissions.filter(codename=codename).exists()

    assert may("data_steward", "add_dataset")
    assert not may("data_steward", "approve_dataset")
    assert may("privacy_officer", "approve_dataset")
    assert not may("privacy_officer", "add_dataset")
    assert may("reviewer", "view_snapshot")
    assert not may("reviewer", "change_snapshot")
    assert not may("administrator", "view_dataset")
