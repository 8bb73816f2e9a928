"""Whoever was given a dataset is told of a change that was verified, and confirms once."""

import re
from datetime import date, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from tests.database_time import let_pass
from tests.factories import APPROVER, REVIEWER, STEWARD
from tests.workflows.corrections.changing import FORUM, executing, manifest_for
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.common.errors import InvalidInput, Refused
from workflows.corrections.answer_parts import recipients_informed
from workflows.corrections.manifest_application import apply_locally
from workflows.corrections.manifest_verification import verify_manifest
from workflows.corrections.models import RecipientNotice
from workflows.corrections.receipts import ask_to_apply
from workflows.corrections.recipients import (
    InvalidLink,
    confirm,
    find_notice,
    record_confirmation,
    record_told,
    sweep_recipients,
    token_of,
)
from workflows.datasets.models import Recipient
from workflows.ledger.models import Event
from workflows.notices import moves
from workflows.outbox.services import drain
from workflows.vocabulary.outcomes import Outcome

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]


@pytest.fixture
def forum(data):
    (data / "forum.jsonl").write_text(lines(FORUM))
    return make_snapshot("forum.jsonl")


@pytest.fixture
def lab(forum):
    return Recipient.objects.create(
        dataset=forum.dataset, name="Lab", email="data@lab.example", given_on=date(2026, 1, 1)
    )


def changed(forum, outcome=Outcome.CORRECTED):
    case = executing(outcome)
    manifest = manifest_for(forum)
    ask_to_apply(manifest, STEWARD)
    apply_locally(str(manifest.pk))
    mail.outbox.clear()
    verify_manifest(str(manifest.pk))
    drain()
    return case


def events_of(case):
    names = Event.objects.filter(case=case.pseudonym, name__startswith="recipient.").order_by("pk")
    return list(names.values_list("name", flat=True))


def mails_to_lab():
    return [message for message in mail.outbox if message.to == ["data@lab.example"]]


def test_a_verified_change_is_told_by_mail_without_personal_data(forum, lab):
    case = changed(forum)
    (message,) = mails_to_lab()
    assert f"/recipients/{token_of(RecipientNotice.objects.get())}/" in message.body
    for personal in ("王小明", "上海", "杭州", "13800001234", case.number):
        assert personal not in message.body + message.subject
    assert events_of(case) == ["recipient.notified"]
    (notice,) = case.notices.filter(kind="recipients")
    assert notice.elements == ["action_taken", "dataset_version"]


def test_the_notice_locates_the_record_and_quotes_nothing_of_it(forum, lab):
    from workflows.cases.attachments import read_attachment

    case = changed(forum)
    (notice,) = case.notices.filter(kind="recipients")
    text = next(file for file in notice.files.all() if file.name.endswith(".txt"))
    content = b"".join(read_attachment(text)).decode()
    assert "编号a，字段text" in content
    assert re.search(r"SHA-256：[0-9a-f]{64}", content)
    for personal in ("王小明", "上海", "杭州"):
        assert personal not in content


def test_running_the_effect_again_sends_the_same_link_and_no_second_notice(forum, lab):
    from workflows.corrections.recipient_mail import mail_recipient
    from workflows.outbox.models import Effect

    case = changed(forum)
    effect = Effect.objects.get(kind="corrections.tell_recipient")
    (first,) = mails_to_lab()
    second = mail_recipient(RecipientNotice.objects.get(), effect)
    link = re.compile(r"\S+/recipients/\S+")
    assert link.findall(first.body) == link.findall(second.body)
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]
    assert case.notices.filter(kind="recipients").count() == 1


def test_only_who_was_given_what_has_changed_is_told(forum, lab):
    other = make_snapshot("forum.jsonl", forum.dataset, version="other")
    Recipient.objects.create(
        dataset=forum.dataset, snapshot=other, name="Elsewhere", given_on=date(2026, 1, 1)
    )
    Recipient.objects.create(
        dataset=forum.dataset, snapshot=forum, name="Same", given_on=date(2026, 1, 1)
    )
    changed(forum)
    told = RecipientNotice.objects.values_list("recipient__name", flat=True)
    assert set(told) == {"Lab", "Same"}


