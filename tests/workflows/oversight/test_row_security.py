"""PostgreSQL itself shows a regulator one regime, even where a query forgets its filter."""

import json

import psycopg
import pytest
from django.db import DatabaseError, ProgrammingError, connection, transaction
from psycopg import conninfo

from requests_portal.local.postgres import RUNTIME_ROLE
from tests.exports import export, unpack
from tests.factories import ERIKA, make_case
from workflows.accounts.models import RegulatorAccount, StaffIdentity
from workflows.cases.lifecycle import State
from workflows.cases.models import Attachment, Case, Clock, EventContent, Item, Message, Person
from workflows.cases.staff_actions import log_case_view
from workflows.complaints.models import Complaint, ComplaintClock
from workflows.complaints.services import complain
from workflows.exports.jobs import request_bundle
from workflows.exports.models import BundleJob
from workflows.exports.tables import BundleRequest
from workflows.ledger.models import CaseCounter, Event, RegisterCounter
from workflows.ledger.selectors import latest_checkpoint, proof_text
from workflows.ledger.sequencer import drain_inbox
from workflows.outbox.models import Effect
from workflows.oversight.checkpoints import keep_checkpoint
from workflows.oversight.filters import BundleFilters
from workflows.oversight.models import KeptCheckpoint
from workflows.oversight.row_security import ROLE, restrict_to_regime, restrict_to_scope
from workflows.vault.models import DataKey

# What holds nothing of any case: law, hashes, signed roots, the register of datasets.
OPEN_TABLES = {
    "cases_regimeversion",
    "datasets_dataset",
    "datasets_snapshot",
    "datasets_trainedmodel",
    "datasets_trainedmodel_snapshots",
    "ledger_checkpoint",
    "ledger_cosignature",
    "ledger_leaf",
    "ledger_leafhash",
    "ledger_tile",
    "ledger_timestamp",
    "regimes_businesscalendar",
}
BY_CASE = {Case: "pk", Item: "case", Clock: "case", EventContent: "case", DataKey: "pk"}


@pytest.fixture
def chinese(db):
    return make_case(State.ANSWERED)


@pytest.fixture
def european(db):
    return make_case(State.ANSWERED, ERIKA)


def rows_in(files, name):
    return [json.loads(line) for line in files[name].splitlines()]


def who_and_where():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user = session_user, coalesce(current_setting('portal.regime', true),"
            " ''), coalesce(current_setting('portal.account', true), '')"
        )
        return cursor.fetchone()


# --- What is seen -----------------------------------------------------------------------------------
def test_a_query_without_any_filter_finds_one_regime(scope, other_scope, chinese, european):
    for mine, case in ((scope, chinese), (other_scope, european)):
        with restrict_to_scope(mine):
            assert [found.number for found in Case.objects.all()] == [case.number]
            assert [key.pk for key in DataKey.objects.all()] == [case.data_key_id]
            for model in (Item, Clock, EventContent):
                assert set(model.objects.values_list("case", flat=True)) == {case.pk}
            assert set(Event.objects.values_list("case", flat=True)) == {case.pseudonym}
            assert set(CaseCounter.objects.values_list("case", flat=True)) == {case.pseudonym}
    assert Case.objects.count() == 2


def test_complaints_follow_the_regime_of_their_case(scope, other_scope, chinese, european):
    made = {scope: complain(chinese, "No."), other_scope: complain(european, "No.")}
    for mine, complaint in made.items():
        with restrict_to_scope(mine):
            assert Complaint.objects.get().pk == complaint.pk
            assert {clock.complaint_id for clock in ComplaintClock.objects.all()} == {complaint.pk}


def test_searches_and_counts_of_the_other_regime_come_to_nothing(scope, european):
    with restrict_to_scope(scope):
        assert not Case.objects.filter(number=european.number).exists()
        assert not Case.objects.filter(pk=european.pk).select_related("data_key").exists()
        assert Event.objects.filter(name="case.received").count() == 0
        assert Event.objects.filter(register="EU").count() == 0


def test_a_case_under_both_laws_is_seen_under_both(scope, other_scope, chinese):
    Case.objects.update(regimes=["CN", "EU"])
    for mine in (scope, other_scope):
        with restrict_to_scope(mine):
            assert Case.objects.get().pk == chinese.pk


@pytest.mark.parametrize("regime", ["", "cn", "CN,EU", "{CN}", "%", "US-CA"])
def test_no_regime_or_one_that_is_none_sees_nothing(regime, chinese, european):
    with restrict_to_regime(regime, actor=""):
        assert [model.objects.count() for model in (Case, Item, DataKey, Event)] == [0] * 4


def test_the_role_alone_sees_nothing(chinese):
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {ROLE}")
        assert Case.objects.count() == Event.objects.count() == 0
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE NONE")


@pytest.mark.parametrize(
    "model", [Person, Message, Attachment, StaffIdentity, RegulatorAccount, RegisterCounter]
)
def test_what_no_page_of_theirs_shows_cannot_be_read_at_all(model, scope, chinese):
    with pytest.raises(ProgrammingError, match="permission denied"), restrict_to_scope(scope):
        model.objects.exists()


def test_every_table_that_the_role_reads_is_secured_or_holds_nothing_of_a_case(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, relrowsecurity AND relforcerowsecurity,"
            " (SELECT count(*) FROM pg_policy WHERE polrelid = pg_class.oid AND NOT polpermissive)"
            " FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')"
            " AND has_table_privilege(%s, oid, 'SELECT')",
            [ROLE],
        )
        readable = {name: (secured, policies) for name, secured, policies in cursor.fetchall()}
        assert set(readable) > OPEN_TABLES
        for name in set(readable) - OPEN_TABLES:
            assert readable[name] == (True, 1), name
        cursor.execute(
            "SELECT rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname = %s", [ROLE]
        )
        assert cursor.fetchone() == (False, False, False)


