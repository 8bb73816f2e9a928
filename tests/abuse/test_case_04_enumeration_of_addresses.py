"""Abuse case 4: neither filing, confirming, logging in nor a reset tells which addresses are known."""

import re

import pytest

from tests import factories
from tests.personas import PASSWORD
from tests.requests_portal.public.conftest import new_visitor, visitor  # noqa: F401
from tests.requests_portal.public.person import text_of

pytestmark = pytest.mark.django_db

KNOWN = "xiaoming@example.cn"


def without_secrets(page: str) -> str:
    """Leave out what is random on every page: numbers, receipts, tokens, times."""
    page = re.sub(r"20\d\d-[0-9A-Z]{4}-[0-9A-Z]{4}", "NUMBER", page)
    page = re.sub(r'value="[^"]*"', "VALUE", page)
    page = re.sub(r'class="code">[^<]*', "CODE", page)
    return re.sub(
        r"<code[^>]*>.*?</code>|nonce=\S+|\d{2}:\d{2}(:\d{2})?", "", page, flags=re.DOTALL
    )


def test_filing_answers_the_same_for_a_known_and_a_new_address(new_visitor):  # noqa: F811
    pages = []
    for address in ("new@example.cn", KNOWN):
        if address == KNOWN:
            factories.file(email=KNOWN)
        person = new_visitor("en")
        person.file(contact={"email": address, "phone": ""})
        pages.append(without_secrets(text_of(person.get("request/receipt/"))))

    assert pages[0].replace("new@example.cn", KNOWN) == pages[1]


def test_a_wrong_password_and_an_unknown_account_look_the_same(client, intake):
    pages = []
    for name in (intake.username, "nobody-at-all"):
        answer = client.post("/accounts/login/", {"login": name, "password": PASSWORD + "x"})
        pages.append(without_secrets(answer.content.decode()).replace(name, "NAME"))

    assert pages[0] == pages[1]


def test_an_invented_confirming_link_says_no_more_than_a_used_one(client):
    codes = {
        client.get(f"/en/confirm/{token}/").status_code for token in ("a" * 43, "Zm9yZ2Vk" * 5)
    }
    assert codes == {410}
