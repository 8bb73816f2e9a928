"""Laws that give a number of days for some rights only, and let people complain of all of them."""

import pytest

from workflows.regimes.registry import get_regime
from workflows.regimes.rules import elements

CODES = ("AU", "BR", "CA", "CA-QC", "CH", "NZ", "TR", "ZA")


@pytest.fixture(params=CODES)
def law(request):
    return get_regime(request.param)


def test_each_right_can_be_refused_on_a_ground_and_each_charge_for_want_of_the_fee(law):
    for kind in law.items:
        assert law.grounds_for(kind), kind
    for kind in law.fee.chargeable:
        assert "fee_not_paid" in {ground.code for ground in law.grounds_for(kind)}


def test_what_the_law_does_not_number_has_an_aim_and_says_so(law):
    unnumbered = [clock for clock in law.clocks.values() if clock.rule.amount is None]

    assert unnumbered
    for clock in unnumbered:
        assert [target.name for target in clock.rule.targets] == ["policy"]
        assert "aim" in clock.text.en
        assert "目标" in clock.text.zh


def test_what_the_provider_offers_without_a_law_has_no_day_in_law(law):
    for rule in law.items.values():
        if rule.basis == "policy":
            assert law.clock(rule.clock).rule.amount is None, rule.kind


def test_complaints_notices_records_and_an_address_are_there(law):
    missing = set(elements.NOTICE_KINDS) - set(law.notices)

    assert law.item("complaint").clock == law.complaint
    assert missing <= {"extension", "change_of_law"}
    assert law.records
    assert "retain_until" in law.clocks
    assert not law.experimental
    for code in law.places:
        assert law.authority_for(code).address.en


def test_suppression_never_stands_for_a_deletion(law):
    assert "delete" not in law.outcomes["suppressed_in_output"].items


@pytest.mark.parametrize(
    ("code", "groups", "presumed"),
    [
        ("AU", [{"established_in"}, {"resident", "offered_in"}], []),
        ("BR", [{"processed_in"}, {"resident"}, {"collected_in"}], []),
        ("CA", [{"established_in"}, {"resident", "offered_in"}], []),
        ("CA-QC", [{"established_in"}, {"resident", "offered_in"}], []),
        (
            "CH",
            [
                {"established_in"},
                {"processed_in"},
                {"resident", "offered_in"},
                {"resident", "monitored_in"},
            ],
            [{"resident"}],
        ),
        ("NZ", [{"established_in"}, {"resident", "offered_in"}], []),
        ("TR", [{"established_in"}, {"processed_in"}], [{"resident", "offered_in"}]),
        ("ZA", [{"established_in"}, {"processed_in"}], []),
    ],
)
def test_when_each_applies(code, groups, presumed):
    rule = get_regime(code).applies

    assert [set(group.factors) for group in rule.groups] == groups
    assert [set(group.factors) for group in rule.presumed] == presumed


def test_an_establishment_in_canada_leaves_people_in_quebec_to_their_own_act():
    established, offered = get_regime("CA").applies.groups

    assert established.except_resident == ("CA-QC",)
    assert offered.except_resident == ()
    assert get_regime("CA").covers("CA-QC")


def test_only_in_australia_counsel_is_asked_for_the_turnover():
    assert get_regime("AU").applies.threshold.answer == "turnover"
    assert [code for code in CODES if get_regime(code).applies.threshold] == ["AU"]


@pytest.mark.parametrize(("code", "part"), [("BR", "BR-SP"), ("NZ", "NZ-AUK")])
def test_days_that_are_no_public_holidays_of_the_place_hold_in_all_its_parts(code, part):
    law = get_regime(code)

    assert law.place(part).calendar == law.place(code).calendar != part
