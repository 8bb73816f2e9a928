"""A mail server that is slow, away for days or refuses an address: no mail is lost or held up."""

import ast
import threading
from datetime import timedelta
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from requests_portal.local.folders import PROJECT
from requests_portal.local.sockets import free_port
from tests.database_time import let_pass
from tests.factories import ERIKA, INTAKE, file, make_case
from workflows.cases import correspondence
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.mail.models import MailTally
from workflows.outbox import handlers, queues, running
from workflows.outbox.handlers import (
    LONGEST_DELAY,
    MAX_ATTEMPTS,
    MAX_ATTEMPTS_OF_MAIL,
    delay_after,
    mail_handler,
)
from workflows.outbox.models import Effect
from workflows.outbox.services import drain, enqueue, run_effect
from workflows.vocabulary.people import Assurance


@pytest.fixture
def registry(monkeypatch) -> dict[str, object]:
    registry: dict[str, object] = {}
    monkeypatch.setattr(handlers, "_handlers", registry)
    return registry


@pytest.fixture
def letter(registry) -> Effect:
    """A mail that waits to be sent."""
    mail_handler("letter")(letter_to("somebody@mail.example"))
    return enqueue("letter", key="letter", payload={})


def letter_to(address: str):
    def compose(effect: Effect) -> EmailMessage:
        return EmailMessage("Subject", "Body", to=[address], headers={"Message-ID": str(effect.pk)})

    return compose


@pytest.fixture
def no_server(monkeypatch) -> None:
    def fail(_mail: EmailMessage) -> None:
        raise SMTPServerDisconnected("somebody@mail.example")

    monkeypatch.setattr(EmailMessage, "send", fail)


class RefusingServer:
    """A mail server that refuses each recipient with one answer."""

    def __init__(self, answer: str) -> None:
        self.answer = answer

    async def handle_RCPT(self, *_: Any) -> str:
        return self.answer


@pytest.fixture
def refusing(settings, request):
    """A real SMTP server that gives the answer of the test's parameter."""
    port = free_port()
    server = Controller(RefusingServer(request.param), hostname="127.0.0.1", port=port)
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    yield request.param
    server.stop()


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_mail_server_is_asked(letter, monkeypatch) -> None:
    open_then = []
    monkeypatch.setattr(
        EmailMessage, "send", lambda _: open_then.append(connection.in_atomic_block)
    )
    run_effect(letter.pk)

    letter.refresh_from_db()
    assert open_then == [False]
    assert letter.state == Effect.State.DONE
    assert letter.sent_at is not None


@pytest.mark.django_db(transaction=True)
def test_two_workers_do_not_send_a_mail_at_the_same_time(letter, monkeypatch) -> None:
    monkeypatch.setattr(running, "delay_after", lambda _: timedelta())
    asked, go_on, sent = threading.Event(), threading.Event(), []

    def slow(mail: EmailMessage) -> None:
        sent.append(mail)
        asked.set()
        assert go_on.wait(30)

    monkeypatch.setattr(EmailMessage, "send", slow)

    def work() -> None:
        try:
            run_effect(letter.pk)
        finally:
            connection.close()

    first = threading.Thread(target=work)
    first.start()
    assert asked.wait(30)
    second = threading.Thread(target=work)
    second.start()
    second.join(30)
    go_on.set()
    first.join(30)

    letter.refresh_from_db()
    assert len(sent) == 1
    assert (letter.state, letter.attempts) == (Effect.State.DONE, 1)


@pytest.mark.django_db
def test_what_fails_after_a_mail_was_sent_does_not_send_it_again(registry, mailoutbox) -> None:
    seen = []

    def then(effect: Effect, sent: bool) -> None:
        seen.append(sent)
        if len(seen) == 1:
            raise ConnectionError

    mail_handler("letter", then=then)(letter_to("somebody@mail.example"))
    effect = enqueue("letter", key="letter", payload={})
    run_effect(effect.pk)
    effect.refresh_from_db()
    assert effect.state == Effect.State.PENDING
    let_pass(LONGEST_DELAY)
    run_effect(effect.pk)

    effect.refresh_from_db()
    assert effect.state == Effect.State.DONE
    assert seen == [True, True]
    assert len(mailoutbox) == 1


