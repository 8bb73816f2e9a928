"""Somebody sees where they are signed in, and ends what they do not know, at once."""

import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.models import User
from django.test import Client

from requests_portal.models import Session
from requests_portal.sign_in.own_sessions import BEGAN, SEEN
from tests.clear_text import tables_with
from tests.personas import make_regulator, signed_in

pytestmark = pytest.mark.django_db
PAGE = "/accounts/sessions/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0"
)


@pytest.fixture(autouse=True)
def english_pages(settings) -> None:
    settings.LANGUAGE_CODE = "en"
    settings.MFA_REQUIRED = False


def browser(user: User, agent: str = FIREFOX, **how: bool) -> Client:
    """Return a browser in which somebody is signed in and has opened a page."""
    client = signed_in(user, **how)
    client.defaults["HTTP_USER_AGENT"] = agent
    client.get(PAGE)
    return client


def post(client: Client, **data: str):
    return client.post(PAGE, {"csrfmiddlewaretoken": client.cookies["csrf"].value, **data})


def is_signed_in(client: Client) -> bool:
    return client.get("/staff/").status_code == 200


def shown(client: Client) -> list:
    return client.get(PAGE).context["sign_ins"]


def test_the_list_names_each_browser_and_this_one_first(intake) -> None:
    for agent in (IPHONE, EDGE, ""):
        browser(intake, agent)
    here = browser(intake, FIREFOX)
    listed = shown(here)
    assert [one.is_current for one in listed] == [True, False, False, False]
    assert listed[0].browser == "Firefox, Linux"
    assert {one.browser for one in listed[1:]} == {"Safari, iPhone", "Edge, Windows", ""}
    page = here.get(PAGE).content.decode()
    for text in ("This browser", "Unknown browser", "Sign out there", "Sign out everywhere else"):
        assert text in page


def test_the_list_is_whole_on_the_first_page_that_somebody_opens(intake) -> None:
    assert [one.is_current for one in shown(signed_in(intake))] == [True]


def test_one_session_is_ended_at_once_and_no_other(intake) -> None:
    here, stolen, third = (browser(intake) for _ in range(3))
    keys = {one.key for one in shown(here)}
    own = next(one.key for one in shown(stolen) if one.is_current)
    assert own in keys
    post(here, session=own)
    assert [is_signed_in(client) for client in (here, stolen, third)] == [True, False, True]


def test_all_others_are_ended_at_once_and_this_one_goes_on(intake, reviewer) -> None:
    here, one, other = (browser(intake) for _ in range(3))
    of_ravi = browser(reviewer)
    answer = post(here, session="")
    assert answer.headers["Location"] == PAGE
    assert [is_signed_in(client) for client in (here, one, other)] == [True, False, False]
    assert is_signed_in(of_ravi)
    assert len(shown(here)) == 1
    assert "Sign out everywhere else" not in here.get(PAGE).content.decode()


def test_nobody_ends_a_session_of_somebody_else(intake, reviewer) -> None:
    here, of_ravi = browser(intake), browser(reviewer)
    [key] = [one.key for one in shown(of_ravi)]
    assert key not in {one.key for one in shown(here)}
    post(here, session=key)
    assert is_signed_in(of_ravi)


def test_the_key_in_the_page_opens_nothing(intake, settings) -> None:
    here = browser(intake)
    [one] = shown(here)
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = one.key
    assert not is_signed_in(thief)


def test_what_is_over_or_has_another_password_is_not_listed(intake, settings) -> None:
    here, idle = browser(intake), browser(intake)
    session = idle.session
    session[SEEN] -= settings.SESSION_IDLE_AGE + 1
    session.save()
    assert len(shown(here)) == 1
    intake.set_password("another rather long password")
    intake.save()
    fresh = browser(intake)
    assert [one.is_current for one in shown(fresh)] == [True]


def test_neither_the_network_address_nor_the_whole_name_of_the_browser_is_stored(intake) -> None:
    client = browser(intake)
    assert client.get(PAGE, REMOTE_ADDR="198.51.100.77").status_code == 200
    [row] = Session.objects.all()
    held = row.get_decoded()
    assert {BEGAN, SEEN} <= set(held)
    assert "198.51.100.77" not in str(held)
    assert "Gecko" not in str(held)
    assert tables_with("Firefox") == []


def test_a_second_factor_that_is_set_up_ends_what_was_opened_without(
    intake, django_capture_on_commit_callbacks
) -> None:
    here, stolen = browser(intake, fresh=True), browser(intake)
    here.get("/accounts/2fa/totp/activate/")
    value = hotp_value(here.session["mfa.totp.secret"], int(time.time()) // 30)
    data = {
        "csrfmiddlewaretoken": here.cookies["csrf"].value,
        "code": format_hotp_value(value),
    }
    with django_capture_on_commit_callbacks(execute=True):
        here.post("/accounts/2fa/totp/activate/", data)
    assert [is_signed_in(here), is_signed_in(stolen)] == [True, False]


def test_the_page_is_for_who_is_signed_in_and_linked_where_they_work(client, intake) -> None:
    assert client.get(PAGE).headers["Location"].startswith("/accounts/login/")
    assert PAGE in browser(intake).get("/staff/").content.decode()
    lin = browser(make_regulator("lin", "CN").user)
    assert lin.get(PAGE).status_code == 200
    assert PAGE in lin.get("/en/regulators/").content.decode()
