"""Judging matches, and what the findings say of each snapshot and scope."""

import uuid

import pytest

from tests.factories import APPROVER, INTAKE, REVIEWER, make_case
from tests.workflows.datasets.entries import make_dataset, make_snapshot
from workflows.cases.lifecycle import State
from workflows.common.errors import Refused
from workflows.ledger.models import Event
from workflows.lookups.findings import (
    contradicting_scopes,
    findings_of,
    scope_results,
    unapproved_sources,
)
from workflows.lookups.models import LookupRun, Match, ShardScan
from workflows.lookups.services import identical_places, judge
from workflows.vocabulary.outcomes import Scope, ScopeResult

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    return make_case(State.IN_REVIEW)


@pytest.fixture
def snapshot(data):
    (data / "forum.jsonl").write_text('{"id": "a", "text": "nobody"}\n')
    return make_snapshot("forum.jsonl")


def match(case, snapshot, number=1, strength="strong", text=None):
    return Match.objects.create(
        case=case,
        snapshot=snapshot,
        place_digest=number.to_bytes(32, "big"),
        file="forum.jsonl",
        field="text",
        text_sha256=text,
        start=0,
        end=3,
        kind="name",
        strength=strength,
        excerpt={"before": "", "hit": "王小明", "after": ""},
    )


def searched(case, snapshot, state=ShardScan.State.DONE):
    from django.utils import timezone

    run = LookupRun.objects.create(
        case=case, reason="staff", started_at=timezone.now(), finished_at=timezone.now()
    )
    ShardScan.objects.create(run=run, snapshot=snapshot, number=0, file="forum.jsonl", state=state)


def test_a_verdict_stands_with_who_and_when_and_is_a_step_without_the_words(case, snapshot):
    found = match(case, snapshot)

    assert judge(case, REVIEWER, [found.pk], "theirs") == 1

    found.refresh_from_db()
    assert (found.verdict, found.judged_by) == ("theirs", REVIEWER.pseudonym)
    event = Event.objects.get(case=case.pseudonym, name="match.reviewed")
    assert event.facts == {"verdict": "theirs", "matches": [str(found.pk)]}


def test_a_verdict_can_be_changed(case, snapshot):
    found = match(case, snapshot)
    judge(case, REVIEWER, [found.pk], "unsure")
    judge(case, REVIEWER, [found.pk], "not_theirs")

    found.refresh_from_db()
    assert found.verdict == "not_theirs"
    assert Event.objects.filter(case=case.pseudonym, name="match.reviewed").count() == 2


@pytest.mark.parametrize("texts", [(None, None), ("a", None), ("a", "b")])
def test_weak_places_are_judged_one_by_one(case, snapshot, texts):
    weak = [match(case, snapshot, n, "weak", text) for n, text in enumerate(texts)]
    strong = match(case, snapshot, 9)
    for together in (weak, [weak[0], strong]):
        with pytest.raises(Refused, match="one by one"):
            judge(case, REVIEWER, [one.pk for one in together], "not_theirs")
    assert not Match.objects.exclude(verdict="").exists()

    for one in weak:
        judge(case, REVIEWER, [one.pk], "not_theirs")


def test_weak_places_in_identical_texts_are_judged_together(case, snapshot):
    same = [match(case, snapshot, n, "weak", "a") for n in range(3)]
    other, unknown = match(case, snapshot, 3, "weak", "b"), match(case, snapshot, 4, "weak")
    elsewhere = match(make_case(State.IN_REVIEW), snapshot, 5, "weak", "a")
    judge(case, REVIEWER, [same[2].pk], "theirs")

    found = identical_places(list(case.matches.select_related("case__data_key")))
    assert set(found[same[0].pk]) == set(found[same[1].pk]) == {same[0].pk, same[1].pk}
    for one in (same[2], other, unknown):
        assert found[one.pk] == [one.pk]
    assert judge(case, REVIEWER, found[same[0].pk], "not_theirs") == 2
    elsewhere.refresh_from_db()
    assert elsewhere.verdict == ""


