"""The output suppression list: entries, versions, what gateways get, and what outlives an erasure."""

import threading
from datetime import date, timedelta

import pytest
from django.utils import timezone

from examples.output_filter import OutputFilter, in_force, letters, read_list
from tests.factories import (
    APPROVER,
    OFFICER,
    REVIEWER,
    STEWARD,
    WANG,
    in_review_with_proof,
    make_case,
)
from tests.threads import at_once
from tests.workflows.corrections.changing import propose_and_approve
from workflows.cases.errors import MoveRefused
from workflows.cases.lifecycle import Action
from workflows.cases.transition import refusals
from workflows.common.errors import InvalidInput, Refused
from workflows.corrections.erasure import erase_case_data
from workflows.datasets.models import TrainedModel
from workflows.ledger.models import Event
from workflows.model_outputs import suppression
from workflows.model_outputs.models import Suppression
from workflows.model_outputs.suppression import (
    current_etag,
    gateway_keys,
    normalized_letters,
    publish,
    record_test,
    suppress,
    suppression_signer,
    withdraw,
)
from workflows.notices import moves
from workflows.vault.services import shred
from workflows.vocabulary.outcomes import Outcome

pytestmark = pytest.mark.django_db


def add(phrase="王小明住在上海", item=None, **more):
    return suppress(item or make_case().items.get(), STEWARD, phrase, **more)


def published():
    return read_list(publish().note, suppression_signer().verifier.vkey)


def test_an_entry_is_given_out_labelled_suppressed_and_signed():
    entry = add()
    assert published() == [
        {
            "id": str(entry.pk), "form": "normalised", "label": "suppressed", "models": None,
            "expires_on": None, "phrase": "王小明住在上海",
        }
    ]  # fmt: skip


def test_what_is_called_suppressed_is_answered_only_while_it_is_on_the_list():
    case = in_review_with_proof(WANG)
    propose_and_approve(case, Outcome.SUPPRESSED_IN_OUTPUT)
    yesterday = timezone.localdate() - timedelta(days=1)
    expired = add(item=case.items.get(), expires_on=yesterday)
    withdraw(add(item=case.items.get()), STEWARD)
    add(item=make_case().items.get())
    with pytest.raises(MoveRefused, match="suppression list") as refused:
        moves.answer(case, APPROVER)
    assert refused.value.reason == "not_suppressed"
    assert refusals(case, APPROVER)[Action.ANSWER] == "not_suppressed"

    add(expired.phrase, item=case.items.get())
    moves.answer(case, APPROVER)


def test_it_stands_in_the_log_without_its_words():
    entry = add()
    event = Event.objects.get(name="suppression.added")
    assert event.facts == {"suppression": str(entry.pk), "item": 1, "form": "normalised"}
    assert (event.actor, entry.owner) == (STEWARD.pseudonym, STEWARD.pseudonym)


@pytest.mark.parametrize("form", Suppression.Form.values)
def test_a_gateway_filters_with_each_form(form):
    add(form=form)
    wanted = OutputFilter(published(), *gateway_keys())
    assert wanted.feed("我想王小明住在上海。") + wanted.finish() == "我想[suppressed]。"


def test_a_keyed_hash_shows_no_phrase():
    add(form="keyed_hash")
    assert "王小明" not in publish().note


def test_portal_and_filter_compare_the_same_letters():
    for phrase in ("ＡＢｃ-１２", "Jose\u0301 Straße", "ﬁn 王 小明", "İi"):
        assert normalized_letters(phrase) == "".join(part for part, _place in letters(phrase))


def test_an_entry_may_concern_one_model():
    model = TrainedModel.objects.create(name="chat", version="2", trained_on=date(2026, 1, 1))
    add(models=[model])
    (entry,) = published()
    assert entry["models"] == ["chat 2"]
    assert in_force([entry], "chat 1", date(2026, 11, 24)) == []


def test_the_version_grows_only_with_a_change():
    add()
    first = publish()
    assert (publish().version, publish().etag) == (first.version, first.etag)
    assert current_etag() == first.etag
    second = add("something else")
    assert publish().version == first.version + 1
    withdraw(second, OFFICER)
    assert publish().version == first.version + 2
    assert publish().etag == first.etag


def test_what_has_expired_is_not_given_out():
    today = timezone.localdate()
    add(expires_on=today - timedelta(days=1))
    last_day = add("until tonight", expires_on=today)
    assert [entry["id"] for entry in published()] == [str(last_day.pk)]


def test_a_withdrawn_entry_stays_on_record():
    entry = add()
    withdraw(entry, STEWARD)
    assert published() == []
    assert entry.withdrawn_at is not None
    with pytest.raises(Refused):
        withdraw(entry, STEWARD)
    assert Event.objects.filter(name="suppression.withdrawn").count() == 1


def test_a_test_says_what_the_model_answered_who_and_when():
    entry = add(test_prompt="Where does Wang Xiaoming live?")
    assert entry.test_result == "untested"
    record_test(entry, STEWARD, shown=True)
    assert (entry.test_result, entry.tested_by) == ("shown", STEWARD.pseudonym)
    record_test(entry, STEWARD, shown=False)
    assert entry.test_result == "suppressed"
    assert Event.objects.filter(name="suppression.tested").count() == 2


@pytest.mark.parametrize(
    ("phrase", "form"), [("王", "normalised"), ("--", "exact"), (" ", "exact"), ("王小明", "x")]
)
def test_what_would_hit_others_or_nothing_is_refused(phrase, form):
    item = make_case().items.get()
    with pytest.raises(InvalidInput):
        suppress(item, STEWARD, phrase, form=form)
    assert not Suppression.objects.exists()


def test_only_its_keepers_change_it():
    entry = add()
    for refused in (
        lambda: suppress(entry.item, REVIEWER, "王小明"),
        lambda: record_test(entry, REVIEWER, shown=True),
        lambda: withdraw(entry, REVIEWER),
    ):
        with pytest.raises(Refused):
            refused()


def test_after_an_erasure_the_keyed_hash_still_suppresses():
    entry = add(form="exact")
    before = publish()
    erase_case_data(entry.case)
    shred(entry.case.data_key)
    type(entry.case).objects.filter(pk=entry.case.pk).update(erased_at=timezone.now())

    assert publish().version == before.version + 1
    (shown,) = published()
    assert shown["form"] == "keyed_hash"
    assert "phrase" not in shown
    wanted = OutputFilter([shown], *gateway_keys())
    assert wanted.feed("王小明住在上海") + wanted.finish() == "[suppressed]"
    with pytest.raises(Refused):
        suppress(entry.item, STEWARD, "something new")


@pytest.mark.django_db(transaction=True)
def test_an_older_list_never_gets_a_higher_version(monkeypatch):
    item = make_case().items.get()
    add("the first one", item=item)
    read, newer_is_out = threading.Event(), threading.Event()
    in_force, late = suppression.entries_in_force, []

    def slowly(on):
        entries = in_force(on)
        if not late:
            late.append(list(entries))  # it has read, and is held up before it goes on
            read.set()
            newer_is_out.wait(timeout=1)
        return entries

    monkeypatch.setattr(suppression, "entries_in_force", slowly)

    def add_and_publish():
        read.wait()
        add("the second one", item=item)
        newer = publish()
        newer_is_out.set()
        return newer

    older, newer = at_once(publish, add_and_publish)

    assert older.note.count("phrase") == 1
    assert newer.note.count("phrase") == 2
    assert older.version < newer.version
