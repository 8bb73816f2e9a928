"""A published limit: what it asks for, and what the clocks of new and old cases do with it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.utils import timezone

from tests.factories import ERIKA, OFFICER, REVIEWER, WANG, file, make_case
from workflows.cases.applicable_law import laws_of_place
from workflows.cases.clocks import extension_is_open
from workflows.cases.lifecycle import State
from workflows.cases.models import RegimeVersion
from workflows.cases.recalculation import publish_limit
from workflows.common.errors import InvalidInput
from workflows.ledger.models import Event
from workflows.notices.moves import extend
from workflows.regimes.models import PublishedLimit
from workflows.regimes.stored_rules import stored_rules

pytestmark = pytest.mark.django_db


def today():
    return timezone.localdate(timezone=ZoneInfo("Asia/Shanghai"))


def publish(amount=5, regime="CN", kind="response_15wd", unit="working_days", days=0):
    publish_limit(
        OFFICER,
        regime=regime,
        kind=kind,
        unit=unit,
        amount=amount,
        valid_from=today() + timedelta(days=days),
    )


def test_cases_filed_from_then_on_keep_to_it_and_earlier_ones_keep_their_version(capsys):
    before = file(WANG).case
    publish(5)
    after = file(WANG).case

    assert after.due_at < before.due_at
    assert before.lead_regime.clock("response_15wd").rule.promise is None
    assert after.lead_regime.clock("response_15wd").rule.promise.amount == 5
    assert RegimeVersion.objects.filter(code="CN").count() == 2
    received = Event.objects.filter(name="case.received").order_by("-pk")
    assert received[0].facts["regime_version"].endswith(f"+{today()}")

    call_command("check_clocks")
    assert capsys.readouterr().out.endswith("OK\n")


def test_places_share_the_rules_with_a_limit():
    publish(20, regime="EU", kind="response", unit="days")
    rules, soon = stored_rules(), timezone.now() + timedelta(days=1)

    (berlin,), (paris,) = (laws_of_place(rules, home, soon).regimes for home in ("DE-BE", "FR"))

    assert berlin is paris
    assert berlin.clock("response").rule.promise.amount == 20


def test_a_later_limit_moves_no_case_that_was_filed_before():
    publish(5)
    case = file(WANG).case
    due = case.due_at
    publish(3)

    call_command("check_clocks")
    case.refresh_from_db()
    assert case.due_at == due


def test_a_limit_of_tomorrow_does_not_hold_today():
    publish(5, days=1)

    assert file(WANG).case.lead_regime.clock("response_15wd").rule.promise is None


def test_a_request_that_came_by_letter_before_the_limit_is_not_under_it():
    publish(5)
    ago = timezone.now() - timedelta(days=3)

    assert file(WANG, at=ago).case.lead_regime.clock("response_15wd").rule.promise is None


def test_publishing_is_a_step_in_the_log_that_names_the_role():
    publish(5)

    event = Event.objects.get(name="limit.published")
    assert (event.role, event.actor) == ("privacy_officer", OFFICER.pseudonym)
    assert event.facts["amount"] == 5
    assert event.facts["valid_from"] == today().isoformat()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"days": -2}, "the past does not move"),
        ({"amount": 16}, "never longer"),
        ({"unit": "months"}, "at least"),
        ({"kind": "seance"}, "seance"),
    ],
)
def test_what_cannot_be_published_leaves_no_trace(changes, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        publish(**changes)

    assert not PublishedLimit.objects.exists()
    assert not Event.objects.filter(name="limit.published").exists()


def test_past_the_limit_the_law_still_lets_an_extension_be_told():
    limit = today() - timedelta(days=20)
    PublishedLimit.objects.create(
        regime="EU", clock="response", unit="days", amount=7, valid_from=limit, published_by="s"
    )
    case = make_case(State.IN_REVIEW, ERIKA, at=timezone.now() - timedelta(days=12))
    assert case.due_at < timezone.now()

    assert extension_is_open(case)
    extend(case, REVIEWER, "A large dataset.")

    assert case.due_at > timezone.now() + timedelta(days=70)
    assert not extension_is_open(case)
