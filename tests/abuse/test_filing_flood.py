"""A flood of filings is slowed down, and shuts nobody out: neither programs nor people.

Sixty anonymous filings in six seconds went through unhindered.
"""

import html
import json
import re
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from altcha import Challenge, Payload, solve_challenge
from django.utils import timezone
from freezegun import freeze_time
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from tests.factories import WANG
from tests.requests_portal.public.conftest import new_visitor, visitor  # noqa: F401
from tests.requests_portal.public.person import Visitor, errors_of, read_receipt, text_of
from workflows.cases import admission
from workflows.cases.admission import (
    FILINGS_LATELY,
    LASTS,
    LONGEST_LINE,
    SHORTEST_WAIT,
    ProofRefused,
    load_level,
    new_challenge,
    purge_proofs,
    spend_proof,
)
from workflows.cases.drafts import AWAITING_DRAFT_KEPT_FOR, create_draft, purge_drafts
from workflows.cases.filing import file_request
from workflows.cases.models import Case, Draft, Purpose, SpentProof
from workflows.vocabulary.people import Channel

pytestmark = pytest.mark.django_db

REQUESTS = "/api/v1/requests/"
BODY = {
    "items": [{"kind": "delete", "details": {}}],
    "residence": "CN",
    "language": "en",
    "subject_name": "Wang Xiaoming",
}
BUSY = 3


@pytest.fixture(autouse=True)
def small_numbers(settings) -> None:
    """A flood is three filings or drafts here, and a proof takes four tries."""
    settings.INTAKE_BUSY_FILINGS = BUSY
    settings.INTAKE_BUSY_DRAFTS = 1_000
    settings.INTAKE_PROOF_TRIES = 4


def file_one(name: str, channel: Channel = Channel.API, at: datetime | None = None) -> None:
    file_request(replace(WANG, subject_name=name), attempt=name, channel=channel, at=at)


@pytest.fixture
def flood() -> None:
    """Others have just filed so much that the intake is under load."""
    for number in range(BUSY):
        file_one(f"Flood {number}")


def solved(challenge: dict) -> str:
    found = Challenge.from_dict(challenge)
    return Payload(found, solve_challenge(found)).to_base64()


class TestPrograms:
    def post(self, key: str = "", proof: str = "", **changes):
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        if proof:
            headers["Proof-Of-Work"] = proof
        return APIClient().post(REQUESTS, {**BODY, **changes}, format="json", headers=headers)

    def test_sixty_filings_at_once_are_not_taken_for_nothing(self):
        answers = [self.post() for _ in range(60)]

        assert [answer.status_code for answer in answers[:BUSY]] == [201] * BUSY
        assert {answer.status_code for answer in answers[BUSY:]} == {429}
        assert Case.objects.count() == BUSY

    @pytest.mark.usefixtures("flood")
    def test_who_solves_the_challenge_files(self):
        key = str(uuid.uuid4())
        refused = self.post(key)

        assert refused.status_code == 429
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert refused.json()["code"] == "proof_of_work_needed"
        assert 0 < int(refused.headers["Retry-After"]) <= FILINGS_LATELY.total_seconds()
        taken = self.post(key, solved(refused.json()["challenge"]))
        assert taken.status_code == 201

    @pytest.mark.usefixtures("flood")
    def test_the_same_filing_again_needs_no_second_proof(self):
        key = str(uuid.uuid4())
        first = self.post(key, solved(self.post(key).json()["challenge"]))

        again = self.post(key)

        assert again.status_code == 200
        assert again.json() == first.json()

    @pytest.mark.usefixtures("flood")
    def test_a_proof_counts_once_and_for_one_key(self):
        key = str(uuid.uuid4())
        proof = solved(self.post(key).json()["challenge"])

        assert self.post(str(uuid.uuid4()), proof).status_code == 429
        assert self.post(key, proof).status_code == 201
        assert self.post(key, proof, subject_name="Another").status_code == 422
        assert self.post(str(uuid.uuid4()), proof).status_code == 429

    @pytest.mark.usefixtures("flood")
    def test_a_faulty_filing_does_not_use_up_its_proof(self):
        key = str(uuid.uuid4())
        proof = solved(self.post(key).json()["challenge"])

        assert self.post(key, proof, residence="Nowhere").status_code == 400
        assert self.post(key, proof).status_code == 201

    @pytest.mark.usefixtures("flood")
    def test_after_the_wait_nothing_is_asked(self):
        wait = int(self.post().headers["Retry-After"])

        with freeze_time(timezone.now() + timedelta(seconds=wait)):
            assert self.post().status_code == 201

    @pytest.mark.parametrize(
        "proof", ["x", "e30=", "bnVsbA==", "eyJjaGFsbGVuZ2UiOltdfQ==", "9" * 9000]
    )
    @pytest.mark.usefixtures("flood")
    def test_what_is_no_proof_is_refused(self, proof):
        assert self.post(proof=proof).status_code == 429

    def test_the_schema_tells_of_the_header_and_the_challenge(self):
        schema = APIClient().get("/api/v1/schema/?format=json").json()

        operation = schema["paths"]["/api/v1/requests/"]["post"]
        assert "Proof-Of-Work" in {each["name"] for each in operation["parameters"]}
        assert "429" in operation["responses"]
        assert "challenge" in schema["components"]["schemas"]["Problem"]["properties"]


