"""The queue: what is due first stands first, and can be filtered, searched and worked in bulk."""

import gzip
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from requests_portal.staff.base import model_admin
from tests.factories import ERIKA, INTAKE, file, make_case
from tests.personas import make_staff
from tests.requests_portal.staff.addresses import QUEUE, case_url, hidden_fields
from workflows.cases.lifecycle import State
from workflows.cases.models import Case, Clock
from workflows.routing.assignment import assign
from workflows.routing.models import Team
from workflows.vault.services import create_data_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(sign_in, intake):
    return sign_in(intake)


def numbers(client, query: str = "") -> list[str]:
    """Return the case numbers of the list in their order."""
    return numbers_in(client.get(f"{QUEUE}{query}").content.decode())


def numbers_in(page: str) -> list[str]:
    """Return the case numbers of a page of the list in their order."""
    table = page.partition('id="result_list"')[2]
    return re.findall(r"\d{4}-[0-9A-Z]{4}-[0-9A-Z]{4}(?=</a>)", table)


def filed(days_ago: int, **changes) -> Case:
    return file(at=timezone.now() - timedelta(days=days_ago), **changes).case


class TestOrderAndColumns:
    def test_what_is_due_first_stands_first(self, client) -> None:
        fresh, old, oldest = filed(1), filed(8), filed(30)
        assert numbers(client) == [oldest.number, old.number, fresh.number]

    def test_a_row_says_time_state_kinds_regime_language_and_who(self, client, reviewer) -> None:
        case = make_case(State.TRIAGE, ERIKA)
        team = Team.objects.create(name="Forum team")
        team.members.add(reviewer)
        assign(case, INTAKE, team, reviewer)
        page = client.get(QUEUE).content.decode()
        for words in (
            "days left",
            "In triage",
            "Get a copy<br>Delete information",
            "EU",
            "English",
            "Forum team · ravi",
        ):
            assert words in page

    def test_late_is_said_in_words_with_a_sign(self, client) -> None:
        filed(60)
        page = client.get(QUEUE).content.decode()
        assert re.search(r'clock-late"><span aria-hidden="true">▲</span> late by \d+ days', page)

    def test_a_clock_that_stands_still_is_paused_and_not_late(self, client) -> None:
        case = filed(60)
        Clock.objects.filter(case=case, leads=True).update(state=Clock.State.PAUSED)
        assert "Paused" in client.get(QUEUE).content.decode()
        assert numbers(client, "?due=late") == []

    def test_it_shows_nothing_personal(self, client) -> None:
        make_case(State.TRIAGE, ERIKA)
        page = client.get(QUEUE).content.decode()
        assert "Erika" not in page
        assert "example.de" not in page


class TestFilters:
    def test_without_one_the_open_cases_are_shown(self, client) -> None:
        case = make_case(State.TRIAGE)
        make_case(State.CLOSED)
        make_case(State.ANSWERED)
        assert numbers(client) == [case.number]
        assert len(numbers(client, "?group=all")) == 3

    @pytest.mark.parametrize(
        ("group", "state"),
        [
            ("waiting", State.IDENTITY_NEEDED),
            ("waiting", State.INFORMATION_NEEDED),
            ("approval", State.DECISION_PROPOSED),
            ("contested", State.CONTESTED),
            ("answered", State.ANSWERED),
            ("ended", State.WITHDRAWN),
        ],
    )
    def test_by_part_of_life(self, client, group, state) -> None:
        case = make_case(state)
        make_case(State.TRIAGE)
        assert numbers(client, f"?group={group}") == [case.number]

    def test_by_time(self, client) -> None:
        late, soon, fresh = filed(40), filed(16), filed(0)
        assert numbers(client, "?due=late") == [late.number]
        assert numbers(client, "?due=week") == [soon.number]
        assert numbers(client)[-1] == fresh.number

    def test_by_whose_they_are(self, client, intake, reviewer) -> None:
        team, other = Team.objects.create(name="Ours"), Team.objects.create(name="Theirs")
        team.members.add(intake, reviewer)
        mine, ours, theirs, free = (filed(0) for _ in range(4))
        assign(mine, INTAKE, team, intake)
        assign(ours, INTAKE, team)
        assign(theirs, INTAKE, other)
        assert numbers(client, "?whose=mine") == [mine.number]
        assert set(numbers(client, "?whose=team")) == {mine.number, ours.number}
        assert set(numbers(client, "?whose=nobody")) == {
            ours.number,
            theirs.number,
            free.number,
        }
        assert numbers(client, f"?team={other.pk}") == [theirs.number]
        assert len(numbers(client, "?team=x")) == 4

    def test_by_regime_kind_and_language(self, client) -> None:
        chinese, german = filed(0), make_case(State.TRIAGE, ERIKA)
        assert numbers(client, "?regime=CN") == [chinese.number]
        assert numbers(client, "?kind=delete") == [german.number]
        assert numbers(client, "?language=en") == [german.number]

    def test_the_saved_ones_stand_in_the_navigation(self, client) -> None:
        page = client.get(f"{QUEUE}?due=late").content.decode()
        for query in ("whose=mine", "whose=team", "due=week", "group=waiting", "group=approval"):
            assert f'href="{QUEUE}?{query}"' in page
        active = re.findall(r'<a href="([^"]+)" class="[^"]* active">', page)
        assert active == [f"{QUEUE}?due=late"]