# --- What is written --------------------------------------------------------------------------------
def test_nothing_of_a_case_can_be_changed(scope, chinese):
    for change in (
        lambda: Case.objects.update(state="closed"),
        lambda: Case.objects.update(id="00000000-0000-0000-0000-000000000000"),
        lambda: Case.objects.all().delete(),
        lambda: Item.objects.update(outcome="refused"),
        lambda: DataKey.objects.update(wrapped=None),
        lambda: Event.objects.all().delete(),
    ):
        with (
            pytest.raises(DatabaseError, match=r"permission denied|row-level"),
            restrict_to_scope(scope),
        ):
            change()


def test_a_case_can_be_locked_to_be_read(scope, chinese, european):
    with restrict_to_scope(scope):
        assert Case.objects.select_for_update(no_key=True).get().pk == chinese.pk


def test_a_look_is_written_for_the_own_regime_only(scope, chinese, european):
    with restrict_to_scope(scope):
        log_case_view(chinese, scope.actor, what="case")
    assert Event.objects.filter(case=chinese.pseudonym, name="case.viewed").count() == 1
    with pytest.raises(ProgrammingError, match="row-level security"), restrict_to_scope(scope):
        log_case_view(european, scope.actor, what="case")
    assert not Event.objects.filter(case=european.pseudonym, name="case.viewed").exists()


def test_exports_and_kept_checkpoints_are_those_of_the_account(scope, other_scope, chinese):
    drain_inbox()
    note = latest_checkpoint().note
    for mine in (scope, other_scope):
        with restrict_to_scope(mine):
            request_bundle(mine, BundleFilters(), previous=note)
            keep_checkpoint(mine, note)
            assert BundleJob.objects.get().regime == mine.regime
            assert KeptCheckpoint.objects.get().account_id == mine.account.pk
            assert Effect.objects.get().payload["id"] == str(BundleJob.objects.get().pk)
    with pytest.raises(ProgrammingError, match="row-level security"), restrict_to_scope(scope):
        BundleJob.objects.create(regime="EU", requested_by=scope.account.user, language="en")


def test_a_step_is_proved_although_its_neighbours_are_not_seen(scope, chinese, european):
    drain_inbox()
    event = Event.objects.filter(case=chinese.pseudonym).last()
    proof = proof_text(event)
    with restrict_to_scope(scope):
        assert proof_text(event) == proof is not None


@pytest.mark.django_db(transaction=True)
def test_an_export_whose_query_forgot_its_filter_holds_one_regime(monkeypatch, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    chinese, european = make_case(State.ANSWERED), make_case(State.ANSWERED, ERIKA)
    drain_inbox()
    monkeypatch.setattr(BundleRequest, "cases", property(lambda _request: Case.objects.order_by()))
    files = unpack(export("CN"))
    assert [row["number"] for row in rows_in(files, "cases.jsonl")] == [chinese.number]
    assert european.number.encode() not in b"".join(files.values())
    assert {line["case"] for line in rows_in(files, "contents.jsonl")} == {str(chinese.pseudonym)}


# --- The connection afterwards ----------------------------------------------------------------------
def fails():
    raise LookupError


def breaks_the_transaction():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("block", [lambda: None, fails, breaks_the_transaction])
def test_a_connection_that_is_used_again_is_the_portals_own(block, scope, chinese, european):
    try:
        with restrict_to_scope(scope):
            assert who_and_where() == (False, "CN", str(scope.account.pk))
            block()
    except (LookupError, DatabaseError):
        pass
    assert not connection.in_atomic_block
    assert who_and_where() == (True, "", "")
    assert Case.objects.count() == Person.objects.count() == 2


@pytest.mark.parametrize("block", [lambda: None, fails, breaks_the_transaction])
def test_inside_an_open_transaction_the_role_ends_with_the_block(block, scope, chinese, european):
    try:
        with restrict_to_scope(scope):
            block()
    except (LookupError, DatabaseError):
        pass
    assert who_and_where() == (True, "", "")
    assert Case.objects.count() == 2


# --- The other interfaces ---------------------------------------------------------------------------
def test_other_roles_pay_nothing(chinese):
    for query in (
        Case.objects.filter(number=chinese.number),
        Event.objects.filter(case=chinese.pseudonym),
        EventContent.objects.filter(case=chinese),
        DataKey.objects.filter(pk=chinese.data_key_id),
    ):
        plan = query.explain()
        assert "portal." not in plan
        assert "SubPlan" not in plan


@pytest.mark.django_db(transaction=True)
def test_the_runtime_role_takes_the_role_and_inherits_nothing_of_it(chinese, european):
    names = {"NAME": "dbname", "HOST": "host", "PORT": "port"}
    parts = {ours: connection.settings_dict[name] for name, ours in names.items()}
    info = conninfo.make_conninfo(user=RUNTIME_ROLE, **{k: v for k, v in parts.items() if v})
    with psycopg.connect(info, autocommit=True) as runtime:
        count = "SELECT count(*) FROM cases_case"
        assert runtime.execute(count).fetchone() == (2,)
        with runtime.transaction():
            runtime.execute(
                "SELECT set_config('portal.regime', 'EU', true), set_config('role', %s, true)",
                [ROLE],
            )
            assert runtime.execute(count).fetchone() == (1,)
        assert runtime.execute(count).fetchone() == (2,)
