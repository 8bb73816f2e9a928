"""Whose second factor was taken away, or who was locked out, is signed in nowhere any more.

Whoever sat in one of these sessions could set up a factor of their own.
"""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from requests_portal.models import Session
from tests.abuse.accounts import APPROVALS, USERS, account_form, decide, post
from tests.personas import make_regulator, make_staff, signed_in
from workflows.accounts.models import ApprovalRequest

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english_pages(settings) -> None:
    settings.LANGUAGE_CODE = "en"
    settings.MFA_REQUIRED = False


@pytest.fixture
def administrator_browser(administrator) -> Client:
    return signed_in(administrator, fresh=True)


@pytest.fixture
def officer_browser(privacy_officer) -> Client:
    return signed_in(privacy_officer, fresh=True)


def is_signed_in(client: Client, page: str = "/staff/") -> bool:
    return client.get(page).status_code == 200


def sessions_of(account: User) -> int:
    return Session.objects.filter(account=account).count()


def test_a_removed_second_factor_ends_every_session_of_the_account(
    administrator_browser, officer_browser, intake, reviewer
) -> None:
    TOTP.activate(intake, "A" * 32)
    stolen, own = signed_in(intake, factor=True), signed_in(intake)
    of_another = signed_in(reviewer)
    assert is_signed_in(stolen)
    post(administrator_browser, f"{USERS}{intake.pk}/second-factor/")
    assert is_signed_in(stolen)
    decide(officer_browser, "approve")

    assert not Authenticator.objects.filter(user=intake).exists()
    assert [is_signed_in(one) for one in (stolen, own)] == [False, False]
    assert sessions_of(intake) == 0
    assert stolen.get("/accounts/2fa/totp/activate/").status_code == 302
    others = (of_another, administrator_browser, officer_browser)
    assert [is_signed_in(one) for one in others] == [True] * 3


def test_so_does_one_that_was_not_there(administrator_browser, officer_browser, intake) -> None:
    browser = signed_in(intake)
    post(administrator_browser, f"{USERS}{intake.pk}/second-factor/")
    decide(officer_browser, "approve")
    assert not is_signed_in(browser)


def test_a_request_that_was_rejected_ends_nothing(
    administrator_browser, officer_browser, intake
) -> None:
    TOTP.activate(intake, "A" * 32)
    browser = signed_in(intake)
    post(administrator_browser, f"{USERS}{intake.pk}/second-factor/")
    post(officer_browser, f"{APPROVALS}{ApprovalRequest.objects.get().pk}/reject/")
    assert is_signed_in(browser)
    assert Authenticator.objects.filter(user=intake).exists()


def test_the_sessions_of_a_regulator_end_as_well(administrator_browser, officer_browser) -> None:
    lin = make_regulator("lin", "CN").user
    browser = signed_in(lin)
    assert is_signed_in(browser, reverse("regulators:overview"))
    post(administrator_browser, f"{USERS}{lin.pk}/second-factor/")
    decide(officer_browser, "approve")
    assert not is_signed_in(browser, reverse("regulators:overview"))


def test_who_is_let_in_again_finds_no_session_of_before(
    administrator_browser, officer_browser
) -> None:
    ravi = make_staff("ravi", "reviewer")
    browser = signed_in(ravi)
    post(administrator_browser, f"{USERS}{ravi.pk}/change/", account_form(ravi, is_active=None))
    assert sessions_of(ravi) == 0
    ravi.refresh_from_db()
    post(administrator_browser, f"{USERS}{ravi.pk}/change/", account_form(ravi, is_active="on"))
    decide(officer_browser, "approve")
    ravi.refresh_from_db()
    assert ravi.is_active
    assert not is_signed_in(browser)