class TestSearch:
    def search(self, client, term: str):
        token = hidden_fields(client.get(QUEUE).content.decode())["csrfmiddlewaretoken"]
        return client.post(f"{QUEUE}search/", {"term": term, "csrfmiddlewaretoken": token})

    def test_a_number_leads_to_its_case_however_it_is_typed(self, client) -> None:
        case = make_case(State.CLOSED)
        typed = f" {case.number.lower().replace('-', ' ')} "
        assert self.search(client, typed).headers["Location"] == case_url(case)

    def test_a_part_of_a_number_is_enough(self, client) -> None:
        case = make_case(State.CLOSED)
        answer = self.search(client, case.number[-4:].lower())
        assert answer.headers["Location"] == case_url(case)

    def test_an_address_finds_its_cases_through_the_blind_index(self, client) -> None:
        first, second = make_case(State.CLOSED, ERIKA), make_case(State.TRIAGE, ERIKA)
        make_case()
        answer = self.search(client, "  Erika@Example.DE ")
        found = numbers(client, answer.headers["Location"].removeprefix(QUEUE))
        assert set(found) == {first.number, second.number}

    def test_an_address_given_as_identifier_is_found_too(self, client) -> None:
        case = make_case()
        assert self.search(client, "xiaoming.wang@example.cn").headers["Location"] == case_url(case)

    def test_no_link_carries_the_address(self, client) -> None:
        make_case(State.TRIAGE, ERIKA)
        make_case(State.TRIAGE, ERIKA)
        location = self.search(client, "erika@example.de").headers["Location"]
        assert "erika" not in location
        assert "example" not in location

    @pytest.mark.parametrize("term", ["Wang Xiaoming", "王小明", "138 0013 8000"])
    def test_no_link_carries_a_name_or_a_telephone_number(self, client, term) -> None:
        assert self.search(client, term).headers["Location"] == QUEUE

    @pytest.mark.parametrize("term", ["nobody@example.com", "Wang Xiaoming", ""])
    def test_nothing_found_is_said(self, client, term) -> None:
        answer = self.search(client, term)
        assert (
            "No case was found. The list below is the queue, not a search result."
            in client.get(answer.headers["Location"]).content.decode()
        )

    def test_an_address_in_a_link_finds_nothing(self, client) -> None:
        make_case(State.TRIAGE, ERIKA)
        assert numbers(client, "?q=erika@example.de") == []

    def test_needs_a_form_that_was_sent(self, client) -> None:
        assert client.get(f"{QUEUE}search/").status_code == 405
        assert client.post(f"{QUEUE}search/", {"term": "x"}).status_code == 403


class TestCosts:
    def many(self, count: int) -> None:
        """Copy one case, with its clocks and an assignment, until there are `count`."""
        model = make_case(State.TRIAGE)
        team = Team.objects.get_or_create(name="Team")[0]
        for number in range(count - 1):
            clocks = list(model.clocks.all())
            copy = Case.objects.get(pk=model.pk)
            copy.pk = copy.pseudonym = None
            copy.pk, copy.pseudonym = (Case().pk, Case().pseudonym)
            copy.number, copy.data_key = f"2026-{count:04}-{number:04}", create_data_key()
            copy._state.adding = True
            copy.save()
            for clock in clocks:
                clock.pk, clock.case = None, copy
            Clock.objects.bulk_create(clocks)
            assign(copy, INTAKE, team)

    def queries(self, client, assert_max) -> int:
        with assert_max(30) as counted:
            client.get(QUEUE)
        return len(counted)

    def test_the_same_queries_for_5_cases_and_for_50(
        self, client, django_assert_max_num_queries
    ) -> None:
        client.get(QUEUE)
        self.many(5)
        few = self.queries(client, django_assert_max_num_queries)
        self.many(45)
        assert len(numbers(client)) == 50
        assert self.queries(client, django_assert_max_num_queries) == few

    def test_a_long_list_is_counted_by_an_estimate(self, monkeypatch) -> None:
        make_case("filed")
        make_case("received")
        monkeypatch.setattr(model_admin, "ENOUGH_TO_ESTIMATE", 1)
        cases = Case.objects.order_by("pk")
        assert model_admin.EstimatingPaginator(cases.filter(state="filed"), 50).count == 1
        # Never fewer than were seen, whatever the planner knows.
        assert model_admin.EstimatingPaginator(cases, 50).count >= 2
        monkeypatch.setattr(model_admin, "_estimate", lambda _rows: 100_000)
        assert model_admin.EstimatingPaginator(cases, 50).count == 100_000
        assert model_admin.EstimatingPaginator(cases.filter(state="filed"), 50).count == 1

    def test_a_short_one_is_counted(self) -> None:
        make_case()
        assert model_admin.EstimatingPaginator(Case.objects.order_by("pk"), 50).count == 1