@pytest.mark.django_db
def test_a_crash_between_mail_and_mark_sends_it_again_as_the_same_mail(
    letter, mailoutbox, monkeypatch
) -> None:
    send = running.send

    def send_and_die(mail: EmailMessage) -> None:
        send(mail)
        raise SystemExit

    with monkeypatch.context() as crash:
        crash.setattr(running, "send", send_and_die)
        with pytest.raises(SystemExit):
            run_effect(letter.pk)
    let_pass(LONGEST_DELAY)
    run_effect(letter.pk)

    first, again = mailoutbox
    assert first.extra_headers["Message-ID"] == again.extra_headers["Message-ID"]
    letter.refresh_from_db()
    assert letter.state == Effect.State.DONE


@pytest.mark.django_db
def test_after_an_outage_of_hours_no_mail_is_given_up_and_each_is_sent(
    mailoutbox, monkeypatch
) -> None:
    """Twelve attempts, two hours and a half, were the end of every mail."""
    case = make_case(State.TRIAGE, ERIKA)
    drain()
    mailoutbox.clear()
    correspondence.write_to_person(case, INTAKE, "A word.")
    with monkeypatch.context() as outage:
        outage.setattr(EmailMessage, "send", lambda _: (_ for _ in ()).throw(OSError))
        for _ in range(MAX_ATTEMPTS + 5):
            drain()
            let_pass(LONGEST_DELAY)
        assert not Effect.objects.filter(state=Effect.State.DEAD).exists()
    drain()

    assert [mail.to for mail in mailoutbox] == [[ERIKA.email]]


def test_a_mail_is_tried_for_five_days() -> None:
    tried_for = sum(map(delay_after, range(1, MAX_ATTEMPTS_OF_MAIL)), timedelta())

    assert timedelta(days=5) < tried_for < timedelta(days=6)


@pytest.mark.django_db
def test_a_mail_is_given_up_in_the_end_and_the_health_page_tells(letter, no_server, client) -> None:
    for _ in range(MAX_ATTEMPTS_OF_MAIL + 1):
        run_effect(letter.pk)
        let_pass(LONGEST_DELAY)

    letter.refresh_from_db()
    assert (letter.state, letter.last_error) == (Effect.State.DEAD, "SMTPServerDisconnected")
    assert client.get(reverse("readyz")).json()["checks"]["dead_letters"] == 1


@pytest.mark.django_db
def test_a_mail_tried_again_and_again_counts_once_a_day_for_its_address(
    mailoutbox, monkeypatch, settings
) -> None:
    settings.MAILS_PER_ADDRESS_PER_DAY = 3
    case = make_case(State.TRIAGE, ERIKA)
    Case.objects.update(assurance=Assurance.CONTACT)
    drain()
    MailTally.objects.all().delete()
    correspondence.write_to_person(case, INTAKE, "A word.")
    with monkeypatch.context() as outage:
        outage.setattr(EmailMessage, "send", lambda _: (_ for _ in ()).throw(OSError))
        for _ in range(10):
            drain()
            let_pass(LONGEST_DELAY)

    assert MailTally.objects.get().count == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "refusing", ["550 no such user", "551 not local", "553 5.1.3 bad"], indirect=True
)
def test_an_address_that_nobody_has_ends_the_mail_at_once(letter, refusing, caplog) -> None:
    run_effect(letter.pk)

    letter.refresh_from_db()
    assert (letter.state, letter.attempts) == (Effect.State.DEAD, 1)
    assert letter.last_error == f"AddressRefused {refusing[:3]}"
    ours = [record.message for record in caplog.records if record.name.startswith("workflows")]
    assert len(ours) == 1
    assert "somebody@mail.example" not in ours[0]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "refusing",
    ["450 try later", "550 5.7.1 relaying denied", "530 5.7.0 log in first", "552 mailbox full"],
    indirect=True,
)
def test_a_refusal_that_may_be_mended_is_tried_again(letter, refusing) -> None:
    run_effect(letter.pk)

    letter.refresh_from_db()
    assert letter.state == Effect.State.PENDING
    assert letter.last_error == "SMTPRecipientsRefused"


