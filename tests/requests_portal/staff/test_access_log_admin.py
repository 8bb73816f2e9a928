"""The privacy officer sees who looked at what; so is seen who looks at that."""

import csv
import io
import re

import pytest
from django.db import connection
from freezegun import freeze_time

from requests_portal.staff.case.actions.complaints import PAGES as COMPLAINT_PAGES
from requests_portal.staff.case.actions.table import PAGES
from tests.factories import ERIKA, file
from tests.personas import signed_in
from tests.tokens import regulator_token
from workflows.accounts.actors import actor_for
from workflows.cases.staff_actions import log_case_view
from workflows.ledger.models import Event
from workflows.oversight.access_log import ACCESS_EVENTS

pytestmark = pytest.mark.django_db
LOG = "/staff/oversight/accessevent/"


@pytest.fixture
def looks(reviewer, intake):
    """Ravi looked at a Chinese case in May, Ines at a European one in June."""
    reviewer.first_name, reviewer.last_name = "Ravi", "Rao"
    reviewer.save()
    cases = file().case, file(ERIKA).case
    for case, user, day in zip(
        cases, (reviewer, intake), ("2026-05-10", "2026-06-11"), strict=True
    ):
        with freeze_time(f"{day} 10:00:00"):
            log_case_view(case, actor_for(user), what="case")
    return cases


def rows(client, **query) -> str:
    """The table of the list, without the filters beside it."""
    response = client.get(LOG, query)
    assert response.status_code == 200
    return response.content.decode().split('id="result_list"')[1].split("</table>")[0]


def test_who_looked_at_what_and_when(sign_in, privacy_officer, looks) -> None:
    table = rows(sign_in(privacy_officer))
    for text in ("Ravi Rao", "ines", looks[0].number, "2026-05-10 10:00:00", "looked at a case"):
        assert text in table


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("manifest", "更改清单"),
        ("matches", "匹配"),
        ("item", "事项"),
        (PAGES["answer"].audit_name, "发出答复"),
        (PAGES["note"].audit_name, "写备注"),
        (COMPLAINT_PAGES["answer"].audit_name, "答复投诉"),
    ],
)
def test_what_was_looked_at_is_said_in_words(what, words, sign_in, privacy_officer) -> None:
    log_case_view(file().case, actor_for(privacy_officer), what=what)
    client = sign_in(privacy_officer)
    client.cookies["django_language"] = "zh-hans"
    table = rows(client)
    assert f"查阅了案件（{words}" in table
    for heading in ("时间", "操作"):
        assert heading in table.partition("<tbody")[0]


def test_the_look_at_the_log_is_its_latest_entry(sign_in, privacy_officer, looks) -> None:
    client = sign_in(privacy_officer)
    assert "looked at this log" not in rows(client, q="Rao")
    event = Event.objects.latest("id")
    assert (event.name, event.actor) == (
        "access_log.viewed",
        privacy_officer.staff_identity.pseudonym,
    )
    # What was typed may be a name, and stays out of the log.
    assert event.facts == {"narrowed_by": ["q"]}
    client.get("/staff/oversight/accessevent/", {"look": "case.viewed", "erika_mustermann": "1"})
    assert Event.objects.latest("id").facts == {"narrowed_by": ["look"]}
    assert "looked at this log" in rows(client)


@pytest.mark.parametrize(
    ("query", "who", "nobody"),
    [
        ({"q": "Rao"}, "Ravi Rao", "ines"),
        ({"q": "INES"}, "ines", "Ravi Rao"),
        ({"in_role": "intake"}, "ines", "Ravi Rao"),
        ({"look": "case.viewed", "at_to": "2026-05-10"}, "Ravi Rao", "ines"),
        ({"look": "case.viewed", "at_from": "2026-06-11"}, "ines", "Ravi Rao"),
    ],
)
@pytest.mark.usefixtures("looks")
def test_it_is_searched_and_narrowed(query, who, nobody, sign_in, privacy_officer) -> None:
    table = rows(sign_in(privacy_officer), **query)
    assert who in table
    assert nobody not in table


