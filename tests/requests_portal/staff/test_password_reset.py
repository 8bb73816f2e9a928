"""A password is reset by a mail: to nobody else, not too often, and with no word of a stranger."""

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.urls import reverse

from tests.personas import PASSWORD, signed_in
from workflows.accounts.actors import actor_for
from workflows.ledger.models import Event
from workflows.outbox.models import Effect
from workflows.outbox.services import drain

pytestmark = pytest.mark.django_db
RESET = "/accounts/password/reset/"
ADDRESS = "ines@example.org"


@pytest.fixture(autouse=True)
def no_throttle(settings) -> None:
    """A throttle that lives in one process must not be what protects."""
    settings.ACCOUNT_RATE_LIMITS = False


@pytest.fixture
def ines(intake: User) -> User:
    intake.email = ADDRESS
    intake.save()
    return intake


def ask(client, address: str, **extra):
    answer = client.post(RESET, {"email": address}, **extra)
    drain()
    return answer


def test_the_link_of_the_mail_sets_a_new_password(client, ines, mailoutbox) -> None:
    ask(client, ADDRESS)
    [sent] = mailoutbox
    assert sent.to == [ADDRESS]
    [link] = [word for word in sent.body.split() if "/key/" in word]
    page = client.get(link.removeprefix("http://testserver"), follow=True)
    new = {"password1": "a rather long password", "password2": "a rather long password"}
    client.post(page.request["PATH_INFO"], new)
    ines.refresh_from_db()
    assert ines.check_password("a rather long password")
    # Who did it is not known: whoever could read the mail.
    event = Event.objects.get(name="password.reset_by_mail")
    assert (event.role, event.actor) == ("public", "")
    assert event.facts == {"account": actor_for(ines).pseudonym}


@pytest.mark.parametrize("had_one", [True, False])
def test_a_password_that_somebody_sets_for_themselves_stands_in_the_log(ines, had_one) -> None:
    if not had_one:
        ines.set_unusable_password()
        ines.save()
    client = signed_in(ines, fresh=True)
    path = f"/accounts/password/{'change' if had_one else 'set'}/"
    client.get(path)
    token = client.cookies["csrf"].value
    new = {"password1": "a rather long password", "password2": "a rather long password"}
    client.post(path, {"csrfmiddlewaretoken": token, "oldpassword": PASSWORD, **new})
    ines.refresh_from_db()
    assert ines.check_password("a rather long password")
    event = Event.objects.get(name="password.changed")
    assert (event.role, event.actor) == ("intake", actor_for(ines).pseudonym)
    assert event.facts == {"account": actor_for(ines).pseudonym}


def test_the_admin_has_no_other_way_to_change_a_password(ines) -> None:
    answer = signed_in(ines).get("/staff/password_change/")
    assert answer.headers["Location"] == "/accounts/password/change/"


def test_a_strangers_address_gets_no_mail(client, ines, mailoutbox) -> None:
    ask(client, "victim@example.org")
    assert mailoutbox == []


def test_the_answer_does_not_tell_who_has_an_account(client, ines) -> None:
    known, unknown = ask(client, ADDRESS), ask(client, "victim@example.org")
    assert known.headers["Location"] == unknown.headers["Location"]
    pages = [client.get(answer.headers["Location"]) for answer in (known, unknown)]
    assert pages[0].status_code == pages[1].status_code == 200


def test_the_page_does_not_wait_for_the_mail_server(client, ines, monkeypatch) -> None:
    def slow(*_: object, **__: object) -> None:
        raise AssertionError("sent while somebody waited for the page")

    monkeypatch.setattr(mail.EmailMessage, "send", slow)
    assert client.post(RESET, {"email": ADDRESS}).status_code == 302
    [effect] = Effect.objects.all()
    assert ADDRESS not in str(effect.payload)


def test_no_more_mails_than_a_days_limit(client, ines, settings, mailoutbox) -> None:
    settings.MAILS_PER_ADDRESS_PER_DAY = 2
    answers = [ask(client, ADDRESS) for _ in range(3)]
    assert len(mailoutbox) == 2
    assert {answer.headers["Location"] for answer in answers} == {
        reverse("account_reset_password_done")
    }


def test_nothing_of_the_mail_comes_from_the_host_that_was_asked(
    client, ines, settings, mailoutbox
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    ask(client, ADDRESS, headers={"host": "evil.example"})
    [sent] = mailoutbox
    assert "http://testserver/accounts/password/reset/key/" in sent.body
    assert "evil" not in sent.subject + sent.body


def test_who_was_made_inactive_meanwhile_gets_no_link(client, ines, mailoutbox) -> None:
    client.post(RESET, {"email": ADDRESS})
    User.objects.filter(pk=ines.pk).update(is_active=False)
    drain()
    assert mailoutbox == []


def test_nobody_adds_addresses_to_their_account_by_themselves(ines, mailoutbox) -> None:
    client = signed_in(ines, fresh=True)
    client.get("/accounts/reauthenticate/")
    data = {"csrfmiddlewaretoken": client.cookies["csrf"].value, "action_add": ""}
    answer = client.post("/accounts/email/", {**data, "email": "victim@example.org"})
    assert answer.status_code == 404
    assert mailoutbox == []
