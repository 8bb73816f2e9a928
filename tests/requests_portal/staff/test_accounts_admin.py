"""People and roles: an administrator keeps them, never their own, and each change is logged."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import Group, User
from django.utils import timezone

from tests.personas import PASSWORD, make_staff
from tests.requests_portal.staff.addresses import hidden_fields
from workflows.cases.actors import actor_for
from workflows.ledger.models import Event
from workflows.reports.models import RegulatorAccount
from workflows.reports.scope import account_for_token

pytestmark = pytest.mark.django_db

USERS = "/staff/auth/user/"
NEW = {"password1": "a rather long password", "password2": "a rather long password"}


@pytest.fixture
def client(sign_in, administrator):
    return sign_in(administrator, fresh=True)


def roles(*names: str) -> list[str]:
    return [str(pk) for pk in Group.objects.filter(name__in=names).values_list("pk", flat=True)]


def post(client, path: str, data: dict[str, object]):
    token = hidden_fields(client.get(path).content.decode())["csrfmiddlewaretoken"]
    return client.post(path, {"csrfmiddlewaretoken": token, **data})


def facts(name: str) -> list[object]:
    return [event.facts for event in Event.objects.filter(name=name).order_by("pk")]


class TestPeople:
    def test_a_new_colleague_gets_roles_and_may_sign_in_to_the_staffs_pages(self, client) -> None:
        post(client, f"{USERS}add/", {"username": "nora", "groups": roles("intake"), **NEW})
        nora = User.objects.get(username="nora")
        assert nora.is_staff
        assert not nora.is_superuser
        assert nora.check_password("a rather long password")
        assert facts("roles.changed") == [
            {"account": actor_for(nora).pseudonym, "gained": ["intake"], "lost": []}
        ]

    def test_a_password_must_be_long(self, client) -> None:
        short = {"password1": "short", "password2": "short"}
        answer = post(client, f"{USERS}add/", {"username": "nora", **short})
        assert "at least 14 characters" in answer.content.decode()

    def test_who_loses_every_role_is_out(self, client, intake) -> None:
        post(client, f"{USERS}{intake.pk}/change/", {"username": "ines", "is_active": "on"})
        intake.refresh_from_db()
        assert not intake.is_staff
        assert facts("roles.changed")[0]["lost"] == ["intake"]

    def test_a_change_without_another_role_is_no_event(self, client, intake) -> None:
        data = {"username": "ines", "is_active": "on", "groups": roles("intake"), "last_name": "X"}
        post(client, f"{USERS}{intake.pk}/change/", data)
        intake.refresh_from_db()
        assert intake.last_name == "X"
        assert facts("roles.changed") == []

    def test_nobody_changes_roles_of_their_own(self, client, administrator) -> None:
        data = {"username": "adam", "is_active": "", "groups": roles("privacy_officer")}
        post(client, f"{USERS}{administrator.pk}/change/", data)
        administrator.refresh_from_db()
        assert administrator.is_active
        assert [group.name for group in administrator.groups.all()] == ["administrator"]

    def test_nobody_becomes_a_superuser_by_a_form(self, client, intake) -> None:
        data = {"username": "ines", "is_active": "on", "is_superuser": "on", "is_staff": "on"}
        post(client, f"{USERS}{intake.pk}/change/", data)
        intake.refresh_from_db()
        assert not intake.is_superuser

    def test_a_superuser_is_out_of_an_administrators_reach(self, client) -> None:
        root = User.objects.create_superuser("root", password=PASSWORD)
        token = hidden_fields(client.get(USERS).content.decode())["csrfmiddlewaretoken"]
        data = {"csrfmiddlewaretoken": token, "username": "mine", **NEW}
        assert client.post(f"{USERS}{root.pk}/change/", data).status_code == 403
        assert client.post(f"{USERS}{root.pk}/password/", data).status_code == 403

    def test_staff_and_regulator_exclude_each_other(self, client, intake) -> None:
        data = {"username": "ines", "is_active": "on", "groups": roles("intake", "regulator")}
        answer = post(client, f"{USERS}{intake.pk}/change/", data)
        assert "A regulator cannot be a member of staff as well." in answer.content.decode()

    def test_accounts_are_not_deleted(self, client, intake) -> None:
        assert client.get(f"{USERS}{intake.pk}/delete/").status_code == 403

    def test_a_new_password_is_logged(self, client, intake) -> None:
        post(client, f"{USERS}{intake.pk}/password/", {"usable_password": "true", **NEW})
        intake.refresh_from_db()
        assert intake.check_password(NEW["password1"])
        assert facts("password.reset") == [{"account": actor_for(intake).pseudonym}]

    def test_who_is_let_in_again_or_out_stands_in_the_log(self, client, intake) -> None:
        data = {"username": "ines", "groups": roles("intake")}
        post(client, f"{USERS}{intake.pk}/change/", data)
        assert facts("account.deactivated") == [{"account": actor_for(intake).pseudonym}]
        assert facts("account.activated") == []
        post(client, f"{USERS}{intake.pk}/change/", {**data, "is_active": "on"})
        assert facts("account.activated") == [{"account": actor_for(intake).pseudonym}]

    def test_another_address_stands_in_the_log_but_not_which(self, client, intake) -> None:
        data = {"username": "ines", "is_active": "on", "groups": roles("intake")}
        data["email"] = "mallory@example.org"
        for _ in range(2):
            post(client, f"{USERS}{intake.pk}/change/", data)
        assert facts("account.address_changed") == [{"account": actor_for(intake).pseudonym}]

    def test_a_lost_second_factor_is_removed_but_not_ones_own(
        self, sign_in, administrator, intake
    ) -> None:
        for user in (administrator, intake):
            TOTP.activate(user, "A" * 32)
        post(
            sign_in(administrator, fresh=True, factor=True),
            USERS,
            {
                "action": "remove_second_factor",
                "_selected_action": [str(administrator.pk), str(intake.pk)],
                "index": "0",
            },
        )
        assert [a.user for a in Authenticator.objects.all()] == [administrator]
        assert facts("second_factor.removed") == [{"account": actor_for(intake).pseudonym}]

    @pytest.mark.parametrize("path", ["add/", "{pk}/change/", "{pk}/password/"])
    def test_each_form_asks_for_a_fresh_sign_in(self, sign_in, administrator, intake, path) -> None:
        stale = sign_in(administrator)
        answer = stale.get(f"{USERS}{path.format(pk=intake.pk)}")
        assert answer.headers["Location"].startswith("/accounts/reauthenticate/?next=")

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
    PATH = "/staff/reports/regulatoraccount/"

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

    def test_an_account_is_for_one_regime_until_a_date(self, client, officer) -> None:
        post(
            client,
            f"{self.PATH}add/",
            {
                "user": officer.pk,
                "regime": "EU",
                "authority": "Data Office",
                "expires_at_0": "2027-12-31",
                "expires_at_1": "00:00:00",
            },
        )
        account = RegulatorAccount.objects.get()
        assert (account.user, account.regime) == (officer, "EU")
        assert facts("regulator.admitted")[0]["until"] == "2027-12-31"

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

    def test_a_token_is_shown_once_and_works(self, client, account) -> None:
        path = f"{self.PATH}{account.pk}/token/"
        assert "staff-secret" not in client.get(path).content.decode()
        page = post(client, path, {}).content.decode()
        token = re.search(r'staff-secret">([^<]+)<', page)[1]
        assert account_for_token(token) == account
        account.refresh_from_db()
        assert token.encode() not in bytes(account.token_digest)
        assert "staff-secret" not in client.get(path).content.decode()
        assert facts("token.issued") == [{"account": actor_for(account.user).pseudonym}]

    def test_a_token_needs_a_fresh_sign_in_and_the_right(
        self, sign_in, administrator, privacy_officer, account
    ) -> None:
        path = f"{self.PATH}{account.pk}/token/"
        assert sign_in(administrator).get(path).status_code == 302
        assert sign_in(privacy_officer, fresh=True).get(path).status_code == 403
        account.refresh_from_db()
        assert account.token_digest is None
