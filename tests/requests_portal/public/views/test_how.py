"""How requests are handled: with a place, by the laws that apply there and why."""

import pytest

from requests_portal.presentation.deadlines import shown_clocks
from tests.factories import WANG, file, provider

pytestmark = pytest.mark.django_db


def test_a_place_is_told_its_laws_and_why(client):
    provider(offers_service_in=["*"], processes_in=["CN"])
    page = client.get("/en/how/", {"residence": "FR"}).content.decode()

    assert "It applies because you live in the European Economic Area" in page
    assert "It applies because we process data in Mainland China." in page
    assert "Brazil" not in page.partition('role="status"')[2]


def test_where_no_law_applies_none_is_named(client):
    provider(established_in=["US-WA"], offers_service_in=["US"])
    page = client.get("/en/how/", {"residence": "FR"}).content.decode()

    assert "so we answer by our own policy" in page
    assert "GDPR" not in page


@pytest.mark.parametrize("residence", ["", "Germany", "<script>"])
def test_without_a_place_the_laws_told_first_are_shown(client, residence):
    page = client.get("/en/how/", {"residence": residence}).content.decode()
    assert "Mainland China" in page
    assert "<script>alert" not in page


def test_where_no_law_applies_the_day_is_a_promise_and_no_law_asks_for_it():
    provider(established_in=["US-WA"], offers_service_in=["US"])
    [clock] = shown_clocks(file(WANG).case)
    assert clock.basis == "promise"
