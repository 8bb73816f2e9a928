"""An invitation sets the password of one account, once, by who reads its mail, and nobody else."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from freezegun import freeze_time

from tests.abuse.accounts import (
    PASSWORD,
    USERS,
    account_form,
    decide,
    link_of,
    post,
    role_ids,
    set_password,
)
from tests.personas import make_staff, signed_in
from workflows.accounts.models import Invitation
from workflows.ledger.models import Event
from workflows.mail.outbound import next_quota_reset, take_mail_quota
from workflows.outbox.models import Effect
from workflows.outbox.services import drain

pytestmark = pytest.mark.django_db
ADDRESS = "nora@example.org"
FORM = {"username": "nora", "first_name": "Nora", "last_name": "Nowak", "email": ADDRESS}


@pytest.fixture(autouse=True)
def plain_settings(settings) -> None:
    settings.LANGUAGE_CODE = "en"
    settings.MFA_REQUIRED = False


@pytest.fixture
def client(administrator):
    return signed_in(administrator, fresh=True)


@pytest.fixture
def officer(privacy_officer):
    return signed_in(privacy_officer, fresh=True)


@pytest.fixture
def visitor() -> Client:
    """A browser in which nobody is signed in."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def nora(client) -> User:
    """Nora was asked for; nobody has approved her yet."""
    post(client, f"{USERS}add/", {**FORM, "groups": role_ids("reviewer")})
    return User.objects.get(username="nora")


@pytest.fixture
def link(nora, officer, mailoutbox) -> str:
    """The link that Nora gets."""
    decide(officer, "approve")
    return mailed(mailoutbox)[-1]


def mailed(mailoutbox) -> list[str]:
    drain()
    return [link_of(mail) for mail in mailoutbox if mail.to == [ADDRESS]]


def test_nothing_is_mailed_and_nobody_gets_in_before_the_approval(
    nora, mailoutbox, visitor
) -> None:
    assert mailed(mailoutbox) == []
    assert not nora.is_active
    assert not nora.has_usable_password()
    assert not nora.groups.exists()


def test_rejected_nothing_is_ever_mailed(nora, officer, mailoutbox) -> None:
    decide(officer, "reject")
    assert mailed(mailoutbox) == []


def test_the_person_sets_the_password_and_signs_in(link, nora, visitor) -> None:
    answer = set_password(visitor, link)
    assert answer.headers["Location"] == "/accounts/login/"
    nora.refresh_from_db()
    assert nora.is_active
    assert nora.check_password(PASSWORD)
    assert [group.name for group in nora.groups.all()] == ["reviewer"]
    token = visitor.cookies["csrf"].value
    form = {"login": "nora", "password": PASSWORD, "csrfmiddlewaretoken": token}
    assert visitor.post("/accounts/login/", form).headers["Location"] == "/staff/"
    event = Event.objects.get(name="invitation.accepted")
    assert (event.role, event.actor) == ("public", "")


def test_with_a_second_factor_required_it_is_set_up_first(link, visitor, settings) -> None:
    settings.MFA_REQUIRED = True
    set_password(visitor, link)
    token = visitor.cookies["csrf"].value
    form = {"login": "nora", "password": PASSWORD, "csrfmiddlewaretoken": token}
    visitor.post("/accounts/login/", form)
    assert visitor.get("/staff/").headers["Location"].startswith("/accounts/2fa/")


def test_opening_the_link_changes_nothing(link, nora, visitor) -> None:
    for _ in range(3):
        assert visitor.get(link).status_code == 200
        assert visitor.head(link).status_code == 200
    nora.refresh_from_db()
    assert not nora.is_active
    assert Invitation.objects.get().used_at is None


def test_it_works_once(link, nora, visitor) -> None:
    set_password(visitor, link)
    again = Client(enforce_csrf_checks=True)
    assert again.get(link).status_code == 410
    again.get("/accounts/login/")
    token = again.cookies["csrf"].value
    form = {"new_password1": "another long password", "new_password2": "another long password"}
    assert again.post(link, {**form, "csrfmiddlewaretoken": token}).status_code == 410
    nora.refresh_from_db()
    assert nora.check_password(PASSWORD)


def test_it_ends_after_a_week(link, nora, visitor) -> None:
    page = visitor.get(link)
    assert page.status_code == 200
    token = visitor.cookies["csrf"].value
    with freeze_time(timezone.now() + timedelta(days=7, seconds=1)):
        form = {"new_password1": PASSWORD, "new_password2": PASSWORD, "csrfmiddlewaretoken": token}
        assert visitor.post(link, form).status_code == 410
    nora.refresh_from_db()
    assert not nora.is_active


def test_it_is_for_one_account(link, nora, visitor, intake) -> None:
    """Not for who is signed in in the same browser, nor for whom a form names."""
    browser = signed_in(intake)
    browser.get(link)
    token = browser.cookies["csrf"].value
    form = {"new_password1": PASSWORD, "new_password2": PASSWORD, "csrfmiddlewaretoken": token}
    browser.post(link, {**form, "username": "ines", "account": intake.pk, "user": intake.pk})
    intake.refresh_from_db()
    nora.refresh_from_db()
    assert not intake.check_password(PASSWORD)
    assert nora.check_password(PASSWORD)
    # Whoever goes on in this browser has to sign in.
    assert browser.get("/staff/").status_code == 302


