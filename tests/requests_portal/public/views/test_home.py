"""The start page, the choice of language, how requests are handled, and what holds on every page."""

import re
from datetime import date

import pytest
from django.test import Client

from tests.requests_portal.public.person import Visitor, text_of
from workflows.regimes.models import PublishedLimit

pytestmark = pytest.mark.django_db
PAGES = ["", "how/", "statistics/", "request/", "status/", "status/left/"]


@pytest.mark.parametrize(
    ("headers", "cookie", "address"),
    [
        ({}, "", "/zh-hans/"),
        ({"accept-language": "en-GB,en;q=0.9"}, "", "/en/"),
        ({"accept-language": "zh-CN"}, "", "/zh-hans/"),
        ({"accept-language": "fr"}, "", "/zh-hans/"),
        ({"accept-language": "zh-CN"}, "en", "/en/"),
    ],
)
def test_the_bare_address_leads_to_the_language_of_cookie_or_browser(headers, cookie, address):
    client = Client()
    if cookie:
        client.cookies["django_language"] = cookie

    assert client.get("/", headers=headers).url == address


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("language", "other"), [("en", "zh-hans"), ("zh-hans", "en")])
def test_every_page_offers_the_other_language_and_stays(new_visitor, page, language, other):
    person: Visitor = new_visitor(language)
    shown = text_of(person.get(page))
    assert f'<html lang="{language}">' in shown

    if 'name="go" value="language"' in shown:
        assert f'formaction="/{other}/{page}"' in shown
    else:
        [address] = re.findall(r'name="next" value="([^"]+)"', shown)
        response = person.client.post("/i18n/setlang/", {"next": address, "language": other})
        assert response.url == f"/{other}/{page}"
        assert person.client.get("/").url == f"/{other}/"


@pytest.mark.parametrize("page", PAGES)
def test_every_page_stands_on_its_own(visitor: Visitor, page):
    """No script or style within the page, nothing from elsewhere, one heading of the first level."""
    response = visitor.get(page)
    shown = text_of(response)

    assert "'unsafe-inline'" not in response["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", shown)
    assert not re.findall(r'(?:src|<link[^>]*href)="(?:https?:)?//', shown)
    assert shown.count("<h1") == 1
    assert shown.count("<main") == 1
    assert 'href="#main"' in shown


@pytest.mark.parametrize("page", PAGES)
def test_no_page_sets_a_cookie_that_follows_people(visitor: Visitor, page):
    assert set(visitor.get(page).cookies) <= {"csrf"}


def test_how_requests_are_handled_tells_each_law_with_time_limit_and_authority(visitor: Visitor):
    shown = text_of(visitor.get("how/"))

    for text in (
        "Mainland China",
        "Answer within fifteen working days",
        "GDPR art. 12(3)",
        "California",
        "United Kingdom",
        "11 Chegongzhuang Street, Xicheng District, Beijing 100044",
        "https://www.12377.cn/",
    ):
        assert text in shown


def test_links_to_other_sites_tell_them_nothing(visitor: Visitor):
    for tag in re.findall(r'<a [^>]*href="https?://[^>]*>', text_of(visitor.get("how/"))):
        assert 'rel="external noreferrer"' in tag


def test_a_published_limit_stands_beside_the_law_with_the_day_it_holds_from(visitor: Visitor):
    PublishedLimit.objects.create(
        regime="CN",
        clock="response_15wd",
        unit="working_days",
        amount=10,
        valid_from=date(2026, 3, 1),
        published_by="staff-1",
    )

    shown = text_of(visitor.get("how/"))

    assert "For requests received from 1 March 2026 on, our published limit is 10" in shown
