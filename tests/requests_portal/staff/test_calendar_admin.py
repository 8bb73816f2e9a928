"""Working days: a notice is loaded with its days, and one that replaces another as well."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.factories import file
from workflows.cases.recalculation import preview_notice
from workflows.outbox.models import Effect
from workflows.outbox.services import drain, run_effect
from workflows.regimes.calendar_store import checked_notice
from workflows.regimes.models import BusinessCalendar

pytestmark = pytest.mark.django_db

ADD = "/staff/regimes/businesscalendar/add/"
NOTICE = {
    "region": "CN",
    "year": "2030",
    "status": "official",
    "source": "国务院办公厅通知",
    "days_off": "2030-01-01\n2030-01-02、2030-02-03",
    "extra_working_days": "2030-02-09",
}


@pytest.fixture
def client(sign_in, privacy_officer):
    return sign_in(privacy_officer)


def test_a_notice_is_loaded_with_its_days(client, send, privacy_officer) -> None:
    send(client, ADD, NOTICE)
    row = BusinessCalendar.objects.get(region="CN", year=2030)
    assert row.days_off == [date(2030, 1, 1), date(2030, 1, 2), date(2030, 2, 3)]
    assert row.extra_working_days == [date(2030, 2, 9)]
    assert row.loaded_by == privacy_officer.staff_identity.pseudonym


def test_open_cases_are_counted_anew(client, send) -> None:
    case = file(at=datetime(2026, 11, 2, 4, tzinfo=UTC)).case  # no day off comes after it
    year = case.due_on.year
    days = "\n".join((case.due_on - timedelta(days=back)).isoformat() for back in range(3))
    send(client, ADD, {**NOTICE, "year": str(year), "days_off": days, "extra_working_days": ""})
    [effect] = Effect.objects.filter(kind="cases.recompute")
    before = case.due_on
    run_effect(effect.pk)
    case.refresh_from_db()
    assert case.due_on > before


def test_a_correction_replaces_the_notice(client, send) -> None:
    send(client, ADD, NOTICE)
    send(client, ADD, {**NOTICE, "days_off": "2030-01-01", "status": "provisional"})
    row = BusinessCalendar.objects.get(region="CN", year=2030)
    assert (row.days_off, row.status) == ([date(2030, 1, 1)], "provisional")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"days_off": "1 January"}, "Write days like 2027-01-31, one a line."),
        ({"days_off": "2030-02-09"}, "A day cannot be off and a working day at once."),
        ({"days_off": "2020-01-01"}, "lie in that year or next to it"),
        ({"region": "Atlantis"}, "Select a valid choice"),
        ({"extra_working_days": "2030-02-11"}, "2030-02-11 is no day of a weekend"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_loaded(client, send, typed, sentence) -> None:
    answer = send(client, ADD, {**NOTICE, **typed})
    assert sentence in answer.content.decode()
    assert not BusinessCalendar.objects.filter(year=2030).exists()


def test_what_was_loaded_is_read_and_not_edited(client) -> None:
    row = BusinessCalendar.objects.first()
    assert row.source in client.get("/staff/regimes/businesscalendar/").content.decode()
    path = f"/staff/regimes/businesscalendar/{row.pk}"
    assert client.get(f"{path}/change/").status_code == 200
    assert client.get(f"{path}/delete/").status_code == 403


def test_others_load_nothing(sign_in, intake) -> None:
    assert sign_in(intake).get(ADD).status_code == 403


class TestPreview:
    AT = datetime(2026, 12, 21, 2, tzinfo=UTC)
    NOTICE_2027 = {
        **NOTICE,
        "year": "2027",
        "days_off": "2027-01-01\n2027-01-11",
        "extra_working_days": "2027-01-16",
        "preview": "1",
    }

    def test_shows_which_dates_would_move_and_loads_nothing(self, client, send) -> None:
        case = file(at=self.AT).case
        before = case.due_on
        page = send(client, ADD, self.NOTICE_2027).content.decode()
        assert case.number in page
        assert "(Saturday)" in page
        assert "provisional" in page
        assert not BusinessCalendar.objects.filter(year=2027).exists()
        assert not Effect.objects.filter(kind="cases.recompute").exists()
        case.refresh_from_db()
        assert case.due_on == before

    def test_what_is_shown_is_what_comes_of_loading(self, client, send) -> None:
        case = file(at=self.AT).case
        notice = checked_notice(
            region="CN",
            year=2027,
            source="x",
            days_off=[date(2027, 1, 1), date(2027, 1, 11)],
            extra_working_days=[date(2027, 1, 16)],
        )
        [lead] = [m for m in preview_notice(notice).moved if m.kind == case.lead_regime.lead]
        send(client, ADD, {k: v for k, v in self.NOTICE_2027.items() if k != "preview"})
        drain()
        case.refresh_from_db()
        assert (case.due_on, case.due_provisional) == (lead.after, lead.stays_provisional)

    def test_says_what_is_wrong(self, client, send) -> None:
        wrong = {**self.NOTICE_2027, "days_off": "2027-01-16"}
        assert "cannot be off and a working day" in send(client, ADD, wrong).content.decode()

    def test_a_case_that_ends_before_the_year_is_left_out(self, client, send) -> None:
        file(at=datetime(2026, 11, 2, 4, tzinfo=UTC))
        page = send(client, ADD, self.NOTICE_2027).content.decode()
        assert "No date of an open case would move." in page


def test_the_overview_warns_of_provisional_dates(client) -> None:
    assert "is provisional" not in client.get("/staff/").content.decode()
    file(at=datetime(2026, 12, 21, 2, tzinfo=UTC))
    page = client.get("/staff/").content.decode()
    assert "The date of 1 open case is provisional" in page
    assert ADD in page


def test_no_region_is_chosen_beforehand_and_each_has_its_name(client, send) -> None:
    page = client.get(ADD).content.decode()
    assert '<option value="" selected>' in page
    assert "AT · Austria" in page

    send(client, ADD, {**NOTICE, "region": ""})
    assert not BusinessCalendar.objects.filter(year=2030).exists()
