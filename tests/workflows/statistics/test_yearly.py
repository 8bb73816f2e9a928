"""The yearly layouts, against figures counted by hand."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.factories import ERIKA, file, make_case
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.statistics.yearly import (
    CountedItems,
    Result,
    items_of_year,
    tables,
    tables_of_year,
)

JANUARY, APRIL, DECEMBER = date(2026, 1, 31), date(2026, 4, 1), date(2026, 12, 31)


def item(kind, result, days=None, *, received=JANUARY, requester="self", late=False, ground=""):
    month = received.replace(day=1)
    return CountedItems(Result(result), 1, days, late, kind, month, requester, ground)


def of(items):
    """Return what gives these items, whatever a table tells them by."""
    return lambda _by: items


# Five requests to know, of which four are answered, after 10, 20, 30 and 44 days.
YEAR = [
    item("consult", "granted", 10.0),
    item("copy", "granted", 20.0, requester="agent"),
    item("copy", "refused", 30.0, ground="not_verified"),
    item("transfer", "refused", 44.0, ground="sensitive_identifier", late=True),
    item("copy", "open", received=DECEMBER),
    item("delete", "refused", 3.0, ground="agent_not_authorised", received=APRIL),
    item("delete", "refused", 4.0, ground="impossible_or_disproportionate", received=APRIL),
    item("delete", "nothing_held", 5.0, requester="guardian"),
    item("correct", "granted", 45.0),
    item("model_output", "granted", 90.0, late=True),
    item("object", "ended"),
    item("ip_claim", "granted", 1.0),
]


def lines(table, *columns):
    return [(key, *(getattr(line, column) for column in columns)) for key, line in table.lines]


def test_california_tells_each_type_of_request():
    types, _reasons = tables("US-CA", of(YEAR))
    assert types.columns == ("received", "granted", "refused", "median_days", "mean_days")
    assert lines(types, *types.columns) == [
        ("delete", 3, 0, 2, 4.0, 4.0),
        ("correct", 2, 2, 0, 67.5, 67.5),
        ("know", 5, 2, 2, 25.0, 26.0),
        ("opt_out", 1, 0, 0, None, None),
        ("limit", 0, 0, 0, None, None),
        ("automated_decisions", 0, 0, 0, None, None),
    ]


def test_california_tells_denials_by_reason():
    _types, reasons = tables("US-CA", of(YEAR))
    assert lines(reasons, "refused") == [
        ("not_verifiable", 1),
        ("not_by_consumer", 1),
        ("exempt", 1),
        ("other", 1),
        ("total", 4),
    ]


def test_china_tells_rights_quarters_who_filed_and_grounds():
    right, quarter, requester, ground = tables("CN", of(YEAR))
    assert lines(right, "received", "granted", "refused", "late")[:2] == [
        ("copy", 3, 1, 1, 0),
        ("delete", 3, 0, 2, 0),
    ]
    assert lines(right, "received", "granted", "refused", "nothing_held", "ended", "open")[-1] == (
        "total", 12, 5, 4, 1, 1, 1,
    )  # fmt: skip
    assert lines(quarter, "received") == [
        ("2026-1", 9),
        ("2026-2", 2),
        ("2026-4", 1),
        ("total", 12),
    ]
    assert lines(requester, "received") == [
        ("self", 10), ("guardian", 1), ("near_relative", 0), ("agent", 1), ("total", 12),
    ]  # fmt: skip
    assert dict(lines(ground, "refused"))["total"] == 4
    # (10 + 20 + 30 + 44 + 3 + 4 + 5 + 45 + 90 + 1) / 10, and the middle of 5, 10, 20 … sorted.
    assert (right.lines[-1][1].mean_days, right.lines[-1][1].median_days) == (25.2, 15.0)


def test_another_law_gets_the_table_by_right():
    assert [table.code for table in tables("EU", of(YEAR))] == ["right", "ground"]


def test_a_year_without_requests_is_all_noughts():
    for regime in ("US-CA", "CN", "EU"):
        for table in tables(regime, of([])):
            assert all(line.received == 0 for _key, line in table.lines)


# --- From the database ------------------------------------------------------------------------------
def year_of(case: Case) -> int:
    """The year in China, where it begins eight hours earlier than ours."""
    return case.filed_at.astimezone(ZoneInfo("Asia/Shanghai")).year


@pytest.mark.parametrize(
    ("state", "result"),
    [
        (State.FILED, "open"),
        (State.DECISION_PROPOSED, "open"),
        (State.ANSWERED, "refused"),
        (State.WITHDRAWN, "ended"),
        (State.EXPIRED, "ended"),
        (State.REJECTED_AS_ABUSE, "refused"),
        (State.CONTESTED, "open"),
        (State.MERGED, "ended"),
    ],
)
def test_an_item_counts_by_what_became_of_it(state, result, scope):
    case = make_case(state)
    # A merge makes the second case that it goes into.
    found = next(
        each
        for each in items_of_year(scope, year_of(case), "kind", "requester")
        if each.result == result
    )
    assert (found.kind, found.requester) == ("correct", "self")


def test_a_rejection_as_abuse_is_a_ground_of_its_own(scope):
    case = make_case(State.REJECTED_AS_ABUSE)
    *_others, grounds = tables_of_year(scope, year_of(case))
    assert lines(grounds, "refused") == [("abuse", 1), ("total", 1)]


def test_days_run_from_receipt_to_answer(scope):
    case = make_case(State.ANSWERED)
    midnight = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)
    Case.objects.update(filed_at=midnight, answered_at=midnight + timedelta(hours=23))
    case.clocks.filter(leads=True).update(state="missed")
    [found] = items_of_year(scope, 2026)
    assert (found.days, found.late) == (0, True)
    Case.objects.update(answered_at=midnight + timedelta(hours=24))
    [found] = items_of_year(scope, 2026)
    assert found.days == 1


def test_the_year_is_that_of_the_regime_and_other_regimes_are_not_counted(scope):
    file(at=datetime(2025, 12, 31, 15, 59, tzinfo=UTC))
    file(at=datetime(2025, 12, 31, 16, 0, tzinfo=UTC))
    file(ERIKA)
    for year, month in ((2026, date(2026, 1, 1)), (2025, date(2025, 12, 1))):
        assert [found.month for found in items_of_year(scope, year, "month")] == [month]


def test_the_cost_of_a_year_does_not_grow_with_the_items(scope, django_assert_num_queries):
    for _number in range(3):
        case = make_case(State.ANSWERED)
    with django_assert_num_queries(2):
        [found] = items_of_year(scope, year_of(case))
    assert found.number == 3
