"""A regulator reads the cases of their regime, and every look is a step in the log."""

import pytest

from tests.factories import ERIKA, WANG, file, granted, make_case
from workflows.cases.lifecycle import State
from workflows.ledger.checkpoints import parse_proof, verify_proof
from workflows.ledger.keys import log_verifier
from workflows.ledger.models import Event
from workflows.ledger.sequencer import drain_inbox

LIST = "/en/regulators/cases/"


@pytest.fixture
def chinese(db):
    return make_case(State.ANSWERED)


@pytest.fixture
def european(db):
    return make_case(State.ANSWERED, ERIKA)


def text(response):
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_shows_the_cases_of_the_regime_and_no_other(chinese, european, china, europe):
    assert chinese.number in text(china.get(LIST))
    assert european.number not in text(china.get(LIST))
    assert european.number in text(europe.get(LIST))
    assert chinese.number not in text(europe.get(LIST))


def test_another_regime_cannot_be_searched_counted_or_opened(chinese, europe):
    page = text(europe.get(LIST, {"number": chinese.number}))
    assert "0 cases" in page
    assert page.count(chinese.number) == 1  # in the search field, as typed
    assert "0 cases" in text(europe.get(LIST, {"state": "answered"}))
    assert europe.get(f"{LIST}{chinese.number}/").status_code == 404
    assert not Event.objects.filter(name="case.viewed").exists()


def test_the_list_is_narrowed_by_number_state_kind_days_and_lateness(china):
    answered = make_case(State.ANSWERED)
    other = file(items=(WANG.items[0].__class__("delete", {}),)).case
    narrowed = {
        "number": answered.number.lower().replace("-", " "),
        "state": "answered",
        "kind": "correct",
    }
    for name, value in narrowed.items():
        page = text(china.get(LIST, {name: value}))
        assert answered.number in page, name
        assert other.number not in page, name
    assert "0 cases" in text(china.get(LIST, {"late": "on"}))
    assert "0 cases" in text(china.get(LIST, {"until": "2001-01-01"}))
    assert "2 cases" in text(china.get(LIST, {"since": "2001-01-01"}))


def test_a_late_case_says_so_in_words(chinese, china):
    chinese.clocks.filter(leads=True).update(state="missed")
    page = text(china.get(LIST, {"late": "on"}))
    assert chinese.number in page
    assert "! late" in page


def test_faulty_days_are_told_and_show_everything(chinese, china):
    page = text(china.get(LIST, {"since": "2026-02-02", "until": "2026-01-01"}))
    assert "The last day must not be before the first day." in page
    assert 'role="alert"' in page
    assert chinese.number in page


def test_list_and_file_cost_the_same_whatever_the_number_of_cases(
    china, django_assert_max_num_queries
):
    case = granted()
    china.get(LIST)
    for _number in range(3):
        file()
    # Four of each are the regulators' role: a savepoint, taking it, laying it down, the release.
    # Four more of the list are the step that records the look.
    with django_assert_max_num_queries(15):
        china.get(LIST)
    with django_assert_max_num_queries(24):
        china.get(f"{LIST}{case.number}/")


def test_pages_keep_the_filter(china, monkeypatch):
    monkeypatch.setattr("requests_portal.regulators.views.cases.CASES_ON_A_PAGE", 1)
    file()
    file()
    page = text(china.get(LIST, {"state": "filed"}))
    assert "?state=filed&amp;page=2" in page
    assert "Page 2 of 2" in text(china.get(LIST, {"state": "filed", "page": "2"}))


def test_the_file_of_a_case_shows_every_step_with_the_law_beside_it(china):
    case = granted()
    page = text(china.get(f"{LIST}{case.number}/"))
    for sentence in ("The request was received.", "Proof of identity was asked for."):
        assert sentence in page
    lead = case.lead_regime
    assert lead.clock(lead.lead).text.en in page
    assert lead.clock(lead.lead).rule.citations[0].en in page
    assert "How this date is computed" in page


@pytest.mark.parametrize("state", [State.DECISION_PROPOSED, State.EXECUTING])
def test_what_the_person_was_not_told_is_no_outcome_yet(china, chinese, state):
    intended = text(china.get(f"{LIST}{make_case(state).number}/"))
    told = text(china.get(f"{LIST}{chinese.number}/"))
    assert ">Intended outcome</th>" in intended
    assert ">Outcome</th>" not in intended
    assert ">Outcome</th>" in told
    assert "Refused" in intended


def test_the_file_shows_what_was_written_but_no_document_of_identity(china):
    case = granted()
    page = text(china.get(f"{LIST}{case.number}/"))
    assert "王小明" in page
    assert "住在杭州" in page
    assert "Checked a document." not in page
    assert "it is or may be a document of identity" in page


def test_the_file_is_in_the_language_of_the_address(chinese, china):
    page = china.get(f"/zh-hans/regulators/cases/{chinese.number}/").content.decode()
    lead = chinese.lead_regime
    assert lead.clock(lead.lead).text.zh in page


def test_places_and_languages_have_names_and_no_codes(chinese, china):
    page = text(china.get(f"{LIST}{chinese.number}/"))
    assert "<dd>Mainland China</dd>" in page
    assert "zh-hans" not in page.split("<h1>")[1].split("</main>")[0]


def test_each_look_is_a_step_of_the_case_under_the_pseudonym_of_the_regulator(chinese, china, lin):
    page = text(china.get(f"{LIST}{chinese.number}/"))
    event = Event.objects.get(name="case.viewed", case=chinese.pseudonym)
    assert (event.role, event.actor) == ("regulator", lin.user.staff_identity.pseudonym)
    assert "Somebody looked at the case." in page
    china.get(f"{LIST}{chinese.number}/")
    assert Event.objects.filter(name="case.viewed").count() == 2


def test_an_erased_case_says_so_and_keeps_its_steps(china):
    from tests.factories import OFFICER, OTHER_OFFICER
    from workflows.retention.erasure import erase, request_erasure

    case = make_case(State.CLOSED)
    request_erasure(case, OFFICER, "retention_over")
    erase(case, OTHER_OFFICER)
    page = text(china.get(f"{LIST}{case.number}/"))
    assert "were erased on" in page
    assert "Erased; the log proves only that there was something." in page
    assert "王小明" not in page


def test_pages_are_never_cached_and_change_nothing_by_post(chinese, china):
    response = china.get(f"{LIST}{chinese.number}/")
    assert response["Cache-Control"] == "no-store"
    assert china.post(LIST).status_code in {403, 405}


def test_each_step_can_be_taken_away_with_its_proof(chinese, european, china, lin):
    drain_inbox()
    page = text(china.get(f"{LIST}{chinese.number}/"))
    files = {}
    for kind in ("tlog-proof", "entry"):
        address = f"{LIST}{chinese.number}/1/{kind}/"
        assert f'href="{address}"' in page
        files[kind] = b"".join(china.get(address).streaming_content)
    proof = parse_proof(files["tlog-proof"].decode())
    verify_proof(proof, files["entry"], log_verifier())
    assert Event.objects.filter(name="case.viewed", role="regulator").count() == 3
    for faulty in (
        f"{LIST}{european.number}/1/entry/",
        f"{LIST}{chinese.number}/999/entry/",
        f"{LIST}{chinese.number}/1/key/",
    ):
        assert china.get(faulty).status_code == 404
