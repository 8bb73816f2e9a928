"""Privacy officers see and are told what happens to accounts, and what waits for them."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone
from freezegun import freeze_time

from tests.abuse.accounts import USERS, account_form, decide, post, role_ids
from tests.personas import make_staff, signed_in
from workflows.accounts.account_log import ACCOUNT_EVENTS, record
from workflows.accounts.actors import SYSTEM, actor_for
from workflows.ledger.models import Event
from workflows.mail.outbound import next_quota_reset
from workflows.outbox.models import Effect
from workflows.outbox.services import drain

pytestmark = pytest.mark.django_db
LOG = "/staff/accounts/accountevent/"


@pytest.fixture
def client(administrator):
    return signed_in(administrator, fresh=True)


@pytest.fixture
def officer(privacy_officer):
    return signed_in(privacy_officer, fresh=True)


@pytest.fixture(autouse=True)
def addresses(privacy_officer, other_privacy_officer) -> None:
    for officer in (privacy_officer, other_privacy_officer):
        officer.email = f"{officer.username}@example.org"
        officer.save()


@pytest.fixture
def asked(client, outsider):
    """Adam has asked that Olga gets a role."""
    outsider.first_name, outsider.last_name = "Olga", "Ott"
    outsider.email = "olga@example.org"
    outsider.save()
    post(client, f"{USERS}{outsider.pk}/change/", account_form(outsider, groups=role_ids("intake")))
    return outsider


def rows(client, **query) -> str:
    answer = client.get(LOG, query)
    assert answer.status_code == 200
    return answer.content.decode().split('id="result_list"')[1].split("</table>")[0]


class TestList:
    def test_who_did_what_to_whom_and_when(self, asked, officer) -> None:
        decide(officer, "approve")
        table = rows(officer)
        for text in ("adam", "pilar", "Olga Ott", "asked for approval", "approved", "+ Intake"):
            assert text in table
        assert "changed roles" in table

    def test_it_is_searched_by_both_and_narrowed_by_kind_and_day(self, asked, officer) -> None:
        with freeze_time(timezone.now() - timedelta(days=400)):
            record("account.renamed", SYSTEM, make_staff("zoe"))
        assert "zoe" in rows(officer)
        assert "zoe" not in rows(officer, q="Ott")
        assert "asked for approval" in rows(officer, q="adam")
        assert "asked for approval" not in rows(officer, q="zoe")
        assert "asked for approval" not in rows(officer, event="account.renamed")
        assert "zoe" not in rows(officer, at__year=timezone.now().year)

    def test_only_privacy_officers_read_it(self, client, officer) -> None:
        assert client.get(LOG).status_code == 403
        for role in ("intake", "reviewer", "approver", "data_steward"):
            assert signed_in(make_staff(role, role)).get(LOG).status_code == 403
        assert officer.get(f"{LOG}add/").status_code == 403

    def test_the_index_covers_each_event(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'accounts_event'")
            (definition,) = cursor.fetchone()
        assert set(re.findall(r"'([a-z_]+\.[a-z_]+)'::", definition)) == set(ACCOUNT_EVENTS)

    def test_it_stands_in_the_navigation(self, officer, client) -> None:
        assert LOG in officer.get("/staff/").content.decode()
        assert LOG not in client.get("/staff/").content.decode()


class TestMail:
    def test_every_privacy_officer_is_told_by_whom_and_what_to_do(self, asked, mailoutbox) -> None:
        drain()
        assert sorted(mail.to[0] for mail in mailoutbox) == [
            "pilar@example.org",
            "piotr@example.org",
        ]
        body = mailoutbox[0].body
        for text in ("asked for approval", "Intake", "Olga Ott", "adam", "telephone", LOG):
            assert text in body
        assert "http://testserver/staff/accounts/approvalrequest/" in body

    def test_nothing_personal_but_the_name_is_in_mail_or_outbox(
        self, client, outsider, mailoutbox
    ) -> None:
        outsider.email = "olga@example.org"
        outsider.save()
        change = account_form(outsider, email="mallory@example.org")
        post(client, f"{USERS}{outsider.pk}/change/", change)
        assert "example.org" not in str([effect.payload for effect in Effect.objects.all()])
        drain()
        assert mailoutbox
        for mail in mailoutbox:
            assert "mallory" not in mail.body
            assert "olga@" not in mail.body

    @pytest.mark.parametrize("step", ["approve", "reject"])
    def test_the_decision_is_mailed_as_well(self, step, asked, officer, mailoutbox) -> None:
        drain()
        mailoutbox.clear()
        decide(officer, step)
        drain()
        told = [mail for mail in mailoutbox if mail.to == ["piotr@example.org"]]
        assert len(told) == 1
        assert "pilar" in told[0].body

    def test_a_privacy_officer_who_is_locked_out_is_told_of_it(
        self, client, privacy_officer, mailoutbox
    ) -> None:
        path = f"{USERS}{privacy_officer.pk}/change/"
        post(client, path, account_form(privacy_officer, is_active=None))
        drain()
        assert {mail.to[0] for mail in mailoutbox} == {"pilar@example.org", "piotr@example.org"}

    def test_beyond_a_days_limit_the_rest_waits(self, asked, mailoutbox, settings) -> None:
        settings.MAILS_PER_ADDRESS_PER_DAY = 1
        post_facts = {"until": "x"}
        officer = User.objects.get(username="pilar")
        record("account.renamed", actor_for(officer), asked, post_facts, tell=True)
        drain()
        assert len(mailoutbox) == 2
        waiting = Effect.objects.filter(state="pending")
        assert {effect.due_at >= next_quota_reset() for effect in waiting} == {True}
        waiting.update(due_at=Now())
        with freeze_time(timezone.now() + timedelta(days=1)):
            drain()
        assert len(mailoutbox) == 4

    def test_what_people_do_to_their_own_account_is_listed_and_not_mailed(
        self, officer, privacy_officer
    ) -> None:
        record("password.changed", actor_for(privacy_officer), privacy_officer)
        assert "changed the password" in rows(officer)
        assert not Effect.objects.exists()


class TestWaiting:
    def test_what_waits_is_counted_for_those_who_can_decide(self, asked, client, officer) -> None:
        sentence = "1 change of accounts waits for your approval."
        assert sentence in officer.get("/staff/").content.decode()
        assert sentence not in client.get("/staff/").content.decode()
        assert (
            sentence
            in signed_in(make_staff("alma", "administrator")).get("/staff/").content.decode()
        )
        assert sentence not in signed_in(asked).get("/staff/").content.decode()
        decide(officer, "approve")
        assert sentence not in officer.get("/staff/").content.decode()

    def test_the_list_narrows_to_what_one_can_decide(self, asked, client, officer) -> None:
        path = "/staff/accounts/approvalrequest/?state=mine"
        assert "Olga Ott" in officer.get(path).content.decode()
        assert "Olga Ott" not in client.get(path).content.decode()

    def test_buttons_are_for_those_who_can_use_them(self, asked, client, officer) -> None:
        page = f"/staff/accounts/approvalrequest/{asked.approval_requests.get().pk}/"
        for browser, verbs in ((client, {"withdraw"}), (officer, {"approve", "reject"})):
            content = browser.get(f"{page}change/").content.decode()
            shown = {
                verb for verb in ("approve", "reject", "withdraw") if f"{page}{verb}" in content
            }
            assert shown == verbs

    def test_who_decides_is_shown_once_more_on_what(self, asked, officer) -> None:
        path = f"/staff/accounts/approvalrequest/{asked.approval_requests.get().pk}/approve/"
        page = officer.get(path).content.decode()
        assert "Olga Ott (olga) · Intake · asked for by adam" in page

    def test_nobody_else_sees_what_waits(self, asked) -> None:
        path = "/staff/accounts/approvalrequest/"
        assert signed_in(make_staff("someone", "intake")).get(path).status_code == 403
        steward = signed_in(make_staff("dana", "data_steward"))
        assert "Olga Ott" not in steward.get(path).content.decode()

    def test_no_name_stands_in_the_log(self, asked) -> None:
        bodies = str([event.body for event in Event.objects.all()])
        assert "Olga" not in bodies
        assert "olga" not in bodies
