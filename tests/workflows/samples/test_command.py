"""`manage.py load_sample_cases`: once, all or nothing, and not among other people's cases."""

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from tests.factories import make_case
from workflows.accounts.models import RegulatorAccount
from workflows.cases.models import Case
from workflows.ledger.models import Event
from workflows.samples.load import samples

pytestmark = [pytest.mark.django_db, pytest.mark.stack]


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


def load(*arguments: str) -> str:
    out = StringIO()
    call_command("load_sample_cases", *arguments, stdout=out)
    return out.getvalue()


def test_regimes_beyond_the_complete_ones_appear_where_they_are_served(settings):
    assert not {"luiza", "haruka"} & {text.sample["name"] for text in samples()}

    settings.PROVIDER_REGIMES = ["CN", "EU", "UK", "US-CA", "BR", "JP"]
    load()

    assert set(Case.objects.values_list("regime", flat=True)) >= {"BR", "JP"}
    assert RegulatorAccount.objects.filter(regime="BR").exists()


def test_a_second_run_says_so_and_changes_nothing(data_folder):
    load()
    logins = (data_folder / "sample-logins.txt").read_text()
    before = (Case.objects.count(), Event.objects.count())

    assert load() == "The sample cases are loaded already.\n"
    assert load("--force") == "The sample cases are loaded already.\n"
    assert (Case.objects.count(), Event.objects.count()) == before
    assert (data_folder / "sample-logins.txt").read_text() == logins


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