class TestBulk:
    def start(self, client, action: str, *cases: Case) -> str:
        """Select cases in the list and run an action; return the page of the preview."""
        page = client.get(QUEUE).content.decode()
        token = hidden_fields(page)["csrfmiddlewaretoken"]
        answer = client.post(
            QUEUE,
            {
                "action": action,
                "_selected_action": [str(case.pk) for case in cases],
                "index": "0",
                "csrfmiddlewaretoken": token,
            },
        )
        return answer.content.decode()

    def confirm(self, client, preview: str, cases, data):
        return client.post(
            QUEUE,
            {
                **hidden_fields(preview),
                "_selected_action": [str(case.pk) for case in cases],
                **data,
            },
            follow=True,
        )

    def test_assigning_shows_first_what_will_happen(self, client) -> None:
        cases = [make_case(State.TRIAGE), make_case(State.RECEIVED)]
        team = Team.objects.create(name="Forum team")
        preview = self.start(client, "assign_selected", *cases)
        assert all(case.number in preview for case in cases)
        assert not any(hasattr(Case.objects.get(pk=case.pk), "assignment") for case in cases)
        answer = self.confirm(client, preview, cases, {"team": team.pk})
        assert "Done for 2 cases." in answer.content.decode()
        assert [Case.objects.get(pk=case.pk).assignment.team for case in cases] == [team, team]

    def test_asking_leaves_out_those_that_cannot_be_asked_and_says_why(self, client) -> None:
        can, cannot = make_case(State.TRIAGE), make_case(State.RECEIVED)
        preview = self.start(client, "ask_selected", can, cannot)
        assert "Left out:" in preview
        answer = self.confirm(client, preview, [can, cannot], {"text": "Which account?"})
        page = answer.content.decode()
        assert "Done for 1 case." in page
        assert f"{cannot.number}: This cannot be done in the state" in page
        can.refresh_from_db()
        cannot.refresh_from_db()
        assert (can.state, cannot.state) == (State.INFORMATION_NEEDED, State.RECEIVED)

    def test_an_empty_question_is_not_sent(self, client) -> None:
        case = make_case(State.TRIAGE)
        preview = self.start(client, "ask_selected", case)
        answer = self.confirm(client, preview, [case], {"text": " "})
        assert "This field is required." in answer.content.decode()
        case.refresh_from_db()
        assert case.state == State.TRIAGE

    def test_a_role_that_may_not_is_left_out(self, sign_in) -> None:
        client = sign_in(make_staff("dana", "data_steward"))
        case = make_case(State.TRIAGE)
        assert "Your role may not do this." in self.start(client, "assign_selected", case)

    def test_too_many_at_once_are_refused(self, client, monkeypatch) -> None:
        from requests_portal.staff.queue import bulk

        monkeypatch.setattr(bulk, "MOST_AT_ONCE", 1)
        self.start(client, "assign_selected", make_case(), make_case())
        assert "Select at most 1 cases at once." in client.get(QUEUE).content.decode()


class TestOnTheWire:
    def test_a_full_page_is_small_and_says_the_same_as_one_that_is_not_compressed(self, client):
        for day in range(50):
            filed(day)
        plain = client.get(QUEUE)
        compressed = client.get(QUEUE, headers={"Accept-Encoding": "gzip"})

        assert compressed.headers["Content-Encoding"] == "gzip"
        page = gzip.decompress(compressed.content).decode()
        assert numbers_in(page) == numbers_in(plain.content.decode())
        assert len(numbers_in(page)) == 50
        assert len(compressed.content) <= 40_000
