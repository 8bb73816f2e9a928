"""Looking people up in the registered snapshots: asking, scanning shard by shard, ending."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone, translation

from tests.factories import ERIKA, INTAKE, OFFICER, OTHER_OFFICER, REVIEWER, WANG, file, make_case
from tests.judging import judge_each
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.accounts.actors import PUBLIC
from workflows.cases.lifecycle import Action, State
from workflows.cases.transition import advance
from workflows.common.errors import Refused
from workflows.ledger.models import Event
from workflows.lookups import scanning, services
from workflows.lookups.findings import findings_of, progress_of
from workflows.lookups.models import LookupRun, Match, PlacesNotKept, ShardScan
from workflows.lookups.services import nightly_pass, request_lookup
from workflows.outbox.models import Effect
from workflows.outbox.services import drain
from workflows.retention.erasure import erase, request_erasure
from workflows.vocabulary.outcomes import ScopeResult

pytestmark = pytest.mark.django_db

FORUM = [
    {"id": "a", "text": "联系王小明，电话 13800001234", "url": "https://forum.example/1"},
    {"id": "b", "text": "另一个王小明，电话 13900009999", "url": "https://forum.example/2"},
    {"id": "c", "text": "nothing here", "url": "https://forum.example/3"},
    {"id": "d", "text": "write to erika@example.de", "url": "https://forum.example/4"},
]


def work() -> None:
    """Do what relay and worker do: run the effects, and the tasks which they send."""
    scanning.clear_pass_cache()
    drain()
    for scan in ShardScan.objects.filter(state=ShardScan.State.WAITING):
        scanning.scan_shard(scan.pk)


@pytest.fixture(autouse=True)
def no_broker(settings, monkeypatch):
    """The tasks are called by `work`; whether the broker has them is not the subject here."""
    monkeypatch.setattr("celery.current_app.send_task", lambda *args, **kwargs: None)


@pytest.fixture
def forum(data):
    (data / "forum.jsonl").write_text(lines(FORUM))
    return make_snapshot("forum.jsonl")


def events(case, name):
    return list(Event.objects.filter(case=case.pseudonym, name=name).order_by("pk"))


def test_the_person_is_found_with_the_place_the_source_and_the_words_around(forum):
    case = make_case(State.IN_REVIEW)
    work()

    found = {(m.record, m.kind): m for m in case.matches.all()}
    assert set(found) == {("a", "name"), ("a", "phone"), ("b", "name")}
    phone = found["a", "phone"]
    text = FORUM[0]["text"]
    assert text[phone.start : phone.end] == "13800001234" == phone.excerpt["hit"]
    assert phone.excerpt["before"] == "联系王小明，电话 "
    assert phone.source == "https://forum.example/1"
    assert phone.strength == Match.Strength.STRONG
    assert phone.verdict == ""


def test_a_name_alone_is_weak_and_the_phone_of_the_namesake_is_masked(forum):
    case = make_case(State.IN_REVIEW)
    work()

    namesake = next(m for m in case.matches.all() if m.record == "b")
    assert namesake.strength == Match.Strength.WEAK
    assert "13900009999" not in json.dumps(namesake.excerpt)


def test_the_review_begins_with_a_look_up_that_the_log_tells(forum):
    case = make_case(State.IN_REVIEW)
    work()

    (asked,) = events(case, "lookup.requested")
    (ended,) = events(case, "lookup.finished")
    assert asked.facts["reason"] == LookupRun.Reason.REVIEW
    assert {key: ended.facts[key] for key in ("searched", "failed", "new_strong", "new_weak")} == {
        "searched": 1,
        "failed": 0,
        "new_strong": 2,
        "new_weak": 1,
    }


def test_looking_up_again_adds_nothing_that_is_known(forum):
    case = make_case(State.IN_REVIEW)
    work()
    request_lookup(case, REVIEWER)
    work()

    assert case.matches.count() == 3
    assert events(case, "lookup.finished")[-1].facts["new_strong"] == 0


def test_another_spelling_is_kept_sealed_and_searched(forum):
    case = make_case(State.IN_REVIEW)
    work()

    services.add_spelling(case, REVIEWER, "email", "erika@example.de")
    work()

    assert "d" in {match.record for match in case.matches.all()}
    assert events(case, "spelling.added")[0].facts["kind"] == "email"
    assert "erika" not in json.dumps(
        [e.facts for e in Event.objects.filter(case=case.pseudonym).order_by("pk")]
    )


def test_a_second_look_up_waits_for_the_first(forum):
    case = make_case(State.IN_REVIEW)
    work()
    request_lookup(case, REVIEWER)

    with pytest.raises(Refused, match="under way"):
        request_lookup(case, REVIEWER)
    assert len(events(case, "lookup.requested")) == 2


def test_only_reviewers_look_people_up_and_only_while_the_case_is_worked_on(forum):
    case = make_case(State.IN_REVIEW)

    with pytest.raises(Refused):
        request_lookup(case, INTAKE)
    with pytest.raises(Refused):
        request_lookup(make_case(State.CLOSED), REVIEWER)


def test_the_shards_of_a_run_are_tasks_of_their_own_and_a_second_worker_changes_nothing(data):
    for name in ("one", "two", "three"):
        (data / f"{name}.jsonl").write_text(lines(FORUM))
    make_snapshot(".")
    case = make_case(State.IN_REVIEW)
    scanning.clear_pass_cache()
    drain()

    scans = list(ShardScan.objects.all())
    assert [scan.file for scan in scans] == ["one.jsonl", "three.jsonl", "two.jsonl"]
    assert Effect.objects.filter(kind=services.SCAN, payload__turn=1).count() == 3
    for scan in scans:
        assert progress_of(case).is_running
        scanning.scan_shard(scan.pk)
        scanning.scan_shard(scan.pk)
    assert not progress_of(case).is_running
    assert (progress_of(case).done, progress_of(case).shards) == (3, 3)
    assert case.matches.count() == 9
    assert len(events(case, "lookup.finished")) == 1


def test_a_shard_that_cannot_be_read_is_named_and_the_others_are_searched(data):
    (data / "good.jsonl").write_text(lines(FORUM))
    (data / "zz.jsonl").write_text(lines(FORUM))
    make_snapshot(".")
    (data / "zz.jsonl").write_text('{"id": "x", "other": "field"}\n')
    case = make_case(State.IN_REVIEW)
    work()

    (failed,) = progress_of(case).failed
    assert (failed.file, failed.problem) == ("zz.jsonl", "no_field")
    assert case.matches.count() == 3
    assert events(case, "lookup.finished")[0].facts["failed"] == 1


def test_if_nothing_that_was_registered_can_be_read_any_more_the_look_up_ends_and_says_so(
    forum, data
):
    (data / "forum.jsonl").unlink()
    case = make_case(State.IN_REVIEW)
    work()

    (failed,) = progress_of(case).failed
    assert failed.problem == "missing"
    assert not progress_of(case).is_running
    assert events(case, "lookup.finished")[0].facts["failed"] == 1
    request_lookup(case, REVIEWER)


def test_how_a_look_up_went_is_kept_for_as_long_as_the_case_is_open(forum):
    case, closed = make_case(State.IN_REVIEW), make_case(State.CLOSED)
    work()
    LookupRun.objects.update(finished_at=timezone.now() - timedelta(days=100))

    services.purge_runs()

    assert case.lookup_runs.count() == 1
    assert not closed.lookup_runs.exists()


def test_without_a_readable_snapshot_the_look_up_ends_at_once(db):
    case = make_case(State.IN_REVIEW)
    work()

    assert not progress_of(case).is_running
    assert progress_of(case).shards == 0


def test_the_nightly_pass_takes_all_open_cases_together(forum):
    wang, erika = make_case(State.IN_REVIEW), make_case(State.TRIAGE, ERIKA)
    answered, stranger = make_case(State.ANSWERED), file(WANG).case
    work()
    run = nightly_pass()
    work()

    assert run.scans.count() == 1
    assert erika.matches.count() == 1
    assert wang.matches.count() == 3
    assert not stranger.matches.exists()
    assert len(events(erika, "lookup.finished")) == 1
    assert len(events(answered, "lookup.finished")) == 1  # of its own review, not of the night


def test_a_common_name_is_counted_but_not_kept_without_end(data, monkeypatch):
    monkeypatch.setattr(scanning, "WEAK_KEPT", 5)
    records = [{"id": str(n), "text": "王小明又来了", "url": ""} for n in range(20)]
    (data / "forum.jsonl").write_text(lines(records))
    make_snapshot("forum.jsonl")
    case = make_case(State.IN_REVIEW)
    work()

    assert case.matches.count() == 5
    assert progress_of(case).weak == 20
    (finding,) = findings_of(case)
    assert (finding.not_kept, finding.result) == (15, ScopeResult.NOT_SEARCHED)
    judge_each(case, [m.pk for m in case.matches.all()], Match.Verdict.NOT_THEIRS)
    (finding,) = findings_of(case)
    assert finding.result == ScopeResult.NOT_SEARCHED
    with translation.override("en"):
        assert finding.result_name == "Not all places kept"

    services.request_lookup(case, REVIEWER, keep_more=True)
    work()

    assert case.matches.count() == 20
    assert not PlacesNotKept.objects.exists()
    # Every later look-up of the case keeps as many.
    case.matches.filter(verdict="").delete()
    nightly_pass()
    work()
    assert case.matches.count() == 20


def test_what_was_not_kept_of_a_case_stays_where_a_run_did_not_look_for_it(data, monkeypatch):
    """It entered while the pass of the night was under way, and was looked up by itself."""
    monkeypatch.setattr(scanning, "WEAK_KEPT", 1)
    for name in ("one", "two"):
        records = [{"id": str(n), "text": "王小明又来了", "url": ""} for n in range(3)]
        (data / f"{name}.jsonl").write_text(lines(records))
    posts = make_snapshot(".")
    before = make_case(State.IN_REVIEW)
    work()
    nightly_pass()
    scanning.clear_pass_cache()
    drain()
    first, second = ShardScan.objects.filter(state=ShardScan.State.WAITING)
    scanning.scan_shard(first.pk)
    entered = make_case(State.IN_REVIEW)
    own = {"case": entered, "snapshot": posts, "number": second.number}
    PlacesNotKept.objects.create(**own, counted=7, kept=5)  # as another worker did

    scanning.scan_shard(second.pk)

    assert PlacesNotKept.objects.filter(**own, counted=7, kept=5).exists()
    assert {(0, 3, 1), (1, 3, 1)} == counted_of(before)
    monkeypatch.setattr(scanning, "WEAK_KEPT", 2)
    work()  # the look-up of the case that entered
    assert {(0, 3, 2), (1, 3, 2)} == counted_of(entered)


def counted_of(case):
    return set(case.places_not_kept.values_list("number", "counted", "kept"))


def test_a_case_erased_during_the_search_gets_no_match(forum):
    case = make_case(State.IN_REVIEW)
    scanning.clear_pass_cache()
    drain()
    advance(case, Action.WITHDRAW, PUBLIC)
    request_erasure(case, OFFICER, "retention_over")
    erase(case, OTHER_OFFICER)
    for scan in ShardScan.objects.all():
        scanning.scan_shard(scan.pk)

    assert not Match.objects.exists()


def test_a_spelling_added_while_a_look_up_is_under_way_is_kept_and_searched_after_it(forum):
    case = make_case(State.IN_REVIEW)
    drain()
    first = case.lookup_runs.get()
    assert services.add_spelling(case, REVIEWER, "name", "王晓明") is None
    assert case.spellings.get().value == "王晓明"
    work()

    first.refresh_from_db()
    assert first.finished_at is not None
    second = case.lookup_runs.exclude(pk=first.pk).get()
    assert second.reason == LookupRun.Reason.SPELLING
    assert second.requested_by == REVIEWER.pseudonym
    work()
    assert not case.lookup_runs.filter(finished_at=None).exists()
    assert case.lookup_runs.count() == 2
    assert [e.facts["reason"] for e in events(case, "lookup.requested")] == ["review", "spelling"]


def test_erasing_a_case_takes_its_matches_and_spellings_with_it(forum):
    case = make_case(State.IN_REVIEW)
    lookups_done = case.lookup_runs
    work()
    services.add_spelling(case, REVIEWER, "name", "王晓明")
    work()
    advance(case, Action.WITHDRAW, PUBLIC)
    request_erasure(case, OFFICER, "retention_over")
    erase(case, OTHER_OFFICER)

    assert lookups_done.count() == 2
    assert not case.matches.exists()
    assert not case.spellings.exists()


def test_texts_of_many_records_are_not_kept_in_memory_together(forum, monkeypatch):
    monkeypatch.setattr(scanning, "_LETTERS_AT_ONCE", 1)
    keep, together = scanning._keep, []

    def counted(scan, found):
        together.append(len({id(record) for _hit, record in found}))
        keep(scan, found)

    monkeypatch.setattr(scanning, "_keep", counted)
    case = make_case(State.IN_REVIEW)
    work()

    assert max(together) == 1
    assert case.matches.count() == 3


def test_a_long_record_is_gone_through_once_and_not_for_each_hit(data, monkeypatch):
    hits = 150
    record = {
        "id": 1,
        "text": ("一二三四五。" * 300 + "联系王小明。\n") * hits,
        "title": "王小明" * 3,
    }
    record["title"] += ("长" * 1000 + "王小明。") * 20
    (data / "long.jsonl").write_text(lines([record]))
    make_snapshot("long.jsonl", text_fields=["text", "title"])
    digested, places = [], []
    sha256, place = scanning.text_sha256, scanning.canonical_json
    monkeypatch.setattr(scanning, "text_sha256", lambda t: digested.append(len(t)) or sha256(t))

    def counted(value):
        spelled = place(value)
        places.append(len(spelled))
        return spelled

    monkeypatch.setattr(scanning, "canonical_json", counted)
    case = make_case(State.IN_REVIEW)
    work()

    assert case.matches.count() > hits
    assert sorted(digested) == sorted(len(record[name]) for name in ("text", "title"))
    assert max(places) < 500


def test_an_excerpt_knows_the_hits_of_the_same_person_around_it(data):
    text = "电话 13800001234，" + "王小明" + "。" * 6000 + "王小明 13800001234，别人 13900009999"
    (data / "long.jsonl").write_text(lines([{"id": 1, "text": text, "url": ""}]))
    make_snapshot("long.jsonl")
    case = make_case(State.IN_REVIEW)
    work()

    shown = [m.excerpt for m in case.matches.order_by("start") if m.kind == "name"]
    assert "13800001234" in shown[0]["before"]
    assert "13800001234" in shown[1]["after"]
    assert "13900009999" not in shown[1]["after"]
