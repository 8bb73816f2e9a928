"""Sending: once, on record, in three sealed files; and what is sent without anybody's hand."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from tests.factories import ERIKA, WANG, file, make_case
from workflows.cases.attachments import read_attachment
from workflows.cases.lifecycle import State
from workflows.cases.models import Attachment, Message
from workflows.ledger.models import Event
from workflows.notices import facts
from workflows.notices import services as notices_pdf
from workflows.notices.composing import compose
from workflows.notices.models import Notice
from workflows.notices.services import (
    files_of_the_person,
    notices_to_the_person,
    other_files,
    send_notice,
)
from workflows.outbox.models import Effect
from workflows.outbox.services import drain
from workflows.routing.effects import sweep_clocks

pytestmark = pytest.mark.django_db

FEE = facts.Fee("EUR 20", "The ninth request of this year.")


def test_the_same_key_sends_it_once():
    case = file(ERIKA).case
    first = send_notice(case, "fee", FEE, key="fee:1")
    again = send_notice(case, "fee", FEE, key="fee:1")

    assert first == again
    assert Event.objects.filter(name="notice.sent").count() == 1
    assert Effect.objects.filter(kind="mail.message").count() == 1


def test_no_mail_goes_out_before_what_can_fail(mailoutbox, monkeypatch):
    file(ERIKA)

    def fail(*_args, **_kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr(notices_pdf, "render_pdf", fail)
    drain()
    drain()

    assert Effect.objects.get(kind="notices.acknowledge").state == Effect.State.PENDING
    assert [mail.subject for mail in mailoutbox if "received your request" in mail.subject] == []


def test_it_is_attached_in_three_formats_and_sealed():
    case = file(ERIKA).case
    notice = send_notice(case, "fee", FEE, key="fee:1")

    files = {attachment.media_type: attachment for attachment in notice.files.all()}
    assert set(files) == {"application/pdf", "text/html", "text/plain"}
    for attachment in files.values():
        content = b"".join(read_attachment(attachment))
        assert len(content) == attachment.size
        assert not attachment.from_person
    text = b"".join(read_attachment(files["text/plain"])).decode()
    assert text == notice.message.body
    assert "The ninth request" in text


def test_what_is_for_an_organisation_is_kept_from_the_person(mailoutbox):
    case = file(ERIKA).case
    notice = send_notice(
        case, "recipients", facts.Recipients("web 3", "Deleted."), key="recipients:1"
    )

    assert notice.message is None
    assert list(notices_to_the_person(case)) == []
    assert not files_of_the_person(case).exists()
    assert not Effect.objects.filter(kind="mail.message").exists()


def test_files_of_notices_are_no_other_files_and_take_no_room_from_the_person():
    case = file(ERIKA).case
    send_notice(case, "fee", FEE, key="fee:1")

    assert Attachment.objects.filter(case=case).count() == 3
    assert not other_files(case).exists()


def test_several_regimes_of_a_case_are_all_satisfied(settings):
    case = file(WANG).case
    settings.PROVIDER_REGIMES = ["CN", "KR"]
    korean = file(ERIKA, residence="KR").case
    case.regimes = ["CN", "KR"]
    case.regime_versions |= korean.regime_versions
    case.items.update(outcome="refused", ground="not_proved")
    for item in case.items.all():
        item.reasons = "理由。"
        item.save()

    composed = compose(case, "refusal", facts.Decided(tuple(case.items.all())))

    assert composed.missing == {}
    assert {"appeal_route", "court"} <= composed.contained["refusal"]
    assert {text.place.regime for text in composed.texts} == {"CN", "KR"}


class TestTheAcknowledgement:
    def test_is_a_notice_and_no_message(self):
        case = file(ERIKA).case
        drain()

        notice = case.notices.get()
        assert (notice.kind, notice.message) == ("acknowledgement", None)
        assert {"case_number", "receipt_time", "due_date"} <= set(notice.elements)
        assert not Message.objects.filter(case=case).exists()

    def test_tells_the_instant_in_the_zone_of_the_law(self):
        case = file(WANG).case
        text = next(iter(compose(case, "acknowledgement", facts.Acknowledgement()).document.blocks))
        assert case.number in text.nodes[0].text
        drain()
        stored = case.notices.get().files.get(media_type="text/plain")
        local = timezone.localtime(case.filed_at, ZoneInfo("Asia/Shanghai"))
        assert f"{local:%H:%M}（Asia/Shanghai时间）" in b"".join(read_attachment(stored)).decode()


class TestLateness:
    def late(self, case):
        clock = case.clocks.get(leads=True)
        while sweep_clocks(clock.due_at + timedelta(seconds=1)):
            pass
        drain()
        return clock

    def test_is_told_when_the_leading_clock_is_missed(self):
        case = make_case(State.TRIAGE, ERIKA)
        clock = self.late(case)

        notice = case.notices.get(kind="lateness")
        assert {"apology", "new_date", "authority"} <= set(notice.elements)
        assert f"{clock.due_on.day} " in notice.message.body
        assert notice.message.kind == Message.Kind.NOTICE

    def test_is_told_once_however_often_it_is_swept(self):
        case = make_case(State.TRIAGE, ERIKA)
        self.late(case)
        self.late(case)

        assert case.notices.filter(kind="lateness").count() == 1

    def test_is_not_told_of_what_was_answered_meanwhile(self):
        case = make_case(State.EXECUTING, ERIKA)
        clock = case.clocks.get(leads=True)
        while sweep_clocks(clock.due_at + timedelta(seconds=1)):
            pass
        from tests.factories import APPROVER
        from workflows.notices import moves

        moves.answer(case, APPROVER)
        drain()

        assert not Notice.objects.filter(kind="lateness").exists()
