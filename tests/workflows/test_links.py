"""Addresses in mails: built from the settings alone."""

from typing import Any

import pytest

from workflows.mail import links


@pytest.fixture(autouse=True)
def base(settings: Any) -> None:
    settings.PUBLIC_BASE_URL = "https://requests.example.org"


def test_pages_for_people_carry_the_language() -> None:
    assert links.public_link("zh-hans", "x/") == "https://requests.example.org/zh-hans/x/"
    assert links.status_link("en") == "https://requests.example.org/en/status/"
    assert links.confirm_contact_link("en", "T-1") == "https://requests.example.org/en/confirm/T-1/"


def test_a_language_that_is_not_offered_any_more_leads_to_the_page_in_english() -> None:
    assert links.status_link("xx") == "https://requests.example.org/en/status/"


def test_a_case_page_of_the_staff_carries_none() -> None:
    assert links.staff_case_link(7) == "https://requests.example.org/staff/cases/case/7/change/"


def test_mails_come_from_the_host_of_the_portal() -> None:
    assert links.mail_domain() == "requests.example.org"
