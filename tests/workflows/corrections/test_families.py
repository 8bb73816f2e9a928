"""Snapshots come out of one another in a line; a wrong entry neither closes nor crosses it."""

import pytest
from django.db import connection

from tests.factories import STEWARD
from tests.workflows.corrections.changing import FORUM, executing, manifest_for
from tests.workflows.corrections.conftest import data, no_broker
from tests.workflows.datasets.entries import lines, make_dataset, make_snapshot
from workflows.common.errors import InvalidEntry, Refused
from workflows.corrections.lineage import newest_readable, related_versions
from workflows.corrections.receipts import take_receipt
from workflows.datasets.models import Snapshot
from workflows.datasets.purging import mark_superseded
from workflows.datasets.register import save_snapshot
from workflows.vocabulary.outcomes import Outcome

__all__ = ["data", "no_broker"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]


@pytest.fixture
def line(data):
    """Three snapshots, each made from the one before."""
    (data / "forum.jsonl").write_text(lines(FORUM))
    made = [make_snapshot("forum.jsonl")]
    for version in ("2", "3"):
        (data / f"forum-{version}.jsonl").write_text(lines(FORUM))
        made.append(
            make_snapshot(
                f"forum-{version}.jsonl", made[0].dataset, version=version, parent=made[-1]
            )
        )
    return made


@pytest.fixture
def bounded():
    """Let what goes round for ever fail instead."""
    asked = []

    def count(execute, sql, params, many, context):
        asked.append(sql)
        assert len(asked) < 200, "It does not come to an end."
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        yield


def circle(*members):
    """Enter what is refused now, as an older version did."""
    for member, parent in zip(members, (*members[1:], members[0]), strict=True):
        Snapshot.objects.filter(pk=member.pk).update(parent=parent)
        member.refresh_from_db()


def test_a_family_is_the_same_whichever_member_is_asked(line):
    assert [related_versions(member) for member in line] == [line] * 3


def test_a_receipt_cannot_name_what_its_snapshot_was_made_from(line):
    first, _second, third = line
    executing(Outcome.CORRECTED)
    manifest = manifest_for(third)
    for older in line[:2]:
        with pytest.raises(Refused, match="was itself made from that one"):
            take_receipt(manifest, STEWARD, key="k", status="applied", snapshot=older)
    first.refresh_from_db()
    assert first.parent is None
    assert not manifest.receipts.exists()


def test_a_snapshot_is_not_made_from_what_was_made_from_it(line):
    first, second, third = line
    for parent in (first, second, third):
        first.parent = parent
        with pytest.raises(InvalidEntry) as refused:
            save_snapshot(first, STEWARD)
        assert list(refused.value.errors) == ["parent"]


def test_a_snapshot_is_made_from_one_of_its_own_dataset(line, data):
    other = make_dataset("Other")
    with pytest.raises(InvalidEntry) as refused:
        make_snapshot("forum.jsonl", other, parent=line[0])
    assert list(refused.value.errors) == ["parent"]
    Snapshot.objects.filter(pk=line[0].pk).update(state="unreadable", problem="not_there")
    line[0].refresh_from_db()
    line[0].dataset = other
    with pytest.raises(InvalidEntry) as refused:
        save_snapshot(line[0], STEWARD)
    assert list(refused.value.errors) == ["dataset"]


@pytest.mark.parametrize("members", [(0,), (0, 1), (0, 1, 2), (1, 2)])
def test_a_circle_from_before_hangs_nothing(members, line, bounded):
    circle(*(line[number] for number in members))
    for member in line:
        member.refresh_from_db()
        mark_superseded(member)
    families = [related_versions(member) for member in line]
    assert families[0] == families[1] == families[2] or set(members) == {1, 2}
    for member, found in zip(line, families, strict=True):
        assert member in found
        assert len(found) == len(set(found))
        assert newest_readable(found) is not None
    # What is stored already does not keep an entry from being corrected.
    line[0].version = "one"
    save_snapshot(line[0], STEWARD)


def test_a_parent_of_another_dataset_from_before_is_no_relative(line, bounded):
    other = make_snapshot("forum.jsonl", make_dataset("Other"), version="0")
    Snapshot.objects.filter(pk=line[0].pk).update(parent=other)
    line[0].refresh_from_db()
    mark_superseded(line[2])
    other.refresh_from_db()
    assert (related_versions(line[2]), related_versions(other), other.replaced_at) == (
        line,
        [other],
        None,
    )