@pytest.mark.django_db
def test_what_mails_waits_in_a_queue_of_its_own() -> None:
    """A slow mail server holds up mails, and neither routing nor acknowledging nor look-ups."""
    file(ERIKA)
    drain()
    of_queue = {
        queue: set(Effect.objects.filter(queue=queue).values_list("kind", flat=True))
        for queue in queues.OF_EFFECTS
    }
    assert of_queue["mail"] == {"mail.confirm_contact", "notices.tell_of_acknowledgement"}
    assert of_queue["celery"] >= {
        "identity.confirm_contact",
        "routing.route",
        "notices.acknowledge",
    }


def test_mails_are_sent_in_one_place_alone() -> None:
    """Whoever sends a mail elsewhere sends it inside a transaction or while a page waits."""
    senders = set()
    for folder in ("workflows", "requests_portal"):
        for path in (PROJECT / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            if "mail" in text.lower() and any(map(_sends, ast.walk(ast.parse(text)))):
                senders.add(path.relative_to(PROJECT).as_posix())
    # The second is allauth's own way, of which the settings leave nothing.
    assert senders == {"workflows/outbox/sending.py", "requests_portal/sign_in/adapters.py"}


def _sends(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    plain = not node.args and not node.keywords
    return name in {"send_mail", "send_mass_mail", "send_messages"} or (name == "send" and plain)


class TestTryingAgain:
    @pytest.fixture(autouse=True)
    def dead_ones(self, db) -> None:
        for kind, queue in (("mail.answer", "mail"), ("mail.fee", "mail"), ("route", "celery")):
            Effect.objects.create(
                kind=kind, key=kind, queue=queue, state=Effect.State.DEAD, attempts=130
            )

    def tried(self, *arguments: str, capsys) -> set[str]:
        call_command("outbox_retry", *arguments)
        pending = Effect.objects.filter(state=Effect.State.PENDING, attempts=0)
        kinds = set(pending.values_list("kind", flat=True))
        assert capsys.readouterr().out == f"{len(kinds)} effects will be tried.\n"
        return kinds

    def test_by_kind(self, capsys) -> None:
        assert self.tried("--kind", "mail.fee", capsys=capsys) == {"mail.fee"}

    def test_by_the_beginning_of_kinds(self, capsys) -> None:
        assert self.tried("--kind", "mail.", capsys=capsys) == {"mail.answer", "mail.fee"}

    def test_by_several_kinds(self, capsys) -> None:
        kinds = self.tried("--kind", "mail.fee", "--kind", "route", capsys=capsys)
        assert kinds == {"mail.fee", "route"}

    def test_by_queue(self, capsys) -> None:
        assert self.tried("--queue", "mail", capsys=capsys) == {"mail.answer", "mail.fee"}

    def test_what_failed_and_waits_is_tried_now_when_asked_for(self, capsys) -> None:
        waits = enqueue("mail.message", key="waits", payload={}, delay=timedelta(hours=1))
        Effect.objects.filter(pk=waits.pk).update(last_error="OSError", attempts=9)
        too_early = enqueue("mail.merged", key="early", payload={}, delay=timedelta(hours=1))
        call_command("outbox_retry", "--queue", "mail", "--waiting")

        assert capsys.readouterr().out == "3 effects will be tried.\n"
        waits.refresh_from_db()
        assert waits.due_at < Effect.objects.get(pk=too_early.pk).due_at - timedelta(minutes=59)

    def test_not_of_everything_by_an_oversight(self) -> None:
        with pytest.raises(CommandError, match="--kind or --queue"):
            call_command("outbox_retry")
