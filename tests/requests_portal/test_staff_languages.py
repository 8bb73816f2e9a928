"""Where the public is offered more languages, pages of staff and regulators stay in whole ones."""

import pytest
from django.test import Client

from tests.personas import make_regulator, make_staff, signed_in
from workflows.vocabulary.roles import Role

pytestmark = pytest.mark.django_db
GERMAN = {"accept-language": "de-AT,de;q=0.9"}


@pytest.fixture(autouse=True)
def german_is_offered(settings) -> None:
    settings.LANGUAGES = [("zh-hans", "简体中文"), ("en", "English"), ("de", "Deutsch")]
    settings.MFA_REQUIRED = False


def shown(client: Client, address: str) -> str:
    return client.get(address, headers=GERMAN).content.decode()


def test_the_public_reads_the_language_of_the_browser(client):
    assert client.get("/", headers=GERMAN).url == "/de/"
    page = shown(client, "/de/")

    assert '<html lang="de">' in page
    assert 'lang="en">English</button>' in page


def test_the_page_to_sign_in_is_in_english_and_offers_what_it_has(client):
    page = shown(client, "/accounts/login/")

    assert '<html lang="en">' in page
    assert 'lang="zh-hans">简体中文</button>' in page
    assert "Deutsch" not in page


def test_the_area_of_staff_is_in_english_and_offers_what_it_has():
    page = shown(signed_in(make_staff("ida", Role.INTAKE)), "/staff/")

    assert 'lang="en"' in page
    assert "简体中文" in page
    assert "Deutsch" not in page


def test_a_german_address_of_the_regulators_leads_to_the_english_page():
    client = signed_in(make_regulator("greta", "EU").user)
    response = client.get("/de/regulators/cases/?state=received", headers=GERMAN)

    assert response.url == "/en/regulators/cases/?state=received"
    assert "Deutsch" not in shown(client, response.url)


def test_who_works_in_chinese_goes_on_in_chinese(client):
    page = client.get("/accounts/login/", headers={"accept-language": "zh-CN"}).content.decode()

    assert '<html lang="zh-hans">' in page
