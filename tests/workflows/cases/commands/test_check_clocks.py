"""`manage.py check_clocks`: what is stored is what the events derive."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from tests.factories import ERIKA, make_case
from workflows.cases.lifecycle import State
from workflows.cases.models import Case, Clock

pytestmark = pytest.mark.django_db


def check() -> str:
    out = StringIO()
    call_command("check_clocks", stdout=out)
    return out.getvalue()


def test_untouched_cases_are_found_right():
    for state in (State.FILED, State.IDENTITY_NEEDED, State.CLOSED):
        make_case(state)
        make_case(state, ERIKA)

    assert check() == "cases 6\nOK\n"


@pytest.mark.parametrize("leads", [True, False])
def test_a_changed_clock_is_found(leads):
    case = make_case()
    case.clocks.filter(leads=leads).update(due_at=F("due_at") + timedelta(days=1))
    out = StringIO()

    with pytest.raises(CommandError, match="1 cases"):
        call_command("check_clocks", stdout=out)
    assert out.getvalue().startswith(f"{case.number} CN ")


def test_a_changed_date_of_the_case_itself_is_found():
    case = make_case()
    Case.objects.update(due_at=F("due_at") + timedelta(days=1))
    out = StringIO()

    with pytest.raises(CommandError):
        call_command("check_clocks", stdout=out)
    assert f"{case.number} case: stored" in out.getvalue()


def test_nothing_is_mended():
    make_case()
    Clock.objects.update(due_at=None)

    with pytest.raises(CommandError):
        check()
    assert not Clock.objects.exclude(due_at=None).exists()
