"""The samples: every state, every right place, once, and gone again when anything fails."""

import stat
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from tests.factories import make_case
from workflows.cases.access import open_with_receipt
from workflows.cases.clocks import differing_clocks
from workflows.cases.lifecycle import State
from workflows.cases.models import Case, Clock
from workflows.cases.vocabulary import ItemKind, RequesterRole
from workflows.ledger.models import Event
from workflows.reports.models import RegulatorAccount
from workflows.reports.samples.load import samples

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


def load(*arguments: str) -> str:
    out = StringIO()
    call_command("load_sample_cases", *arguments, stdout=out)
    return out.getvalue()


def rows_of(folder) -> list[list[str]]:
    lines = (folder / "sample-logins.txt").read_text(encoding="utf-8").splitlines()
    return [line.split() for line in lines]


def test_there_is_a_case_for_each_state_regime_language_requester_and_item_kind():
    load()

    cases = Case.objects.all()
    assert {case.state for case in cases} == set(State)
    assert {case.regime for case in cases} == {"CN", "EU", "UK", "US-CA"}
    assert {case.language for case in cases} == {"zh-hans", "en"}
    assert {case.requester_role for case in cases} == set(RequesterRole.values)
    assert {kind for case in cases for kind in case.kinds} == set(ItemKind.values)


def test_some_are_late_due_soon_extended_paused_contested_erased():
    load()

    assert Case.objects.filter(clocks__state=Clock.State.MISSED, clocks__leads=True).count() >= 3
    assert Clock.objects.filter(state=Clock.State.RUNNING, leads=True, reminders=2).exists()
    assert Case.objects.filter(clock_events__name="extension_told").exists()
    assert Case.objects.filter(regime="UK", clocks__state=Clock.State.PAUSED).exists()
    assert Case.objects.filter(erased_at__isnull=False).count() == 1


def test_each_case_is_as_its_services_left_it():
    load()

    for case in Case.objects.all():
        assert differing_clocks(case) == []
        names = list(Event.objects.filter(case=case.pseudonym).values_list("name", flat=True))
        assert names.count("case.received") == len(case.regimes)


def test_regimes_beyond_the_complete_ones_appear_where_they_are_served(settings):
    assert not {"luiza", "haruka"} & {text.sample["name"] for text in samples()}

    settings.PROVIDER_REGIMES = ["CN", "EU", "UK", "US-CA", "BR", "JP"]
    load()

    assert set(Case.objects.values_list("regime", flat=True)) >= {"BR", "JP"}
    assert RegulatorAccount.objects.filter(regime="BR").exists()


def test_the_file_of_log_ins_opens_what_it_names(data_folder):
    load()

    assert stat.S_IMODE((data_folder / "sample-logins.txt").stat().st_mode) == 0o600
    rows = rows_of(data_folder)
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
        assert open_with_receipt(number, receipt).state == state


def test_each_regime_has_a_regulator_who_is_no_staff(data_folder, settings):
    load()

    for code in settings.PROVIDER_REGIMES:
        account = RegulatorAccount.objects.select_related("user").get(regime=code)
        assert account.user.username == f"regulator-{code.lower()}"
        assert not account.user.is_staff
        row = next(row for row in rows_of(data_folder) if account.user.username in row)
        assert row[3].endswith("/en/regulators/")
        assert account.user.check_password(row[2])


def test_a_second_run_says_so_and_changes_nothing(data_folder):
    load()
    before = (Case.objects.count(), Event.objects.count(), rows_of(data_folder))

    assert load() == "The sample cases are loaded already.\n"
    assert load("--force") == "The sample cases are loaded already.\n"
    assert (Case.objects.count(), Event.objects.count(), rows_of(data_folder)) == before


def test_other_cases_are_not_mixed_with_invented_ones_unless_forced():
    make_case()

    with pytest.raises(CommandError, match="other cases"):
        load()
    assert Case.objects.count() == 1
    assert not User.objects.exists()

    load("--force")
    assert Case.objects.count() > 20


def test_an_account_of_somebody_else_is_left_alone():
    User.objects.create_user("ravi")

    with pytest.raises(CommandError, match="ravi"):
        load()
    assert not Case.objects.exists()


def test_nothing_is_left_when_the_log_ins_cannot_be_written(settings, tmp_path):
    (tmp_path / "in-the-way").write_text("")
    settings.DATA_DIR = tmp_path / "in-the-way"

    with pytest.raises(OSError):
        load()
    assert not Case.objects.exists()
    assert not User.objects.exists()
