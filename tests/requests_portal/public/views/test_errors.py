"""Error pages say in plain words what to do, and nothing internal."""

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.test import Client, RequestFactory
from django.utils import translation

from requests_portal.public.views import information
from tests.requests_portal.public.person import Visitor, text_of

pytestmark = pytest.mark.django_db


def test_an_unknown_address(visitor: Visitor):
    response = visitor.get("nothing/here/")

    assert response.status_code == 404
    assert "There is no such page" in text_of(response)
    assert "nothing/here" not in text_of(response).split("<main")[1]


def test_the_language_switch_of_an_unknown_address_leads_to_the_start_page(visitor: Visitor):
    assert 'name="next" value="/zh-hans/"' in text_of(visitor.get("nothing/here/"))


def test_a_form_without_its_token_is_told_about_cookies(rf: RequestFactory):
    with translation.override("en"):
        response = information.csrf_failure(rf.post("/en/request/"), reason="CSRF cookie not set.")

    assert response.status_code == 403
    assert "Allow cookies for this site" in text_of(response)
    assert "CSRF" not in text_of(response)


@pytest.mark.parametrize(
    ("view", "status"),
    [
        (lambda r: information.bad_request(r, SuspiciousOperation("secret")), 400),
        (lambda r: information.permission_denied(r, PermissionDenied("secret")), 403),
        (information.server_error, 500),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_others(rf: RequestFactory, view, status, language):
    with translation.override(language):
        response = view(rf.get(f"/{language}/x/"))

    assert response.status_code == status
    assert "secret" not in text_of(response)
    assert f'href="/{language}/"' in text_of(response)


def test_a_broken_page_needs_no_database_and_says_when_to_come_back(
    rf: RequestFactory, django_assert_num_queries
):
    with django_assert_num_queries(0), translation.override("en"):
        response = information.server_error(rf.get("/en/"))

    assert response["Retry-After"] == "120"
    assert "it will not be sent twice" in text_of(response)


def test_a_fault_in_a_view_shows_the_page_and_not_the_fault(visitor: Visitor, monkeypatch):
    def broken(*_args, **_kwargs):
        raise RuntimeError("The password is hunter2.")

    monkeypatch.setattr("requests_portal.public.views.information.rules_in_force", broken)
    visitor.client = Client(raise_request_exception=False)
    response = visitor.get("how/")

    assert response.status_code == 500
    assert "Something is not working right now" in text_of(response)
    assert "hunter2" not in text_of(response)