def test_it_is_searched_by_the_number_of_a_case(sign_in, privacy_officer, looks) -> None:
    table = rows(sign_in(privacy_officer), q=looks[1].number.lower().replace("-", " "))
    assert "ines" in table
    assert looks[0].number not in table


def test_a_pseudonym_stays_when_the_account_is_gone(sign_in, privacy_officer) -> None:
    from tests.factories import REVIEWER

    log_case_view(file().case, REVIEWER, what="case")
    assert REVIEWER.pseudonym in rows(sign_in(privacy_officer))


def test_every_look_of_a_regulator_is_listed(sign_in, privacy_officer) -> None:
    from tests.personas import make_regulator

    account = make_regulator("lin", "CN")
    case = file().case
    regulator = signed_in(account.user, fresh=True)
    for page in ("cases/", f"cases/{case.number}/", "statistics/"):
        assert regulator.get(f"/en/regulators/{page}").status_code == 200
    token = {"HTTP_AUTHORIZATION": f"Bearer {regulator_token(account)}"}
    assert regulator.get("/api/v1/regulator/cases/?state=filed", **token).status_code == 200
    table = rows(sign_in(privacy_officer), in_role="regulator")
    assert table.count("looked at") == 4
    assert "CN · cases" in table
    assert "CN · figures" in table
    seen = Event.objects.filter(name="register.viewed").order_by("id")
    facts = [event.facts for event in seen]
    assert facts[-1]["narrowed_by"] == {"states": ["filed"]}


def test_a_case_number_that_was_searched_for_is_not_kept(privacy_officer) -> None:
    from tests.personas import make_regulator

    regulator = signed_in(make_regulator("lin", "CN").user, fresh=True)
    regulator.get("/en/regulators/cases/", {"number": "王小明", "state": "filed"})
    event = Event.objects.get(name="register.viewed")
    assert event.facts["narrowed_by"] == {"number": True, "state": "filed"}


@pytest.mark.parametrize(
    "role", ["intake", "reviewer", "approver", "data_steward", "administrator"]
)
def test_nobody_else_may_look(role, request, sign_in, looks) -> None:
    client = sign_in(request.getfixturevalue(role))
    for path in (LOG, f"{LOG}csv/"):
        assert client.get(path).status_code in {302, 403}
    assert not Event.objects.filter(name__startswith="access_log.").exists()


def test_the_download_holds_what_is_shown_and_is_a_step_too(privacy_officer, looks) -> None:
    client = signed_in(privacy_officer, fresh=True)
    response = client.get(f"{LOG}csv/", {"q": "Rao"})
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    found = list(csv.DictReader(io.StringIO(text)))
    assert [(row["person"], row["case_number"], row["what"]) for row in found] == [
        ("Ravi Rao", looks[0].number, "case")
    ]
    assert found[0]["at"] == "2026-05-10T10:00:00.000000Z"
    assert Event.objects.latest("id").name == "access_log.exported"


def test_the_download_asks_who_you_are_once_more(sign_in, privacy_officer) -> None:
    response = sign_in(privacy_officer).get(f"{LOG}csv/")
    assert response.status_code == 302
    assert "reauthenticate" in response["Location"]
    assert not Event.objects.filter(name="access_log.exported").exists()


def test_it_cannot_be_changed(sign_in, privacy_officer, looks) -> None:
    client = sign_in(privacy_officer)
    event = Event.objects.filter(name="case.viewed").first()
    assert client.get(f"{LOG}add/").status_code == 403
    assert client.get(f"{LOG}{event.pk}/delete/").status_code == 403


def test_the_cost_does_not_grow(
    sign_in, privacy_officer, looks, reviewer, django_assert_max_num_queries
) -> None:
    client = sign_in(privacy_officer)
    client.get(LOG)
    for _number in range(5):
        log_case_view(file().case, actor_for(reviewer), what="case")
    with django_assert_max_num_queries(20):
        client.get(LOG)


def test_the_index_covers_each_kind_of_look(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'oversight_access'")
        (definition,) = cursor.fetchone()
    assert set(re.findall(r"'([a-z_]+\.[a-z_]+)'::", definition)) == set(ACCESS_EVENTS)
