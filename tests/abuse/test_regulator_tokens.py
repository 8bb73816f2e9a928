"""A regulator makes and sees their own token; no administrator ever does; two people let it live."""

import re

import pytest

from tests.abuse.accounts import decide, post, waiting
from tests.personas import make_regulator, make_staff, signed_in
from workflows.accounts.approvals import approve
from workflows.accounts.errors import ApprovalRefused
from workflows.accounts.models import ApprovalRequest, RegulatorToken
from workflows.ledger.models import Event

pytestmark = pytest.mark.django_db
TOKENS = "/en/regulators/tokens/"
ACCOUNTS = "/staff/accounts/regulatoraccount/"


@pytest.fixture(autouse=True)
def plain_settings(settings) -> None:
    settings.LANGUAGE_CODE = "en"
    settings.MFA_REQUIRED = False


@pytest.fixture
def greta(db):
    return make_regulator("greta", "EU")


@pytest.fixture
def europe(greta):
    """The browser of Greta."""
    return signed_in(greta.user, fresh=True)


@pytest.fixture
def officer(privacy_officer):
    return signed_in(privacy_officer, fresh=True)


def send(client, path: str, data: dict[str, str] | None = None):
    client.get(TOKENS)
    token = client.cookies["csrf"].value
    return client.post(path, {"csrfmiddlewaretoken": token, **(data or {})})


def make(client, name: str = "Harvester") -> str:
    page = send(client, TOKENS, {"name": name}).content.decode()
    return re.search(r"<pre><code>([^<]+)</code></pre>", page)[1]


def opens(client, secret: str) -> bool:
    answer = client.get("/api/v1/regulator/cases/", HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert answer.status_code in {200, 401}
    return answer.status_code == 200


def test_it_opens_nothing_until_a_privacy_officer_has_approved(europe, officer, client) -> None:
    secret = make(europe)
    assert not opens(client, secret)
    assert "waits for approval" in europe.get(TOKENS).content.decode()
    decide(officer, "approve")
    assert opens(client, secret)
    page = europe.get(TOKENS).content.decode()
    assert "can be used" in page
    assert "never" not in page


def test_the_secret_is_shown_once_and_to_nobody_else(europe, officer, administrator) -> None:
    secret = make(europe)
    assert secret not in europe.get(TOKENS).content.decode()
    request = waiting()
    for browser in (officer, signed_in(administrator, fresh=True)):
        page = browser.get(f"/staff/accounts/approvalrequest/{request.pk}/change/").content
        assert secret.encode() not in page
        assert b"Harvester" in page
    assert secret.encode() not in bytes(RegulatorToken.objects.get().token_digest)
    assert secret not in str([event.body for event in Event.objects.all()])


def test_an_administrator_neither_makes_nor_approves_one(europe, administrator, greta) -> None:
    adam = signed_in(administrator, fresh=True)
    page = adam.get(f"{ACCOUNTS}{greta.pk}/change/").content.decode()
    assert "/token/" not in page
    adam.post(f"{ACCOUNTS}{greta.pk}/token/", {"csrfmiddlewaretoken": adam.cookies["csrf"].value})
    assert not RegulatorToken.objects.exists()
    make(europe)
    with pytest.raises(ApprovalRefused):
        approve(waiting().pk, administrator)
    decide(adam, "approve")
    assert waiting().kind == ApprovalRequest.Kind.REGULATOR_TOKEN


def test_making_and_revoking_need_a_fresh_sign_in(greta, officer, europe) -> None:
    make(europe)
    stale = signed_in(greta.user)
    token = RegulatorToken.objects.get()
    assert stale.get(TOKENS).headers["Location"].startswith("/accounts/reauthenticate/")
    stale.get("/accounts/reauthenticate/")
    form = {"csrfmiddlewaretoken": stale.cookies["csrf"].value, "name": "Other"}
    for path in (TOKENS, f"{TOKENS}{token.pk}/revoke/"):
        assert stale.post(path, form).headers["Location"].startswith("/accounts/reauth")
    token.refresh_from_db()
    assert token.revoked_at is None
    assert RegulatorToken.objects.count() == 1


def test_it_ends_when_its_owner_revokes_it(europe, officer, client) -> None:
    secret = make(europe)
    decide(officer, "approve")
    assert opens(client, secret)
    send(europe, f"{TOKENS}{RegulatorToken.objects.get().pk}/revoke/")
    assert not opens(client, secret)
    assert "revoked" in europe.get(TOKENS).content.decode()
    assert Event.objects.filter(name="token.revoked").exists()


def test_revoked_before_it_was_approved_it_is_never_approved(europe, officer, client) -> None:
    secret = make(europe)
    request = waiting()
    send(europe, f"{TOKENS}{RegulatorToken.objects.get().pk}/revoke/")
    decide(officer, "approve", request)
    assert not opens(client, secret)


def test_nobody_revokes_or_sees_anothers(europe, officer, client) -> None:
    secret = make(europe)
    decide(officer, "approve")
    lin = signed_in(make_regulator("lin", "CN").user, fresh=True)
    assert "Harvester" not in lin.get(TOKENS).content.decode()
    send(lin, f"{TOKENS}{RegulatorToken.objects.get().pk}/revoke/")
    assert opens(client, secret)


def test_an_administrator_can_end_them_at_once(europe, officer, client, administrator, greta):
    secret = make(europe)
    decide(officer, "approve")
    post(signed_in(administrator, fresh=True), f"{ACCOUNTS}{greta.pk}/revoke/")
    assert not opens(client, secret)


@pytest.mark.parametrize("role", ["administrator", "privacy_officer", "intake"])
def test_staff_have_none(role) -> None:
    assert signed_in(make_staff("someone", role), fresh=True).get(TOKENS).status_code == 403


def test_one_waits_at_a_time(europe) -> None:
    make(europe)
    page = send(europe, TOKENS, {"name": "Another"}).content.decode()
    assert "waits for approval already" in page
    assert RegulatorToken.objects.count() == 1


def test_it_does_not_outlive_the_account(europe, officer, client, greta) -> None:
    secret = make(europe)
    decide(officer, "approve")
    assert RegulatorToken.objects.get().expires_at <= greta.expires_at
    greta.user.is_active = False
    greta.user.save()
    assert not opens(client, secret)
