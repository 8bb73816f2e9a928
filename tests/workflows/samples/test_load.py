"""The samples: every state, every right place, and log-ins that open what they name."""

import stat
from io import StringIO

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import transaction

from workflows.accounts.models import RegulatorAccount
from workflows.cases.access import find_by_receipt
from workflows.cases.clocks import differing_clocks
from workflows.cases.lifecycle import State
from workflows.cases.models import Case, Clock
from workflows.complaints.models import Complaint
from workflows.ledger.models import Event
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.people import RequesterRole

pytestmark = [pytest.mark.django_db, pytest.mark.stack]


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker, tmp_path_factory):
    """Load the samples once for all tests here, which only read; give the data folder."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        patch.setattr(settings, "DATA_DIR", folder)
        with transaction.atomic():
            call_command("load_sample_cases", stdout=StringIO())
            yield folder
            transaction.set_rollback(True)


def rows_of(folder) -> list[list[str]]:
    lines = (folder / "sample-logins.txt").read_text(encoding="utf-8").splitlines()
    return [line.split() for line in lines]


def test_there_is_a_case_for_each_state_regime_language_requester_and_item_kind(loaded):
    cases = Case.objects.all()
    assert {case.state for case in cases} == set(State)
    assert {case.regime for case in cases} == {"CN", "EU", "UK", "US-CA"}
    assert {case.language for case in cases} == {"zh-hans", "en"}
    assert {case.requester_role for case in cases} == set(RequesterRole.values)
    assert {kind for case in cases for kind in case.kinds} == set(ItemKind.values)


def test_some_are_late_due_soon_extended_paused_contested_erased(loaded):
    assert Case.objects.filter(clocks__state=Clock.State.MISSED, clocks__leads=True).count() >= 3
    assert Clock.objects.filter(state=Clock.State.RUNNING, leads=True, reminders=2).exists()
    assert Case.objects.filter(clock_events__name="extension_told").exists()
    assert Case.objects.filter(regime="UK", clocks__state=Clock.State.PAUSED).exists()
    assert Case.objects.filter(erased_at__isnull=False).count() == 1


def test_somebody_complains_and_somebody_was_answered(loaded):
    complaints = Complaint.objects.all()
    assert {complaint.about for complaint in complaints} >= {"answer", "request"}
    assert {complaint.state for complaint in complaints} >= {"received", "answered"}


def test_each_case_is_as_its_services_left_it(loaded):
    for case in Case.objects.all():
        assert differing_clocks(case) == []
        names = list(
            Event.objects.filter(case=case.pseudonym).order_by("pk").values_list("name", flat=True)
        )
        assert names.count("case.received") == len(case.regimes)


def test_the_file_of_log_ins_opens_what_it_names(loaded):
    assert stat.S_IMODE((loaded / "sample-logins.txt").stat().st_mode) == 0o600
    rows = rows_of(loaded)
    accounts = {row[1]: row for row in rows if row and len(row) == 4 and "/staff/" in row[3]}
    assert set(accounts) == {"ines", "ravi", "rosa", "amal", "dana", "pilar", "piotr", "adam"}
    for role, username, passphrase, _where in accounts.values():
        user = User.objects.get(username=username)
        assert user.check_password(passphrase)
        assert user.is_staff
        assert [group.name for group in user.groups.all()] == [role]
    requesters = [row for row in rows if row and row[-1].endswith("/status/")]
    assert {row[0] for row in requesters} >= {State.ANSWERED, State.IDENTITY_NEEDED}
    for state, number, receipt, _where in requesters:
        assert find_by_receipt(number, receipt).state == state


def test_each_regime_has_a_regulator_who_is_no_staff(loaded):
    for code in settings.PROVIDER_REGIMES:
        account = RegulatorAccount.objects.select_related("user").get(regime=code)
        assert account.user.username == f"regulator-{code.lower()}"
        assert not account.user.is_staff
        row = next(row for row in rows_of(loaded) if account.user.username in row)
        assert row[3].endswith("/en/regulators/")
        assert account.user.check_password(row[2])