class TestProofs:
    def test_one_with_another_counter_is_none(self):
        payload = Payload.from_base64(solved(new_challenge("a", 4)))
        payload.solution.derived_key = "00" * 32

        with pytest.raises(ProofRefused):
            spend_proof(payload.to_base64(), "a")

    def test_an_easier_challenge_of_ones_own_is_none(self):
        payload = Payload.from_base64(solved(new_challenge("a", 4)))
        payload.challenge.parameters.cost = 1

        with pytest.raises(ProofRefused):
            spend_proof(payload.to_base64(), "a")

    def test_it_expires(self):
        proof = solved(new_challenge("a", 4))

        with (
            freeze_time(timezone.now() + LASTS + timedelta(seconds=2)),
            pytest.raises(ProofRefused),
        ):
            spend_proof(proof, "a")

    def test_the_same_one_written_otherwise_is_the_same(self):
        payload = Payload.from_base64(solved(new_challenge("a", 4)))
        spend_proof(payload.to_base64(), "a")
        payload.solution.time = 7

        with pytest.raises(ProofRefused):
            spend_proof(payload.to_base64(), "a")

    def test_used_ones_are_forgotten_when_they_would_have_expired(self):
        spend_proof(solved(new_challenge("a", 4)), "a")

        assert purge_proofs() == 0
        assert purge_proofs(timezone.now() + 2 * LASTS) == 1

    @hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))
    def test_anything_else_is_none(self, text):
        with pytest.raises(ProofRefused):
            spend_proof(text, "a")

    def test_the_higher_the_load_the_more_work(self):
        assert [admission._tries(level) for level in (1, 2, 3, 99)] == [4, 8, 16, 64]


class TestLoad:
    def test_what_staff_enter_from_letters_is_no_flood(self):
        for number in range(2 * BUSY):
            file_one(f"Letter {number}", Channel.STAFF)

        assert load_level(Purpose.SEND) == 0

    def test_samples_are_no_flood(self):
        """They are filed into the past: whoever tries the portal out met the proof at once."""
        for number in range(2 * BUSY):
            file_one(f"Sample {number}", at=timezone.now() - timedelta(days=1))

        assert load_level(Purpose.SEND) == 0

    @pytest.mark.usefixtures("flood")
    def test_it_passes(self):
        assert load_level(Purpose.SEND) == 1
        assert load_level(Purpose.SEND, timezone.now() + FILINGS_LATELY) == 0


def challenge_on(page) -> dict:
    """Return the challenge of a page, as its script reads it."""
    (found,) = re.findall(r'data-challenge="([^"]*)"', text_of(page))
    return json.loads(html.unescape(found))


