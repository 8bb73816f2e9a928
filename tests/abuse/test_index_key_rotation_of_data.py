"""The index key is changed: what was found, taken out and suppressed is still recognised."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from examples.output_filter import ListError, OutputFilter, key_name, read_list
from tests.factories import APPROVER, OFFICER, OTHER_OFFICER, REVIEWER, STEWARD, WANG, make_case
from tests.index_keys import MOMENTS, change_key, change_until, drop_former, rotate, use_former
from tests.workflows.corrections.changing import FORUM, executing, look_up, manifest_for, told
from tests.workflows.corrections.conftest import data, no_broker
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.cases.errors import AttemptReused
from workflows.cases.filing_request import FiledItem
from workflows.cases.lifecycle import Action, State
from workflows.cases.models import Case
from workflows.cases.transition import advance
from workflows.corrections.manifest_application import apply_locally
from workflows.corrections.manifest_verification import verify_manifest
from workflows.corrections.models import RecipientNotice, Reingestion, Tombstone
from workflows.corrections.receipts import ask_to_apply, take_receipt
from workflows.corrections.recipients import InvalidLink, confirm, sweep_recipients, token_of
from workflows.corrections.redo_removal import find_reingested, redo_removal
from workflows.corrections.reingestion import enqueue_redo_removal
from workflows.datasets.models import Snapshot
from workflows.lookups.services import request_lookup
from workflows.model_outputs.suppression import (
    current_etag,
    gateway_keys,
    publish,
    suppress,
    suppression_signer,
)
from workflows.notices import moves
from workflows.outbox.services import drain
from workflows.retention.erasure import erase, request_erasure
from workflows.vault.blind_index import index_keys
from workflows.vocabulary.outcomes import Outcome

__all__ = ["data", "no_broker"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]
DELETE = replace(WANG, items=(FiledItem("delete", {"statement": "请删除。"}),))
PHRASE = "王小明住在上海"


@pytest.fixture(autouse=True)
def former_key(settings) -> None:
    use_former(settings)


@pytest.fixture
def forum(data) -> Snapshot:
    (data / "forum.jsonl").write_text(lines(FORUM))
    return make_snapshot("forum.jsonl")


def taken_out(forum: Snapshot) -> Case:
    """Have the record of a person deleted, and close their case."""
    case = executing(Outcome.DELETED, DELETE)
    manifest = manifest_for(forum)
    ask_to_apply(manifest, STEWARD)
    apply_locally(str(manifest.pk))
    verify_manifest(str(manifest.pk))
    moves.answer(case, APPROVER)
    advance(case, Action.CLOSE, REVIEWER)
    return case


def erase_case(case: Case) -> None:
    request_erasure(case, OFFICER, "retention_over")
    erase(case, OTHER_OFFICER)


def comes_back(data, forum: Snapshot) -> bool:
    """Register a crawl in which the record stands again; return whether that is noticed."""
    (data / "crawl.jsonl").write_text(lines([{"id": "new", "text": FORUM[0]["text"]}]))
    crawl = make_snapshot("crawl.jsonl", forum.dataset, version="crawl", source_field="")
    return find_reingested(crawl.pk) == 1


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_place_that_was_found_is_no_second_match(settings, forum, moment):
    case = make_case(State.IN_REVIEW)
    look_up()
    found = list(case.matches.order_by("pk").values_list("pk", flat=True))
    assert found
    change_until(settings, moment)
    for _turn in range(2):
        request_lookup(case, REVIEWER)
        look_up()
        assert list(case.matches.order_by("pk").values_list("pk", flat=True)) == found
        # The look-up has taken them over.
        drop_former(settings)


class TestTombstones:
    @pytest.mark.parametrize("moment", MOMENTS)
    def test_what_comes_back_is_noticed_and_taken_out_again(self, settings, data, forum, moment):
        erase_case(taken_out(forum))
        change_until(settings, moment)
        assert comes_back(data, forum)
        returned = Reingestion.objects.get()
        enqueue_redo_removal(returned, STEWARD)
        assert redo_removal(returned.pk) is not None

    def test_those_of_cases_that_are_not_erased_need_no_former_key(self, settings, data, forum):
        taken_out(forum)
        (before,) = Tombstone.objects.all()
        change_key(settings)
        said = rotate()
        (after,) = Tombstone.objects.all()
        assert (after.op, after.buried_at) == (before.op, before.buried_at)
        assert bytes(after.digest) != bytes(before.digest)
        assert not [line for line in said if line.startswith("needs a former key: tombstones")]
        drop_former(settings)
        assert comes_back(data, forum)

    def test_those_of_erased_cases_need_it_for_good(self, settings, data, forum):
        erase_case(taken_out(forum))
        change_key(settings)
        assert "needs a former key: tombstones: 1, for good" in rotate()
        drop_former(settings)
        assert not comes_back(data, forum)

    def test_where_the_former_key_is_lost_they_are_made_from_the_manifests(
        self, settings, data, forum
    ):
        taken_out(forum)
        change_key(settings)
        drop_former(settings)
        rotate(former_key_lost=True)
        assert comes_back(data, forum)

    def test_one_that_both_keys_have_made_is_kept_once(self, settings, forum):
        case = taken_out(forum)
        (old,) = Tombstone.objects.all()
        change_key(settings)
        rotate()
        old.pk = None
        old.save()
        assert case.tombstones.count() == 2
        rotate()
        (left,) = case.tombstones.all()
        assert left.key_name == index_keys()[0].name


class TestSuppressedPhrases:
    def suppressed(self, *keys: bytes) -> str:
        entries = read_list(publish().note, suppression_signer().verifier.vkey)
        output = OutputFilter(entries, *keys)
        return output.feed(f"{PHRASE}。") + output.finish()

    @pytest.mark.parametrize("moment", MOMENTS)
    def test_gateways_with_either_key_go_on_suppressing(self, settings, moment):
        suppress(make_case().items.get(), STEWARD, PHRASE, form="keyed_hash")
        (former,) = gateway_keys()
        change_until(settings, moment)
        current, also = gateway_keys()
        assert also == former
        for keys in ((former,), (current,), (current, former)):
            assert self.suppressed(*keys) == "[suppressed]。"

    def test_gateways_see_that_the_list_has_changed(self, settings):
        suppress(make_case().items.get(), STEWARD, PHRASE, form="keyed_hash")
        tags = [publish().etag]
        change_key(settings)
        tags.append(publish().etag)
        rotate()
        tags.append(publish().etag)
        drop_former(settings)
        tags.append(publish().etag)
        assert current_etag() == tags[-1]
        assert len(set(tags)) == 4

    def test_without_the_former_key_a_gateway_needs_the_current_one(self, settings):
        suppress(make_case().items.get(), STEWARD, PHRASE, form="keyed_hash")
        (former,) = gateway_keys()
        change_key(settings)
        rotate()
        drop_former(settings)
        assert self.suppressed(*gateway_keys()) == "[suppressed]。"
        with pytest.raises(ListError, match="not at hand"):
            self.suppressed(former)

    def test_one_of_an_erased_case_needs_the_former_key_at_the_gateways(self, settings):
        case = make_case(State.CLOSED)
        suppress(case.items.get(), STEWARD, PHRASE)
        (former,) = gateway_keys()
        erase_case(case)
        change_key(settings)
        line = (
            "needs a former key: suppressed phrases of erased cases: 1, for good, at the gateways"
        )
        assert line in rotate()
        drop_former(settings)
        assert self.suppressed(*gateway_keys(), former) == "[suppressed]。"
        with pytest.raises(ListError, match="1 keyed hashes"):
            self.suppressed(*gateway_keys())

    def test_one_that_is_erased_after_the_rotation_does_not(self, settings):
        case = make_case(State.CLOSED)
        suppress(case.items.get(), STEWARD, PHRASE)
        change_key(settings)
        rotate()
        drop_former(settings)
        erase_case(case)
        assert self.suppressed(*gateway_keys()) == "[suppressed]。"

    def test_the_portal_and_the_filter_call_a_key_the_same(self):
        entry = suppress(make_case().items.get(), STEWARD, PHRASE)
        assert entry.key_name == key_name(gateway_keys()[0])


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_receipt_for_a_manifest_that_is_sent_again_is_the_same(settings, forum, moment):
    executing(Outcome.DELETED, DELETE)
    manifest = manifest_for(forum)
    given = {"key": "k", "status": "refused", "remark": "disk full"}
    first = take_receipt(manifest, STEWARD, **given)
    change_until(settings, moment)
    assert take_receipt(manifest, STEWARD, **given) == first
    with pytest.raises(AttemptReused):
        take_receipt(manifest, STEWARD, **{**given, "remark": "no disk"})


class TestLinksOfRecipients:
    def link(self) -> str:
        message = [sent for sent in mail.outbox if sent.to == ["data@lab.example"]][-1]
        return next(word for word in message.body.split() if "/recipients/" in word)

    @pytest.mark.parametrize("moment", MOMENTS)
    def test_a_reminder_has_the_same_link_which_confirms(self, settings, forum, moment):
        notice = told(forum)
        first, token = self.link(), token_of(notice)
        change_until(settings, moment)
        sweep_recipients(timezone.now() + timedelta(days=15))
        drain()
        notice.refresh_from_db()
        assert notice.mails == 2
        assert self.link() == first
        assert confirm(token) == notice

    def test_without_the_former_key_a_reminder_has_another(self, settings, forum):
        notice = told(forum)
        first, token = self.link(), token_of(notice)
        change_key(settings)
        rotate()
        drop_former(settings)
        with pytest.raises(InvalidLink):
            confirm(token)
        sweep_recipients(timezone.now() + timedelta(days=15))
        drain()
        assert self.link() != first
        confirm(self.link().rstrip("/").rpartition("/")[2])
        assert RecipientNotice.objects.get().confirmed_at is not None
