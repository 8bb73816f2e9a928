"""Published limits: which may be published, and the regime with them in force."""

from datetime import UTC, date, datetime

import pytest

from workflows.regimes.deadlines.values import ClockEvent, PublishedPromise
from workflows.regimes.explain import explain
from workflows.regimes.limits import (
    InvalidLimit,
    check_limit,
    limited_kinds,
    rules_in_force,
    store_limit,
    with_limits,
)
from workflows.regimes.rules.regime import Regime, UnknownClockError
from workflows.regimes.services import all_regimes, compute, get_regime
from workflows.regimes.stored_rules import stored_rules

pytestmark = pytest.mark.django_db
JUNE = date(2026, 6, 1)


def publish(amount: int, since: date, regime: str = "EU", kind: str = "response") -> None:
    store_limit(
        regime=regime,
        kind=kind,
        unit="working_days",
        amount=amount,
        valid_from=since,
        published_by="staff-1",
    )


def limit_at(at: datetime, code: str = "EU", kind: str = "response") -> int | None:
    [regime] = rules_in_force([get_regime(code)], at)
    promise = regime.clock(kind).rule.promise
    return promise and promise.amount


def test_without_a_limit_the_regime_is_what_it_was():
    assert rules_in_force([get_regime("EU")], datetime(2026, 6, 1, tzinfo=UTC)) == (
        get_regime("EU"),
    )


def test_the_latest_limit_in_force_holds_from_its_day_in_the_zone_of_the_regime():
    publish(15, JUNE)
    publish(10, date(2026, 7, 1))
    publish(12, JUNE)

    assert limit_at(datetime(2026, 5, 31, 21, 59, tzinfo=UTC)) is None
    assert limit_at(datetime(2026, 5, 31, 22, 0, tzinfo=UTC)) == 12
    assert limit_at(datetime(2026, 7, 2, tzinfo=UTC)) == 10
    assert limit_at(datetime(2026, 7, 2, tzinfo=UTC), "UK") is None


def test_several_regimes_cost_one_query(django_assert_num_queries):
    publish(15, JUNE)
    stored_rules()

    with django_assert_num_queries(1):
        found = rules_in_force(all_regimes(), datetime(2026, 6, 2, tzinfo=UTC))

    assert [regime.code for regime in found] == [regime.code for regime in all_regimes()]


def test_a_limit_for_a_clock_that_is_no_more_is_passed_over():
    publish(15, JUNE, kind="seance")

    assert limit_at(datetime(2026, 6, 2, tzinfo=UTC)) is None


@pytest.mark.parametrize("code", [regime.code for regime in all_regimes()])
def test_each_regime_takes_a_limit_for_each_clock_people_wait_for(code):
    regime = get_regime(code)
    promise = PublishedPromise("working_days", 1, JUNE)
    limited = with_limits(regime, dict.fromkeys(limited_kinds(regime), promise))

    assert limited.version == f"{regime.version}+2026-06-01"
    assert Regime.from_snapshot(limited.snapshot()) == limited
    for kind in limited_kinds(regime):
        assert limited.clock(kind).rule.promise == promise
        assert limited.clock(kind).text.zh.endswith("本服务公布的时限为1个工作日。")
        assert limited.clock(kind).text.en.endswith("our published limit is 1 working day.")


def test_the_arithmetic_names_the_limit_and_since_when():
    regime = with_limits(get_regime("EU"), {"response": PublishedPromise("working_days", 10, JUNE)})
    events = [ClockEvent("received", datetime(2026, 6, 2, 8, tzinfo=UTC))]
    deadline = compute(regime, "response", events, "DE-BE")

    assert deadline.due_on == date(2026, 6, 16)
    assert (
        "We have published a shorter limit, in force since Monday, 1 June 2026: 10 working days,"
        " until Tuesday, 16 June 2026. It binds us."
    ) in explain(deadline, regime.clock("response"))


@pytest.mark.parametrize(
    ("code", "kind", "unit", "amount", "allowed"),
    [
        ("CN", "response_15wd", "working_days", 15, True),
        ("CN", "response_15wd", "working_days", 16, False),
        ("CN", "response_15wd", "days", 15, True),
        ("CN", "response_15wd", "days", 25, False),
        ("EU", "response", "days", 28, True),
        ("EU", "response", "days", 29, False),
        ("EU", "response", "working_days", 15, True),
        ("EU", "response", "working_days", 22, False),
        ("US-CA", "response", "days", 45, True),
        ("US-CA", "response", "days", 46, False),
        ("US-CA", "acknowledge", "days", 10, True),
        ("UK", "complaint_acknowledge", "days", 29, True),
        ("UK", "complaint_acknowledge", "days", 30, False),
        ("CN", "acknowledge", "working_days", 30, True),
    ],
)
def test_a_limit_is_never_longer_than_the_laws_own_on_any_day_of_a_year(
    code, kind, unit, amount, allowed
):
    if allowed:
        check_limit(get_regime(code), kind, unit, amount)
    else:
        with pytest.raises(InvalidLimit, match="never longer"):
            check_limit(get_regime(code), kind, unit, amount)


@pytest.mark.parametrize(("unit", "amount"), [("months", 1), ("days", 0), ("hours", 5)])
def test_a_limit_is_counted_in_days_and_is_one_at_least(unit, amount):
    with pytest.raises(InvalidLimit, match="at least"):
        check_limit(get_regime("EU"), "response", unit, amount)


def test_a_clock_nobody_waits_for_has_no_limit():
    with pytest.raises(UnknownClockError):
        check_limit(get_regime("EU"), "retain_until", "days", 5)


def test_a_day_is_that_of_the_regimes_zone():
    late = datetime(2026, 6, 1, 23, tzinfo=UTC)

    assert get_regime("CN").day_at(late) == date(2026, 6, 2)
    assert get_regime("US-CA").day_at(late) == JUNE