@pytest.mark.usefixtures("flood")
class TestPeople:
    WAIT = "request/wait/send/"

    def test_who_sends_is_told_plainly_and_loses_nothing(self, visitor: Visitor):  # noqa: F811
        visitor.walk()
        response = visitor.send()

        assert response.url == f"/en/{self.WAIT}"
        page = text_of(visitor.get(self.WAIT))
        assert "One more step before your request is sent" in page
        assert "What you entered is kept" in page
        assert not Case.objects.filter(channel=Channel.WEB).exists()
        assert "Wang Xiaoming" in text_of(visitor.get("request/check/"))

    def test_a_browser_that_calculates_sends(self, visitor: Visitor):  # noqa: F811
        visitor.walk()
        visitor.send()

        response = visitor.post(self.WAIT, proof=solved(challenge_on(visitor.get(self.WAIT))))

        assert response.url == "/en/request/receipt/"
        number, _receipt = read_receipt(visitor.get("request/receipt/"))
        assert Case.objects.get(number=number).channel == Channel.WEB

    def test_a_proof_of_another_draft_is_none(self, new_visitor):  # noqa: F811
        one, other = new_visitor(), new_visitor()
        one.walk()
        other.walk()
        proof = solved(challenge_on(one.get(self.WAIT)))

        page = other.post(self.WAIT, proof=proof)

        assert page.status_code == 200
        assert "too late or was used before" in errors_of(page)[0][1]
        assert one.post(self.WAIT, proof=proof).url == "/en/request/receipt/"
        assert Case.objects.filter(channel=Channel.WEB).count() == 1

    def test_a_browser_without_script_waits_in_line(self, visitor: Visitor):  # noqa: F811
        visitor.walk()
        visitor.send()
        assert visitor.post(self.WAIT, go="line").url == f"/en/{self.WAIT}"
        assert "it is your turn in 20 seconds" in text_of(visitor.get(self.WAIT))

        early = visitor.post(self.WAIT, go="continue")
        assert early.status_code == 429
        assert int(early.headers["Retry-After"]) <= SHORTEST_WAIT.total_seconds()
        assert "It is not your turn yet" in errors_of(early)[0][1]
        assert visitor.send().url == f"/en/{self.WAIT}", "the summary is no way around"

        with freeze_time(timezone.now() + SHORTEST_WAIT + timedelta(seconds=1)):
            assert "It is your turn." in text_of(visitor.get(self.WAIT))
            assert visitor.post(self.WAIT, go="continue").url == "/en/request/receipt/"
        assert Case.objects.filter(channel=Channel.WEB).count() == 1

    def test_the_line_moves_at_one_pace_for_all(self, new_visitor, settings):  # noqa: F811
        people = [new_visitor() for _ in range(3)]
        turns = []
        for person in people:
            person.walk()
            person.post(self.WAIT, go="line")
            turns.append(Draft.objects.latest("created_at").admissions.get().opens_at)

        gaps = [later - sooner for sooner, later in pairwise(turns)]
        pace = timedelta(seconds=settings.INTAKE_LINE_SECONDS)
        assert all(pace - timedelta(seconds=9) < gap <= pace for gap in gaps)

    def test_a_draft_has_one_place(self, visitor: Visitor):  # noqa: F811
        visitor.walk()
        visitor.post(self.WAIT, go="line")
        first = Draft.objects.get().admissions.get().opens_at
        visitor.post(self.WAIT, go="line")

        assert Draft.objects.get().admissions.get().opens_at == first

    def test_the_line_has_an_end(self, visitor: Visitor, settings):  # noqa: F811
        settings.INTAKE_LINE_SECONDS = int(LONGEST_LINE.total_seconds())
        draft, _token = create_draft()
        admission.join_line(draft, Purpose.SEND)
        visitor.walk()

        page = visitor.post(self.WAIT, go="line")

        assert page.status_code == 429
        assert "The line is full at the moment. What you entered is kept" in errors_of(page)[0][1]
        assert int(page.headers["Retry-After"]) > 0

    def test_a_place_that_nobody_takes_lapses(self, visitor: Visitor):  # noqa: F811
        visitor.walk()
        visitor.post(self.WAIT, go="line")

        with freeze_time(timezone.now() + SHORTEST_WAIT + admission.OPEN_FOR[Purpose.SEND]):
            for number in range(BUSY):
                file_one(f"More {number}")
            assert visitor.post(self.WAIT, go="continue").url == f"/en/{self.WAIT}"
            assert "Take a place in the line" in text_of(visitor.get(self.WAIT))

    def test_an_admission_files_one_request(self, visitor: Visitor):  # noqa: F811
        visitor.walk()
        visitor.post(self.WAIT, proof=solved(challenge_on(visitor.get(self.WAIT))))

        assert not Draft.objects.get(filed_at__isnull=False).admissions.exists()
        assert SpentProof.objects.count() == 1

    def test_when_the_flood_is_over_nothing_is_asked(self, visitor: Visitor):  # noqa: F811
        visitor.walk()
        visitor.send()

        with freeze_time(timezone.now() + FILINGS_LATELY + timedelta(seconds=1)):
            assert visitor.get(self.WAIT).url == "/en/request/check/"
            assert visitor.send().url == "/en/request/receipt/"

    @pytest.mark.parametrize(
        ("language", "sentence"),
        [("en", "One more step before your request is sent"), ("zh-hans", "提交请求之前还需一步")],
    )
    def test_in_both_languages(self, new_visitor, language, sentence):  # noqa: F811
        person = new_visitor(language)
        person.walk()

        assert sentence in text_of(person.get(self.WAIT))
        assert person.post(self.WAIT, go="language").url == f"/{language}/{self.WAIT}"

    def test_who_has_not_answered_everything_is_led_back(self, visitor: Visitor):  # noqa: F811
        visitor.walk(until="contact")

        assert visitor.get(self.WAIT).url == "/en/request/contact/"
        assert visitor.get("request/wait/nothing/").status_code == 404


