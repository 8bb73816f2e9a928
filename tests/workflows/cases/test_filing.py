"""Filing: all of it or nothing, once for each attempt, at the same price for any request."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.apps import apps
from django.db import IntegrityError, connection
from django.db.models import Model
from django.db.models.expressions import DatabaseDefault
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.clear_text import tables_with
from tests.factories import ERIKA, WANG, file, provider
from tests.threads import at_once
from tests.workflows.cases.test_attachments import PNG
from workflows.cases import filing
from workflows.cases.access import find_by_receipt
from workflows.cases.attachments import Upload
from workflows.cases.errors import AttemptReused, InvalidFiling
from workflows.cases.filing import EFFECTS, file_request
from workflows.cases.filing_request import FiledIdentifier, FiledItem
from workflows.cases.lifecycle import State
from workflows.cases.models import Case, EventContent, Person
from workflows.ledger import append
from workflows.ledger.canonical import new_uid, opens
from workflows.ledger.models import Event
from workflows.outbox.models import Effect
from workflows.regimes.services import get_regime
from workflows.vault import blind_index
from workflows.vocabulary.people import Channel, RequesterRole

pytestmark = pytest.mark.django_db


def row_counts() -> dict[str, int]:
    return {model._meta.label: model.objects.count() for model in apps.get_models()}


def events_of(case: Case) -> list[Event]:
    return list(Event.objects.filter(case=case.pseudonym).order_by("step"))


class TestWhatIsKept:
    def test_the_case(self):
        case = file(WANG).case

        case = Case.objects.get(pk=case.pk)
        assert case.state == State.FILED
        assert (case.regime, case.regimes) == ("CN", ["CN"])
        assert case.kinds == ["correct"]
        assert case.service == "示例助手"
        assert case.channel == Channel.WEB
        assert case.has_contact
        assert case.lead_regime.version == get_regime("CN").version
        assert case.lead_regime.grounds == get_regime("CN").grounds

    def test_people_and_identifiers_and_items_as_typed(self):
        case = file(WANG).case

        (subject,) = case.people.all()
        assert (subject.part, subject.name, subject.email) == (
            Person.Part.SUBJECT,
            "王小明",
            "xiaoming.wang@example.cn",
        )
        assert [(i.kind, i.value) for i in case.identifiers.all()] == [
            (i.kind, i.value) for i in WANG.identifiers
        ]
        (item,) = case.items.all()
        assert (item.position, item.kind, item.details) == (1, "correct", WANG.items[0].details)

    @pytest.mark.parametrize("role", sorted(set(RequesterRole.values) - {"self"}))
    def test_who_acts_for_another_is_the_one_who_is_reached(self, role):
        case = file(ERIKA, requester_role=role, requester_name="Nadia", authority="Mandate.").case

        subject, requester = case.people.order_by("-part")
        assert (subject.name, subject.email, subject.authority) == ("Erika Beispiel", "", "")
        assert (requester.name, requester.email, requester.authority) == (
            "Nadia",
            ERIKA.email,
            "Mandate.",
        )

    def test_the_case_is_found_by_each_address_however_it_is_written(self):
        case = file(
            WANG, email="Wang@Example.CN", identifiers=(FiledIdentifier("email", "old@example.cn"),)
        ).case

        for address in ("wang@example.cn", "old@example.cn"):
            assert blind_index.find(filing.EMAIL_INDEX, address) == [case.data_key_id]

    def test_without_an_address_nothing_is_indexed(self):
        case = file(ERIKA, email="").case

        assert not case.has_contact
        assert blind_index.find(filing.EMAIL_INDEX, "erika@example.de") == []

    def test_nothing_that_a_person_typed_lies_in_the_clear(self):
        file(WANG)

        for secret in ("王小明", "xiaoming", "138 0000 1234", "住在杭州", "示例助手"):
            assert tables_with(secret) == []


class TestTheLog:
    def test_one_event_with_facts_that_name_nobody(self):
        case = file(WANG).case

        (event,) = events_of(case)
        assert (event.name, event.role, event.register) == ("case.received", "public", "CN")
        assert event.facts == {
            "channel": "web",
            "items": ["correct"],
            "language": "zh-hans",
            "received_at": case.filed_at.isoformat(),
            "regime": "CN",
            "regime_version": get_regime("CN").version,
            "requester": "self",
            "residence": "CN",
        }

    def test_the_commitment_opens_to_the_request_as_it_was_typed(self):
        case = file(WANG, uploads=(Upload("shot.png", PNG),)).case

        (event,) = events_of(case)
        for name, content in (("request", WANG.as_content()), ("files", None)):
            kept = EventContent.objects.get(event=event.uid, name=name).opening
            assert opens(event.commitments[name], kept["content"], bytes.fromhex(kept["nonce"]))
            assert content is None or kept["content"] == content
        assert kept["content"][0]["name"] == "shot.png"

    def test_numbers_in_the_register_of_a_regime_have_no_gap(self):
        for request in (WANG, ERIKA, WANG):
            file(request)

        numbers = (
            Event.objects.filter(name="case.received")
            .order_by("pk")
            .values_list("register", "register_number")
        )
        assert sorted(numbers) == [("CN", 1), ("CN", 2), ("EU", 1)]


class TestClocks:
    def test_the_date_comes_from_the_regime(self):
        case = file(ERIKA, at=datetime(2026, 3, 2, 9, tzinfo=UTC)).case

        assert case.due_on == date(2026, 4, 2)
        assert [event.name for event in case.clock_events.all()] == ["received"]

    def test_under_several_laws_the_earliest_date_leads(self):
        provider(established_in=["DE"], offers_service_in=["US-CA"])
        case = file(replace(ERIKA, residence="US-CA")).case

        assert (case.regime, case.regimes) == ("EU", ["US-CA", "EU"])
        assert {(c.regime, c.kind) for c in case.clocks.filter(leads=True)} == {
            ("US-CA", "response"),
            ("EU", "response"),
        }
        assert case.due_at == case.clocks.get(regime="EU").due_at
        assert [event.register for event in events_of(case)] == ["EU", "US-CA"]
        assert EventContent.objects.filter(case=case, name="request").count() == 1

    def test_a_letter_counts_from_its_arrival_and_is_logged_when_entered(self):
        arrived = timezone.now() - timedelta(days=20)
        case = file(ERIKA, at=arrived).case

        assert case.filed_at == arrived
        assert case.number.startswith(str(arrived.year))
        (event,) = events_of(case)
        assert event.facts["received_at"] == arrived.isoformat()
        assert event.at > arrived + timedelta(days=19)


class TestTheReceipt:
    def test_it_opens_the_case_and_is_stored_nowhere(self):
        filed = file(WANG)

        assert find_by_receipt(filed.case.number, filed.receipt) == filed.case
        assert tables_with(filed.receipt) == []
        assert tables_with(filed.receipt.replace("-", "")) == []

    def test_a_repeat_gives_the_same_case_and_receipt_and_writes_nothing(self):
        first = file_request(WANG, attempt="one")
        before = row_counts()

        again = file_request(WANG, attempt="one")

        assert (again.case, again.receipt) == (first.case, first.receipt)
        assert (first.repeated, again.repeated) == (False, True)
        assert row_counts() == before

    def test_the_same_content_in_another_attempt_is_another_case(self):
        one, other = file_request(WANG, attempt="one"), file_request(WANG, attempt="two")

        assert one.case != other.case
        assert one.receipt != other.receipt

    def test_the_same_attempt_with_another_content_is_refused(self):
        file_request(WANG, attempt="one")
        before = row_counts()

        with pytest.raises(AttemptReused):
            file_request(replace(WANG, subject_name="张伟"), attempt="one")
        assert row_counts() == before

    def test_an_attempt_of_another_channel_is_another_attempt(self):
        web = file_request(WANG, attempt="one")
        api = file_request(WANG, attempt="one", channel=Channel.API)

        assert web.case != api.case

    @pytest.mark.django_db(transaction=True)
    def test_the_same_attempt_twice_at_once_makes_one_case(self):
        results = at_once(*[lambda: file_request(WANG, attempt="one")] * 4)

        assert Case.objects.count() == 1
        assert len({filed.receipt for filed in results}) == 1
        assert sorted(filed.repeated for filed in results) == [False, True, True, True]

    @pytest.mark.django_db(transaction=True)
    def test_many_at_once_all_get_a_case_and_a_number(self):
        at_once(*(lambda n=n: file_request(WANG, attempt=str(n)) for n in range(8)))

        numbers = Event.objects.order_by("pk").values_list("register_number", flat=True)
        assert sorted(numbers) == list(range(1, 9))


class TestAllOrNothing:
    @pytest.mark.parametrize("step", ["new_case", "add_attachments", "prepare_filing"])
    def test_a_failure_in_any_step_leaves_nothing(self, monkeypatch, step):
        before = row_counts()

        def fail(*_args, **_kwargs):
            raise RuntimeError

        monkeypatch.setattr(filing, step, fail)
        with pytest.raises(RuntimeError):
            file(WANG, uploads=(Upload("shot.png", PNG),))

        assert row_counts() == before

    @pytest.mark.django_db(transaction=True)
    def test_a_failure_in_the_statement_leaves_nothing(self, monkeypatch):
        """The event comes last: where the log does not take it, nothing stays of the rest."""
        name = new_uid()
        monkeypatch.setattr(append, "new_uid", lambda: name)
        file(WANG)
        before = row_counts()

        with pytest.raises(IntegrityError):
            file(WANG)

        assert row_counts() == before

    @pytest.mark.parametrize(
        "wrong", [{"items": ()}, {"uploads": (Upload("x.svg", b"<svg></svg>"),)}]
    )
    def test_a_request_that_is_not_right_leaves_nothing(self, wrong):
        before = row_counts()

        with pytest.raises(InvalidFiling) as refused:
            file(WANG, **wrong)

        assert refused.value.errors
        assert row_counts() == before


def test_what_follows_is_enqueued_once_for_the_case():
    case = file(WANG).case

    effects = Effect.objects.all()
    assert {effect.kind for effect in effects} == set(EFFECTS)
    assert all(effect.payload == {"case": str(case.pk)} for effect in effects)


AGENT = {"requester_role": "agent", "requester_name": "Nadia", "authority": "Mandate."}
LARGE = {
    "items": tuple(FiledItem("copy", {"statement": "x" * 1000}) for _ in range(10)),
    "identifiers": tuple(FiledIdentifier("email", f"{n}@a.example") for n in range(20)),
}
AWKWARD = {"subject_name": 'O\'Neill "\\n" \\u0041 \U0001f600 %s $1 {} 王\u2028'}


@pytest.mark.parametrize("request_of", [WANG, ERIKA])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        AGENT,
        LARGE,
        AWKWARD,
        {"email": ""},
        {"items": (FiledItem("complaint", {"statement": "Nobody answered."}),)},
    ],
)
def test_each_row_is_stored_as_its_model_would_store_it(monkeypatch, request_of, changes):
    prepared = []
    write = filing.write_filing
    monkeypatch.setattr(
        filing, "write_filing", lambda *values: (prepared.append(values[0]), write(*values))[1]
    )

    case = file(request_of, **changes).case

    rows = list(prepared[-1].rows())
    assert case in rows
    for row in rows:
        given = {field.attname: field.value_from_object(row) for field in row._meta.concrete_fields}
        given = {n: value for n, value in given.items() if not isinstance(value, DatabaseDefault)}
        assert columns(row, given) == given
        row.save(force_update=True)  # by the way of Django
        assert columns(row, given) == given


def columns(row: Model, names: Iterable[str]) -> dict[str, object]:
    stored = type(row)._default_manager.get(pk=row.pk)
    return {name: getattr(stored, name) for name in names}


@pytest.mark.parametrize("changes", [{}, LARGE])
def test_a_filing_takes_few_queries_however_large_it_is(changes):
    file(WANG)

    with CaptureQueriesContext(connection) as queries:
        file(WANG, **changes)

    assert len(queries) <= 5
