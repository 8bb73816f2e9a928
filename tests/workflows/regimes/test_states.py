"""The American states: one family of laws, and what each state has of its own."""

import tomllib
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from workflows.regimes.registry import SHIPPED, get_regime, regime_on

FAMILY = tomllib.loads((SHIPPED / "families" / "US-state.toml").read_text(encoding="utf-8"))
MEMBERS = {
    path.stem: document
    for path in sorted(SHIPPED.glob("US-*.toml"))
    if (document := tomllib.loads(path.read_text(encoding="utf-8"))).get("extends") == "US-state"
}
# Days to answer, to answer once extended, to answer an appeal, and once that is extended.
USUAL = (45, 90, 60, None)
TIMES = {
    "US-CO": (45, 90, 45, 105),
    "US-IA": (90, 135, 60, None),
    "US-MN": (45, 90, 45, 105),
    "US-NJ": (45, 90, 45, None),
    "US-OR": (45, 90, 45, None),
    "US-UT": (45, 90, None, None),
}
ALL_IN_FORCE = date(2028, 1, 1)


def repeated(own: Any, family: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield where a file says what its family says."""
    if isinstance(own, dict) and isinstance(family, dict):
        for key in own.keys() & family.keys():
            yield from repeated(own[key], family[key], (*path, key))
    elif own == family:
        yield ".".join(path)


@pytest.mark.parametrize("code", MEMBERS)
def test_a_state_does_not_repeat_what_the_states_share(code):
    assert list(repeated(MEMBERS[code], FAMILY)) == []


@pytest.mark.parametrize("code", MEMBERS)
def test_times_of_a_state(code):
    law = regime_on(get_regime(code), ALL_IN_FORCE)
    answer = law.clock(law.lead).rule
    appeal = law.clock(law.appeal).rule if law.appeal else None
    longer = appeal.extension if appeal else None

    found = (
        answer.amount,
        answer.extension and answer.extension.amount,
        appeal and appeal.amount,
        longer and longer.amount,
    )

    assert found == TIMES.get(code, USUAL)
    # They count days, and nothing moves a day or stops the time.
    assert {place.calendar for place in law.places.values()} == {"none"}
    assert not any(clock.rule.roll or clock.rule.pauses for clock in law.clocks.values())
    for notice in ("extension_notice", "refusal_notice"):
        assert law.clock(notice).rule.amount == answer.amount


@pytest.mark.parametrize("code", MEMBERS)
def test_a_state_says_since_when_and_asks_for_its_threshold(code):
    law = get_regime(code)

    assert law.validity.first
    assert law.applies.threshold
    assert law.name.en in law.applies.threshold.question.en or code in {"US-TX", "US-NE"}
    assert law.name.zh.startswith("美国")


def test_what_was_not_read_is_a_promise_of_an_experimental_law():
    for code in MEMBERS:
        law = get_regime(code)
        bindings = {law.clock(kind).rule.binding for kind in ("response", "appeal_response")}
        assert ("promise" in bindings) is law.experimental, code


def test_utah_knows_no_appeal_and_corrects_since_july_2026():
    before, after = (regime_on(get_regime("US-UT"), date(2026, month, 1)) for month in (6, 7))

    assert "appeal_response" not in after.clocks
    assert "internal_review" not in after.notices["refusal"].elements
    assert before.item("correct") is None
    assert after.item("correct").basis == "law"


def test_iowa_corrects_by_policy_alone_and_deletes_what_was_provided():
    iowa = get_regime("US-IA")

    assert iowa.item("correct").basis == "policy"
    assert "not_provided_by_person" in {ground.code for ground in iowa.grounds_for("delete")}
    assert "delete" not in iowa.outcomes["processing_stopped"].items


@pytest.mark.parametrize(
    ("code", "item", "days"),
    [("US-OR", "withdraw_consent", 15), ("US-RI", "withdraw_consent", 15), ("US-NJ", "object", 15)],
)
def test_opting_out_and_withdrawing_have_times_of_their_own(code, item, days):
    law = get_regime(code)

    assert law.clock(law.item(item).clock).rule.amount == days


def test_connecticut_explains_profiling_since_july_2026():
    before, after = (regime_on(get_regime("US-CT"), date(2026, month, 1)) for month in (6, 7))

    assert before.item("explain") is None
    assert after.item("explain").basis == "law"
    assert "recipients" not in before.notices["access_answer"].elements
    assert "recipients" in after.notices["access_answer"].elements
