"""People and roles: an administrator keeps them, never their own, and each change is logged.

What needs a second person is tested in `tests/abuse/test_one_administrator.py`.
"""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone

from tests.abuse.accounts import USERS, account_form, decide, post, role_ids
from tests.personas import PASSWORD, make_staff, signed_in
from workflows.accounts.actors import actor_for
from workflows.accounts.models import RegulatorAccount
from workflows.ledger.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(sign_in, administrator):
    return sign_in(administrator, fresh=True)


def facts(name: str) -> list[object]:
    return [event.facts for event in Event.objects.filter(name=name).order_by("pk")]


class TestPeople:
    def test_who_loses_every_role_is_out(self, client, intake) -> None:
        post(client, f"{USERS}{intake.pk}/change/", account_form(intake, groups=None))
        intake.refresh_from_db()
        assert not intake.is_staff
        assert facts("roles.changed")[0]["lost"] == ["intake"]

    def test_another_name_is_no_other_role(self, client, intake) -> None:
        post(client, f"{USERS}{intake.pk}/change/", account_form(intake, last_name="X"))
        intake.refresh_from_db()
        assert intake.last_name == "X"
        assert facts("roles.changed") == []
        assert facts("account.renamed") == [{"account": actor_for(intake).pseudonym}]

    def test_a_user_name_stays(self, client, intake) -> None:
        post(client, f"{USERS}{intake.pk}/change/", account_form(intake, username="root"))
        intake.refresh_from_db()
        assert intake.username == "ines"

    def test_nobody_changes_roles_of_their_own(self, client, administrator) -> None:
        change = account_form(administrator, is_active=None, groups=role_ids("privacy_officer"))
        post(client, f"{USERS}{administrator.pk}/change/", change)
        administrator.refresh_from_db()
        assert administrator.is_active
        assert [group.name for group in administrator.groups.all()] == ["administrator"]

    def test_a_superuser_is_out_of_an_administrators_reach(self, client) -> None:
        root = User.objects.create_superuser("root", password=PASSWORD)
        post(client, USERS)
        token = {"csrfmiddlewaretoken": client.cookies["csrf"].value}
        for path in ("change/", "reset/", "second-factor/"):
            assert client.post(f"{USERS}{root.pk}/{path}", token).status_code == 403

    def test_staff_and_regulator_exclude_each_other(self, client, intake) -> None:
        change = account_form(intake, groups=role_ids("intake", "regulator"))
        answer = post(client, f"{USERS}{intake.pk}/change/", change)
        assert "A regulator cannot be a member of staff as well." in answer.content.decode()

    def test_accounts_are_not_deleted(self, client, intake) -> None:
        assert client.get(f"{USERS}{intake.pk}/delete/").status_code == 403

    def test_who_is_let_in_again_or_out_stands_in_the_log(
        self, client, intake, privacy_officer
    ) -> None:
        path = f"{USERS}{intake.pk}/change/"
        post(client, path, account_form(intake, is_active=None))
        assert facts("account.deactivated") == [{"account": actor_for(intake).pseudonym}]
        assert facts("account.activated") == []
        post(client, path, account_form(intake, is_active="on"))
        decide(signed_in(privacy_officer, fresh=True), "approve")
        assert facts("account.activated") == [{"account": actor_for(intake).pseudonym}]

    @pytest.mark.parametrize("path", ["add/", "{pk}/change/", "{pk}/reset/", "{pk}/invite/"])
    def test_each_form_asks_for_a_fresh_sign_in(self, sign_in, administrator, intake, path) -> None:
        stale = sign_in(administrator)
        answer = stale.get(f"{USERS}{path.format(pk=intake.pk)}")
        assert answer.headers["Location"].startswith("/accounts/reauthenticate/?next=")

    def test_the_page_tells_what_waits_and_what_became_of_the_link(
        self, client, intake, privacy_officer
    ) -> None:
        User.objects.filter(pk=intake.pk).update(email="ines@example.org")
        path = f"{USERS}{intake.pk}/change/"
        post(client, f"{USERS}{intake.pk}/reset/")
        assert "Mail a link for a new password" in client.get(path).content.decode()
        decide(signed_in(privacy_officer, fresh=True), "approve")
        page = client.get(path).content.decode()
        assert "Mail a link for a new password" not in page
        assert "a new password: is being mailed" in page
        assert "Revoke the link" in page

    def test_the_list_costs_the_same_for_few_and_many(
        self, client, django_assert_max_num_queries
    ) -> None:
        client.get(USERS)
        with django_assert_max_num_queries(20) as few:
            client.get(USERS)
        for number in range(5):
            make_staff(f"colleague{number}", "intake")
        with django_assert_max_num_queries(len(few)):
            client.get(USERS)


class TestRegulators:
    PATH = "/staff/accounts/regulatoraccount/"

    @pytest.fixture
    def officer(self) -> User:
        user = User.objects.create_user("reg", password=PASSWORD)
        user.groups.add(Group.objects.get(name="regulator"))
        return user

    @pytest.fixture
    def account(self, officer) -> RegulatorAccount:
        return RegulatorAccount.objects.create(
            user=officer,
            regime="EU",
            authority="Data Office",
            expires_at=timezone.now() + timedelta(days=30),
        )

    def test_an_account_is_for_one_regime_until_a_date(
        self, client, officer, privacy_officer
    ) -> None:
        post(
            client,
            f"{self.PATH}add/",
            {
                "user": officer.pk,
                "regime": "EU",
                "authority": "Data Office",
                "expires_at_0": "2099-12-31",
                "expires_at_1": "00:00:00",
            },
        )
        decide(signed_in(privacy_officer, fresh=True), "approve")
        account = RegulatorAccount.objects.get()
        assert (account.user, account.regime) == (officer, "EU")
        assert facts("regulator.admitted")[0]["until"] == "2099-12-31"

    def test_staff_are_not_offered_as_regulators(self, client, officer, intake) -> None:
        page = client.get(f"{self.PATH}add/").content.decode()
        offered = re.findall(r'<option value="(\d+)"', page)
        assert offered == [str(officer.pk)]

    @pytest.mark.parametrize("ended", ["role removed", "deactivated"])
    def test_the_account_of_who_is_no_officer_any_more_can_be_shortened(
        self, client, officer, account, ended
    ) -> None:
        if ended == "role removed":
            officer.groups.clear()
        else:
            User.objects.filter(pk=officer.pk).update(is_active=False)
        post(
            client,
            f"{self.PATH}{account.pk}/change/",
            {
                "user": officer.pk,
                "regime": "EU",
                "authority": "Data Office",
                "expires_at_0": "2020-12-31",
                "expires_at_1": "00:00:00",
            },
        )
        account.refresh_from_db()
        assert account.expires_at.year == 2020

    def test_the_list_tells_which_accounts_are_live(self, client, officer, account) -> None:
        def live() -> bool:
            [cell] = re.findall(
                r'class="field-live.*?</td>', client.get(self.PATH).content.decode(), re.DOTALL
            )
            return "True" in cell

        assert live()
        officer.groups.clear()
        assert not live()

    def test_a_regime_that_is_not_served_is_refused(self, client, officer) -> None:
        answer = post(client, f"{self.PATH}add/", {"user": officer.pk, "regime": "XX"})
        assert "Select a valid choice" in answer.content.decode()