class TestDrafts:
    """Drafts are begun by anybody, and each can hold some text: their number is bounded as well."""

    WAIT = "request/wait/begin/"

    @pytest.fixture(autouse=True)
    def many_drafts(self, settings) -> None:
        settings.INTAKE_BUSY_DRAFTS = 2
        for _ in range(2):
            create_draft()

    def test_beginning_needs_one_more_step(self, visitor: Visitor):  # noqa: F811
        assert visitor.begin().url == f"/en/{self.WAIT}"
        assert "before you begin" in text_of(visitor.get(self.WAIT))
        assert visitor.get("request/wishes/").url == f"/en/{self.WAIT}"
        assert visitor.get("request/check/").url == f"/en/{self.WAIT}"

        response = visitor.post(self.WAIT, proof=solved(challenge_on(visitor.get(self.WAIT))))

        assert response.url == "/en/request/wishes/"
        assert visitor.answer("wishes", kinds=["delete"]).status_code == 302

    def test_without_script_by_waiting(self, visitor: Visitor):  # noqa: F811
        visitor.begin()
        visitor.post(self.WAIT, go="line")

        with freeze_time(timezone.now() + SHORTEST_WAIT + timedelta(seconds=1)):
            assert visitor.post(self.WAIT, go="continue").url == "/en/request/wishes/"

    def test_nothing_is_kept_before(self, visitor: Visitor):  # noqa: F811
        visitor.begin()
        page = visitor.answer("service", service="Typed for nothing?")

        assert "Typed for nothing?" in text_of(page), "it is still on the page"
        assert "one more step is needed" in errors_of(page)[0][1]
        assert Draft.objects.latest("created_at").answers == {}

    def test_a_page_that_is_sent_without_its_draft_is_shown_again(self, visitor: Visitor):  # noqa: F811
        page = visitor.answer("service", service="The cookie is gone")

        assert "The cookie is gone" in text_of(page)
        assert f"/en/{self.WAIT}" in text_of(page)

    def test_who_waits_does_not_raise_the_price(self):
        for _ in range(20):
            create_draft()

        assert load_level(Purpose.BEGIN) == 1

    def test_drafts_of_who_never_came_in_are_forgotten(self):
        create_draft()

        assert purge_drafts(timezone.now() + AWAITING_DRAFT_KEPT_FOR + timedelta(minutes=1)) == 1
        assert Draft.objects.count() == 2
