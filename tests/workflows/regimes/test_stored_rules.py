"""What is stored beside the rule files: read once, and read anew after each change."""

from collections.abc import Callable
from datetime import date

import pytest
from django.db import connection, transaction

from tests.factories import provider
from workflows.regimes.calendar_store import save_holiday_notice, stored_notices
from workflows.regimes.limits import store_limit
from workflows.regimes.models import BusinessCalendar, PublishedLimit
from workflows.regimes.stored_rules import StoredRules, forget_rules, known_rules, stored_rules

pytestmark = pytest.mark.django_db


def limit() -> None:
    store_limit(
        regime="EU",
        kind="response",
        unit="days",
        amount=20,
        valid_from=date(2026, 6, 1),
        published_by="staff-1",
    )


def notice() -> None:
    save_holiday_notice(
        region="CN",
        year=2031,
        source="Invented",
        loaded_by="staff-1",
        days_off=[date(2031, 1, 1)],
    )


def what_it_says(rules: StoredRules) -> tuple[object, ...]:
    return rules.profile, rules.profile_id, len(rules.limits), rules.announced


def test_what_has_not_changed_costs_one_query(django_assert_num_queries):
    first = stored_rules()

    with django_assert_num_queries(1):
        assert stored_rules() is first
    with django_assert_num_queries(0):
        assert known_rules() is first


@pytest.mark.parametrize("change", [provider, limit, notice])
def test_each_change_is_seen(change: Callable[[], object]):
    before = stored_rules()

    change()

    after = stored_rules()
    assert after.version != before.version
    assert what_it_says(after) != what_it_says(before)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE regimes_businesscalendar SET status = 'provisional'",
        "DELETE FROM regimes_businesscalendar",
        "TRUNCATE regimes_businesscalendar",
    ],
)
def test_a_change_past_our_code_is_seen(statement):
    before = stored_rules()

    with connection.cursor() as cursor:
        cursor.execute(statement)

    assert what_it_says(stored_rules()) != what_it_says(before)


def test_a_change_that_is_undone_leaves_nothing_behind():
    """A count would be given twice: to what was rolled back, and to the next change."""
    limit()
    with transaction.atomic():
        PublishedLimit.objects.update(amount=1)
        assert stored_rules().limits[0].amount == 1
        transaction.set_rollback(True)
    PublishedLimit.objects.update(amount=2)

    assert stored_rules().limits[0].amount == 2


def test_notices_are_those_of_the_table():
    notice()

    assert stored_rules().notices(["CN"]) == stored_notices(["CN"])
    assert stored_rules().notices(["DE"]) == ()
    assert {each.region for each in stored_rules().announced} == set(
        BusinessCalendar.objects.values_list("region", flat=True)
    )


def test_what_is_forgotten_is_read_again():
    first = stored_rules()
    profile = provider(established_in=["DE"])
    assert known_rules() is first

    forget_rules()

    assert known_rules().profile_id == profile.pk