def test_many_matches_are_several_entries_of_the_log(case, snapshot, monkeypatch):
    monkeypatch.setattr("workflows.lookups.services._AT_ONCE", 2)
    found = [match(case, snapshot, number).pk for number in range(5)]

    judge(case, REVIEWER, found, "not_theirs")

    events = Event.objects.filter(name="match.reviewed").order_by("pk")
    assert sorted(len(event.facts["matches"]) for event in events) == [1, 2, 2]


@pytest.mark.parametrize("actor", [INTAKE, APPROVER])
def test_only_reviewers_judge(case, snapshot, actor):
    found = match(case, snapshot)

    with pytest.raises(Refused):
        judge(case, actor, [found.pk], "theirs")
    assert not Match.objects.exclude(verdict="").exists()


def test_matches_of_another_case_and_unknown_ones_are_refused(case, snapshot):
    mine, other = match(case, snapshot), match(make_case(State.IN_REVIEW), snapshot)

    for pks in ([mine.pk, other.pk], [uuid.uuid4()], []):
        with pytest.raises(Refused, match="of this case"):
            judge(case, REVIEWER, pks, "theirs")
    with pytest.raises(Refused):
        judge(case, REVIEWER, [mine.pk], "perhaps")
    assert not Match.objects.exclude(verdict="").exists()


def result(case):
    (finding,) = findings_of(case)
    return finding.result


def test_a_snapshot_counts_as_searched_only_when_all_of_it_was_and_all_is_judged(case, snapshot):
    assert result(case) == ScopeResult.NOT_SEARCHED
    searched(case, snapshot, ShardScan.State.FAILED)
    assert result(case) == ScopeResult.NOT_SEARCHED
    searched(case, snapshot)
    assert result(case) == ScopeResult.SEARCHED
    found = match(case, snapshot)
    assert result(case) == ScopeResult.NOT_SEARCHED
    judge(case, REVIEWER, [found.pk], "unsure")
    assert result(case) == ScopeResult.NOT_SEARCHED
    judge(case, REVIEWER, [found.pk], "not_theirs")
    assert result(case) == ScopeResult.SEARCHED
    judge(case, REVIEWER, [found.pk], "theirs")
    assert result(case) == ScopeResult.FOUND


def test_a_scope_is_found_if_it_is_in_one_dataset_and_searched_only_if_all_were(case, data):
    for name in ("one", "two", "three"):
        (data / f"{name}.jsonl").write_text('{"id": "a", "text": "nobody"}\n')
    raw = make_dataset("Raw", scope=Scope.RAW_COLLECTION)
    one, two = make_snapshot("one.jsonl"), make_snapshot("two.jsonl", raw)
    make_snapshot("three.jsonl", raw, version="2")
    found = match(case, one)
    searched(case, two)
    judge(case, REVIEWER, [found.pk], "theirs")

    assert scope_results(findings_of(case)) == {
        Scope.RAW_COLLECTION: ScopeResult.NOT_SEARCHED,
        Scope.TRAINING_SNAPSHOT: ScopeResult.FOUND,
    }


def test_what_is_said_may_contradict_what_the_look_up_came_to():
    looked_up = {
        "training_snapshot": ScopeResult.SEARCHED,
        "raw_collection": ScopeResult.FOUND,
        "fine_tuning": ScopeResult.NOT_SEARCHED,
    }
    assert contradicting_scopes(looked_up, dict.fromkeys(Scope.values, "found")) == [
        Scope.TRAINING_SNAPSHOT
    ]
    assert contradicting_scopes(looked_up, {"raw_collection": "searched"}) == [Scope.RAW_COLLECTION]
    assert contradicting_scopes(looked_up, {"raw_collection": "", "model": "found"}) == []
    assert contradicting_scopes(looked_up, {"fine_tuning": "searched"}) == [Scope.FINE_TUNING]
    assert contradicting_scopes(looked_up, {"fine_tuning": "not_identifiable"}) == []
    assert contradicting_scopes(looked_up, looked_up) == []


def test_a_source_that_nobody_approved_is_named_where_the_person_was_found(case, snapshot):
    assert unapproved_sources(findings_of(case)) == []
    judge(case, REVIEWER, [match(case, snapshot).pk], "theirs")

    assert [dataset.name for dataset in unapproved_sources(findings_of(case))] == ["Forum"]