@pytest.mark.parametrize("how", ["revoked", "another address", "sent again", "tampered"])
def test_it_ends_when_it_was_taken_back(  # noqa: PLR0917 - fixtures
    how, link, nora, visitor, client, officer, mailoutbox
) -> None:
    match how:
        case "revoked":
            post(client, f"{USERS}{nora.pk}/link-end/")
        case "another address":
            change = account_form(nora, groups=role_ids("reviewer"), email="other@example.org")
            post(client, f"{USERS}{nora.pk}/change/", change)
            decide(officer, "approve")
        case "sent again":
            post(client, f"{USERS}{nora.pk}/invite/", {"groups": role_ids("reviewer")})
            decide(officer, "approve")
            assert mailed(mailoutbox)[-1] != link
        case "tampered":
            link = link.replace(link[-5:-1], "AAAA")
    assert visitor.get(link).status_code == 410
    nora.refresh_from_db()
    assert not nora.is_active


def test_who_is_locked_out_resets_nothing(client, officer, intake, mailoutbox, visitor) -> None:
    User.objects.filter(pk=intake.pk).update(email=ADDRESS)
    post(client, f"{USERS}{intake.pk}/reset/")
    decide(officer, "approve")
    [link] = mailed(mailoutbox)
    intake.refresh_from_db()
    post(client, f"{USERS}{intake.pk}/change/", account_form(intake, is_active=None))
    assert visitor.get(link).status_code == 410


def test_before_it_is_accepted_no_other_way_leads_in(link, nora, visitor, mailoutbox) -> None:
    mailoutbox.clear()
    visitor.get("/accounts/password/reset/")
    token = visitor.cookies["csrf"].value
    visitor.post("/accounts/password/reset/", {"email": ADDRESS, "csrfmiddlewaretoken": token})
    drain()
    assert mailoutbox == []


def test_the_password_must_be_long(link, nora, visitor) -> None:
    answer = set_password(visitor, link, "short")
    assert "at least 14 characters" in answer.content.decode()
    nora.refresh_from_db()
    assert not nora.is_active


def test_only_a_keyed_hash_of_the_secret_is_kept(link, nora) -> None:
    secret = link.rstrip("/").rpartition("/")[2]
    assert secret.encode() not in bytes(Invitation.objects.get().token_digest)
    kept = str([(effect.key, effect.payload) for effect in Effect.objects.all()])
    assert secret not in kept
    assert ADDRESS not in kept
    assert ADDRESS not in str([event.body for event in Event.objects.all()])


def test_the_link_comes_from_the_settings_and_not_from_a_host(nora, officer, mailoutbox) -> None:
    decide(officer, "approve")
    drain()
    [mail] = [mail for mail in mailoutbox if mail.to == [ADDRESS]]
    assert "http://testserver/accounts/invitation/" in mail.body
    assert "nora" in mail.body


def test_a_mail_sent_again_after_a_crash_has_the_same_link(nora, officer, mailoutbox) -> None:
    decide(officer, "approve")
    [first] = mailed(mailoutbox)
    Effect.objects.filter(kind="accounts.invitation").update(
        state="pending", sent_at=None, due_at=Now()
    )
    assert mailed(mailoutbox) == [first, first]


def test_beyond_a_days_limit_the_link_waits_until_tomorrow(
    nora, officer, mailoutbox, settings
) -> None:
    settings.MAILS_PER_ADDRESS_PER_DAY = 1
    assert take_mail_quota(ADDRESS, confirmed=True)
    decide(officer, "approve")
    assert mailed(mailoutbox) == []
    waiting = Effect.objects.filter(kind="accounts.invitation", state="pending")
    assert waiting.get().due_at >= next_quota_reset()
    waiting.update(due_at=Now())
    with freeze_time(timezone.now() + timedelta(days=1)):
        assert len(mailed(mailoutbox)) == 1


def test_nobody_is_invited_without_a_role_or_to_anothers_address(client, intake) -> None:
    User.objects.filter(pk=intake.pk).update(email=ADDRESS.upper())
    without_role = post(client, f"{USERS}add/", {**FORM, "email": "new@example.org"})
    assert "This field is required." in without_role.content.decode()
    same_address = post(client, f"{USERS}add/", {**FORM, "groups": role_ids("intake")})
    assert "Another account has this address." in same_address.content.decode()
    assert not User.objects.filter(username="nora").exists()


def test_inviting_needs_a_fresh_sign_in(administrator) -> None:
    answer = signed_in(administrator).get(f"{USERS}add/")
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")


def test_who_sees_no_accounts_invites_nobody(privacy_officer) -> None:
    assert signed_in(privacy_officer, fresh=True).get(f"{USERS}add/").status_code == 403
    assert signed_in(make_staff("someone", "intake"), fresh=True).get(USERS).status_code == 403
