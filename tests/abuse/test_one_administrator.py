"""One administrator is not everybody: what gives access needs a second person, by every way."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction
from django.utils import timezone
from freezegun import freeze_time

from tests.abuse.accounts import (
    APPROVALS,
    USERS,
    account_form,
    decide,
    link_of,
    post,
    role_ids,
    roles,
    set_password,
    waiting,
)
from tests.personas import PASSWORD, make_regulator, make_staff, signed_in
from workflows.accounts.actors import actor_for
from workflows.accounts.approvals import approve, request_approval
from workflows.accounts.changes import reset_password
from workflows.accounts.errors import ApprovalRefused
from workflows.accounts.models import ApprovalRequest
from workflows.ledger.models import Event
from workflows.outbox.services import drain

pytestmark = pytest.mark.django_db
Kind = ApprovalRequest.Kind


@pytest.fixture(autouse=True)
def plain_settings(settings) -> None:
    settings.LANGUAGE_CODE = "en"
    settings.MFA_REQUIRED = False


@pytest.fixture
def client(administrator):
    """The browser of Adam, who has just signed in."""
    return signed_in(administrator, fresh=True)


@pytest.fixture
def other(db):
    """Alma is the other administrator."""
    return make_staff("alma", "administrator")


@pytest.fixture
def officer(privacy_officer):
    """The browser of Pilar."""
    return signed_in(privacy_officer, fresh=True)


@pytest.fixture
def olga(outsider) -> User:
    outsider.email = "olga@example.org"
    outsider.save()
    return outsider


def facts(name: str) -> list[object]:
    return [event.facts for event in Event.objects.filter(name=name).order_by("pk")]


class TestRoles:
    @pytest.mark.parametrize(
        "role", ["intake", "reviewer", "privacy_officer", "administrator", "regulator"]
    )
    def test_nobody_gets_a_role_before_somebody_else_has_approved(
        self, client, officer, olga, role
    ) -> None:
        post(client, f"{USERS}{olga.pk}/change/", account_form(olga, groups=role_ids(role)))
        assert roles(olga) == set()
        assert facts("roles.changed") == []
        decide(client, "approve")
        assert roles(olga) == set()
        decide(officer, "approve")
        assert roles(olga) == {role}
        olga.refresh_from_db()
        assert olga.is_staff == (role != "regulator")
        [granted] = facts("approval.granted")
        assert granted["roles"] == [role]
        assert granted["account"] == actor_for(olga).pseudonym

    def test_another_administrator_may_approve_as_well(self, client, other, olga) -> None:
        post(client, f"{USERS}{olga.pk}/change/", account_form(olga, groups=role_ids("intake")))
        decide(signed_in(other, fresh=True), "approve")
        assert roles(olga) == {"intake"}

    def test_who_would_get_the_role_does_not_approve(self, client, other) -> None:
        change = account_form(other, groups=role_ids("administrator", "reviewer"))
        post(client, f"{USERS}{other.pk}/change/", change)
        decide(signed_in(other, fresh=True), "approve")
        assert roles(other) == {"administrator"}

    @pytest.mark.parametrize("role", ["intake", "reviewer", "approver", "data_steward"])
    def test_nobody_without_the_role_for_it_approves(self, client, olga, role) -> None:
        post(client, f"{USERS}{olga.pk}/change/", account_form(olga, groups=role_ids("intake")))
        someone = make_staff("someone", role)
        answer = signed_in(someone, fresh=True).post(f"{APPROVALS}{waiting().pk}/approve/")
        assert answer.status_code == 403
        with pytest.raises(ApprovalRefused):
            approve(waiting().pk, someone)
        assert roles(olga) == set()

    def test_rejected_is_never_given(self, client, officer, olga) -> None:
        post(client, f"{USERS}{olga.pk}/change/", account_form(olga, groups=role_ids("intake")))
        request = waiting()
        decide(officer, "reject")
        with pytest.raises(ApprovalRefused):
            approve(request.pk, make_staff("piotr", "privacy_officer"))
        assert roles(olga) == set()
        assert len(facts("approval.rejected")) == 1

    def test_who_asked_can_withdraw_it_and_nobody_else(self, client, officer, olga) -> None:
        post(client, f"{USERS}{olga.pk}/change/", account_form(olga, groups=role_ids("intake")))
        request = waiting()
        decide(officer, "withdraw")
        assert waiting() == request
        decide(client, "withdraw")
        request.refresh_from_db()
        assert request.state == "withdrawn"

    def test_after_a_week_it_has_expired_and_can_be_asked_for_again(
        self, client, privacy_officer, olga, administrator
    ) -> None:
        change = account_form(olga, groups=role_ids("intake"))
        post(client, f"{USERS}{olga.pk}/change/", change)
        old = waiting()
        with freeze_time(timezone.now() + timedelta(days=7, seconds=1)):
            assert old.state_now == "expired"
            with pytest.raises(ApprovalRefused):
                approve(old.pk, privacy_officer)
            later = signed_in(administrator, fresh=True)
            post(later, f"{USERS}{olga.pk}/change/", change)
            assert waiting() != old
        assert roles(olga) == set()

    def test_what_an_administrator_asked_for_ends_with_their_role(
        self, client, officer, olga, administrator
    ) -> None:
        post(client, f"{USERS}{olga.pk}/change/", account_form(olga, groups=role_ids("intake")))
        administrator.is_active = False
        administrator.save()
        decide(officer, "approve")
        assert roles(olga) == set()

    def test_the_same_waits_once(self, client, olga) -> None:
        change = account_form(olga, groups=role_ids("intake"))
        for _ in range(2):
            post(client, f"{USERS}{olga.pk}/change/", change)
        assert waiting().kind == Kind.ROLES

    def test_a_role_is_taken_away_at_once(self, client, intake) -> None:
        post(client, f"{USERS}{intake.pk}/change/", account_form(intake, groups=None))
        intake.refresh_from_db()
        assert roles(intake) == set()
        assert not intake.is_staff
        assert not ApprovalRequest.objects.exists()

    def test_deciding_needs_a_fresh_sign_in(self, client, privacy_officer, olga) -> None:
        post(client, f"{USERS}{olga.pk}/change/", account_form(olga, groups=role_ids("intake")))
        for verb in ("approve", "reject"):
            answer = signed_in(privacy_officer).get(f"{APPROVALS}{waiting().pk}/{verb}/")
            assert answer.headers["Location"].startswith("/accounts/reauthenticate/")


class TestAccess:
    def test_an_account_is_locked_at_once_and_let_in_again_by_two(
        self, client, officer, intake
    ) -> None:
        post(client, f"{USERS}{intake.pk}/change/", account_form(intake, is_active=None))
        intake.refresh_from_db()
        assert not intake.is_active
        post(client, f"{USERS}{intake.pk}/change/", account_form(intake, is_active="on"))
        intake.refresh_from_db()
        assert not intake.is_active
        decide(officer, "approve")
        intake.refresh_from_db()
        assert intake.is_active

    def test_an_administrator_sets_nobodys_password(self, client, intake) -> None:
        new = {"password1": "x" * 20, "password2": "x" * 20, "usable_password": "true"}
        for path in ("add/", f"{intake.pk}/change/", f"{intake.pk}/password/"):
            page = client.get(f"{USERS}{path}", follow=True).content.decode()
            assert 'type="password"' not in page
            post(client, f"{USERS}{path}", new)
        form = account_form(intake, password1="x" * 20, password2="x" * 20, password="x" * 20)
        post(client, f"{USERS}{intake.pk}/change/", form)
        intake.refresh_from_db()
        assert intake.check_password(PASSWORD)

    def test_a_reset_is_a_link_to_the_person_after_approval(
        self, client, officer, intake, mailoutbox
    ) -> None:
        User.objects.filter(pk=intake.pk).update(email="ines@example.org")
        post(client, f"{USERS}{intake.pk}/reset/")
        drain()
        assert mailoutbox == []
        decide(officer, "approve")
        drain()
        [mail] = [mail for mail in mailoutbox if mail.to == ["ines@example.org"]]
        assert intake.username in mail.body
        from django.test import Client

        set_password(Client(enforce_csrf_checks=True), link_of(mail))
        intake.refresh_from_db()
        assert intake.check_password("a rather long password")

    def test_a_second_factor_is_removed_by_two(self, client, officer, intake) -> None:
        TOTP.activate(intake, "A" * 32)
        post(client, f"{USERS}{intake.pk}/second-factor/")
        assert Authenticator.objects.filter(user=intake).exists()
        decide(officer, "approve")
        assert not Authenticator.objects.filter(user=intake).exists()

    def test_mail_goes_elsewhere_only_when_two_want_it(self, client, officer, olga) -> None:
        """Who chose the address alone could have the link for a new password sent there."""
        EmailAddress.objects.create(user=olga, email=olga.email, verified=True, primary=True)
        change = account_form(olga, email="mallory@example.org")
        post(client, f"{USERS}{olga.pk}/change/", change)
        olga.refresh_from_db()
        assert olga.email == "olga@example.org"
        assert "mallory" not in str([e.body for e in Event.objects.all()])
        page = officer.get(f"{APPROVALS}{waiting().pk}/change/").content.decode()
        assert "mallory@example.org" in page
        decide(officer, "approve")
        olga.refresh_from_db()
        assert olga.email == "mallory@example.org"
        assert not EmailAddress.objects.filter(user=olga).exists()
        assert "mallory" not in str(ApprovalRequest.objects.get().terms)

    @pytest.mark.parametrize("path", ["reset/", "second-factor/", "invite/", "link-end/"])
    def test_nobody_asks_about_themselves(self, administrator, path) -> None:
        TOTP.activate(administrator, "A" * 32)
        browser = signed_in(administrator, fresh=True, factor=True)
        assert browser.get(f"{USERS}{administrator.pk}/{path}").status_code == 200
        post(browser, f"{USERS}{administrator.pk}/{path}", {"groups": role_ids("reviewer")})
        assert not ApprovalRequest.objects.exists()
        assert Authenticator.objects.filter(user=administrator).exists()

    def test_own_roles_access_and_address_are_out_of_reach(self, client, administrator) -> None:
        change = account_form(
            administrator, groups=role_ids("privacy_officer"), is_active=None, email="a@b.example"
        )
        post(client, f"{USERS}{administrator.pk}/change/", change)
        administrator.refresh_from_db()
        assert (administrator.is_active, administrator.email) == (True, "")
        assert roles(administrator) == {"administrator"}
        assert not ApprovalRequest.objects.exists()


class TestByOtherWays:
    def test_no_field_of_a_form_gives_rights(self, client, olga) -> None:
        extra = {"is_superuser": "on", "is_staff": "on", "user_permissions": ["1"]}
        post(client, f"{USERS}{olga.pk}/change/", account_form(olga, **extra))
        olga.refresh_from_db()
        assert (olga.is_superuser, olga.is_staff) == (False, False)
        assert not olga.user_permissions.exists()

    def test_no_list_changes_accounts(self, client, intake) -> None:
        page = client.get(USERS).content.decode()
        assert 'name="action"' not in page
        form = {"action": "remove_second_factor", "_selected_action": [str(intake.pk)]}
        TOTP.activate(intake, "A" * 32)
        client.post(USERS, {**form, "csrfmiddlewaretoken": client.cookies["csrf"].value})
        assert Authenticator.objects.filter(user=intake).exists()

    @pytest.mark.parametrize(
        "path",
        [
            "/staff/auth/group/",
            "/staff/auth/permission/",
            "/staff/account/emailaddress/",
            "/staff/mfa/authenticator/",
            "/staff/accounts/invitation/",
            "/staff/accounts/regulatortoken/",
        ],
    )
    def test_no_other_page_keeps_accounts(self, path) -> None:
        root = User.objects.create_superuser("root", password=PASSWORD)
        assert signed_in(root, fresh=True).get(path).status_code == 404

    def test_what_waits_is_not_edited(self, client, officer, olga) -> None:
        post(client, f"{USERS}{olga.pk}/change/", account_form(olga, groups=role_ids("intake")))
        request = waiting()
        for browser in (client, officer):
            post(browser, f"{APPROVALS}{request.pk}/change/", {"state": "approved"})
            assert browser.get(f"{APPROVALS}add/").status_code == 403
            assert browser.get(f"{APPROVALS}{request.pk}/delete/").status_code == 403
        request.refresh_from_db()
        assert request.state == "waiting"
        assert roles(olga) == set()

    def test_a_password_cannot_be_guessed_by_a_filter(self, client, intake) -> None:
        answer = client.get(f"{USERS}?password__startswith=a")
        assert answer.status_code == 400


class TestSuperuser:
    @pytest.fixture
    def root(self, db):
        return User.objects.create_superuser("root", password=PASSWORD)

    def invite(self, browser, name: str, *names: str) -> User:
        form = {"username": name, "email": f"{name}@example.org", "groups": role_ids(*names)}
        post(browser, f"{USERS}add/", form)
        return User.objects.get(username=name)

    def accept(self, mailoutbox, name: str) -> None:
        from django.test import Client

        drain()
        [mail] = [mail for mail in mailoutbox if mail.to == [f"{name}@example.org"]]
        set_password(Client(enforce_csrf_checks=True), link_of(mail))

    def test_sets_up_the_first_two_alone_and_then_no_more(self, root, mailoutbox) -> None:
        browser = signed_in(root, fresh=True)
        for name in ("adam", "alma"):
            account = self.invite(browser, name, "administrator")
            assert roles(account) == {"administrator"}
            self.accept(mailoutbox, name)
        third = self.invite(browser, "pilar", "privacy_officer")
        assert roles(third) == set()
        assert waiting().account == third
        assert [fact.get("exemption") for fact in facts("approval.granted")] == [
            "first_accounts"
        ] * 2

    def test_does_not_get_round_by_locking_one_of_the_two(self, root, administrator, other) -> None:
        browser = signed_in(root, fresh=True)
        post(browser, f"{USERS}{other.pk}/change/", account_form(other, is_active=None))
        other.refresh_from_db()
        assert not other.is_active
        third = self.invite(browser, "pilar", "privacy_officer")
        assert roles(third) == set()
        assert Event.objects.filter(name="two_person_rule.began").count() == 1

    def test_does_not_decide(self, root, client, olga) -> None:
        post(client, f"{USERS}{olga.pk}/change/", account_form(olga, groups=role_ids("intake")))
        decide(signed_in(root, fresh=True), "approve")
        assert roles(olga) == set()

    def test_is_out_of_an_administrators_reach(self, root, client, administrator) -> None:
        assert client.post(f"{USERS}{root.pk}/reset/").status_code == 403
        with pytest.raises(ApprovalRefused):
            reset_password(root, administrator)


class TestRegulators:
    PATH = "/staff/accounts/regulatoraccount/"

    def form(self, account, regime: str, day: str) -> dict[str, object]:
        return {
            "user": account.pk,
            "regime": regime,
            "authority": "Data Office",
            "expires_at_0": day,
            "expires_at_1": "00:00:00",
        }

    def test_sees_a_regime_when_two_want_it(self, client, officer) -> None:
        account = make_regulator("greta", "EU").user
        account.regulator.delete()
        account.refresh_from_db()
        post(client, f"{self.PATH}add/", self.form(account, "EU", "2099-12-31"))
        greta = signed_in(account, fresh=True)
        assert greta.get("/en/regulators/").status_code == 403
        decide(officer, "approve")
        assert greta.get("/en/regulators/").status_code == 200

    @pytest.mark.parametrize(("regime", "day"), [("CN", "2026-01-01"), ("EU", "2099-12-31")])
    def test_another_regime_or_a_later_day_waits_as_well(
        self, client, officer, regime, day
    ) -> None:
        account = make_regulator("greta", "EU")
        before = account.expires_at
        post(client, f"{self.PATH}{account.pk}/change/", self.form(account.user, regime, day))
        account.refresh_from_db()
        assert (account.regime, account.expires_at) == ("EU", before)
        decide(officer, "approve")
        account.refresh_from_db()
        assert (account.regime, account.expires_at.date().isoformat()) == (regime, day)

    def test_an_earlier_day_takes_effect_at_once(self, client) -> None:
        account = make_regulator("greta", "EU", authority="Data Office")
        path = f"{self.PATH}{account.pk}/change/"
        post(client, path, self.form(account.user, "EU", "2020-01-01"))
        account.refresh_from_db()
        assert account.expires_at.year == 2020


class TestTheDatabaseItself:
    @pytest.fixture
    def request_(self, administrator, olga):
        return request_approval(
            ApprovalRequest(
                kind=Kind.ROLES,
                account=olga,
                requested_by=administrator,
                terms={"roles": ["intake"]},
            )
        )

    @pytest.mark.parametrize("decided_by", ["administrator", "olga", None])
    def test_refuses_an_approval_by_one_person(self, request, request_, decided_by) -> None:
        by = request.getfixturevalue(decided_by) if decided_by else None
        with pytest.raises(IntegrityError), transaction.atomic():
            ApprovalRequest.objects.update(state="approved", decided_by=by)

    def test_refuses_a_request_about_oneself(self, request_, administrator) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            ApprovalRequest.objects.update(account=administrator)


class TestCommands:
    def test_a_superuser_made_on_the_server_stands_in_the_log(self, privacy_officer) -> None:
        call_command("createsuperuser", "--noinput", username="root", email="r@example.org")
        root = User.objects.get(username="root")
        assert facts("superuser.created") == [{"account": actor_for(root).pseudonym}]

    def test_a_password_set_on_the_server_stands_in_the_log(self, intake, monkeypatch) -> None:
        monkeypatch.setattr("getpass.getpass", lambda **_: "a rather long password")
        call_command("changepassword", "ines")
        assert facts("password.changed_by_command") == [{"account": actor_for(intake).pseudonym}]

    def test_where_nobody_is_left_a_command_approves_and_says_so(
        self, client, olga, capsys
    ) -> None:
        post(client, f"{USERS}{olga.pk}/change/", account_form(olga, groups=role_ids("intake")))
        call_command("approve_account_change")
        assert str(waiting().pk) in capsys.readouterr().out
        request = waiting()
        call_command("approve_account_change", str(request.pk))
        assert roles(olga) == {"intake"}
        event = Event.objects.get(name="approval.granted")
        assert (event.role, event.facts["exemption"]) == ("system", "command")
        with pytest.raises(CommandError):
            call_command("approve_account_change", str(request.pk))
