"""Old data are to be purged when their replacement is verified and the days of the dataset are over."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import STEWARD
from tests.workflows.corrections.changing import FORUM, told
from tests.workflows.corrections.conftest import data, no_broker
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.datasets.models import Snapshot
from workflows.datasets.purging import mark_superseded, purge_due_at, superseded, to_be_purged
from workflows.datasets.register import mark_purged

__all__ = ["data", "no_broker"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]
NOW = timezone.now()


@pytest.fixture
def forum(data):
    (data / "forum.jsonl").write_text(lines(FORUM))
    return make_snapshot("forum.jsonl")


def test_a_verified_manifest_replaces_its_snapshot_and_not_what_came_out(forum):
    manifest = told(forum).manifest
    assert list(superseded()) == [forum]
    assert manifest.result.replaced_at is None


def test_it_is_due_when_the_days_of_the_dataset_are_over(forum):
    forum.dataset.keep_replaced_days = 10
    forum.dataset.save()
    Snapshot.objects.update(replaced_at=NOW - timedelta(days=9))
    assert not to_be_purged(NOW).exists()
    assert list(to_be_purged(NOW + timedelta(days=1))) == [forum]
    forum.refresh_from_db()
    assert purge_due_at(forum) == NOW + timedelta(days=1)


def test_what_was_purged_is_due_no_more(forum):
    Snapshot.objects.update(replaced_at=NOW - timedelta(days=99))
    assert to_be_purged().exists()
    mark_purged(forum, STEWARD)
    assert not superseded().exists()
    assert purge_due_at(Snapshot.objects.get()) is None


def test_the_ones_it_was_made_from_are_replaced_with_it_and_a_date_stays(forum):
    child = make_snapshot("forum.jsonl", forum.dataset, version="2", parent=forum)
    mark_superseded(forum)
    first = Snapshot.objects.get(pk=forum.pk).replaced_at
    mark_superseded(child)
    assert {s.pk for s in superseded()} == {forum.pk, child.pk}
    assert Snapshot.objects.get(pk=forum.pk).replaced_at == first