def test_the_link_confirms_once_and_looking_confirms_nothing(forum, lab):
    case = changed(forum)
    token = token_of(RecipientNotice.objects.get())
    assert find_notice(token).confirmed_at is None
    assert find_notice(token).confirmed_at is None
    confirm(token)
    with pytest.raises(InvalidLink):
        confirm(token)
    with pytest.raises(InvalidLink):
        find_notice("invented")
    assert events_of(case) == ["recipient.notified", "recipient.confirmed"]


def test_an_old_link_is_refused(forum, lab):
    changed(forum)
    RecipientNotice.objects.update(mailed_at=timezone.now() - timedelta(days=91))
    with pytest.raises(InvalidLink):
        confirm(token_of(RecipientNotice.objects.get()))


def test_who_is_silent_for_two_weeks_is_reminded_three_times(forum, lab):
    case = changed(forum)
    assert sweep_recipients(timezone.now() + timedelta(days=13)) == 0
    for _ in range(4):
        RecipientNotice.objects.update(mailed_at=timezone.now() - timedelta(days=15))
        sweep_recipients()
        sweep_recipients()
        drain()
    assert len(mails_to_lab()) == 4
    assert events_of(case) == ["recipient.notified", *["recipient.reminded"] * 3]
    confirm(token_of(RecipientNotice.objects.get()))
    RecipientNotice.objects.update(mails=1, mailed_at=timezone.now() - timedelta(days=15))
    assert sweep_recipients() == 0


def test_without_an_address_staff_tell_and_take_the_confirmation(forum, lab):
    Recipient.objects.update(email="")
    case = changed(forum)
    notice = RecipientNotice.objects.get()
    assert (mails_to_lab(), notice.told_at) == ([], None)
    with pytest.raises(Refused, match="not told yet"):
        record_confirmation(notice, STEWARD, "They said so.")
    with pytest.raises(Refused, match="Only data stewards"):
        record_told(notice, REVIEWER, "By letter.")
    with pytest.raises(InvalidInput):
        record_told(notice, STEWARD, " ")
    record_told(notice, STEWARD, "By letter.")
    record_confirmation(notice, STEWARD, "By letter of the 3rd.")
    with pytest.raises(Refused, match="already"):
        record_confirmation(notice, STEWARD, "Again.")
    notice.refresh_from_db()
    assert notice.confirmed_by == STEWARD.pseudonym
    assert events_of(case) == ["recipient.notified", "recipient.confirmed"]


def test_an_address_that_was_entered_later_is_used(forum, lab):
    Recipient.objects.update(email="")
    changed(forum)
    Recipient.objects.update(email="data@lab.example")
    assert sweep_recipients(timezone.now() + timedelta(hours=2)) == 1
    drain()
    assert len(mails_to_lab()) == 1


def test_a_first_mail_that_waits_for_the_next_day_is_not_sent_twice(forum, lab, settings):
    settings.MAILS_PER_ADDRESS_PER_DAY = 0
    case = changed(forum)
    assert mails_to_lab() == []
    settings.MAILS_PER_ADDRESS_PER_DAY = 20

    assert sweep_recipients(timezone.now() + timedelta(hours=2)) == 0
    let_pass(timedelta(days=1))
    drain()

    assert len(mails_to_lab()) == 1
    assert events_of(case) == ["recipient.notified"]


def test_the_answer_says_whom_the_data_went_to_and_that_they_were_told(forum, lab):
    case = changed(forum)
    _words, told = recipients_informed(case)
    assert told.items[0].startswith("Lab (")
    assert "told of the change on" in told.items[0]
    confirm(token_of(RecipientNotice.objects.get()))
    _words, told = recipients_informed(case)
    assert "confirmed on" in told.items[0]
    moves.answer(case, APPROVER)
    answer = case.messages.get(kind="answer").body
    assert "Lab" in answer
