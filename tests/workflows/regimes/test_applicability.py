"""Which laws apply to whom: each factor, what is open, what is not yet in force, and the traps."""

from datetime import UTC, date, datetime

import pytest

from workflows.regimes.applicability import (
    UNKNOWN,
    Applicability,
    ProviderProfile,
    applicable_laws,
    lies_in,
)
from workflows.regimes.rules.reader import Document
from workflows.regimes.rules.regime import parse_regime
from workflows.regimes.services import get_regime

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def law(code="XA", place="BR", applies=None, **root):
    """Return the law of Brazil under another code, place and way of applying."""
    document = {key: value for key, value in get_regime("BR").document.items() if key != "applies"}
    places = {place: {"zone": "America/Sao_Paulo", "calendar": "none"}}
    authorities = {place: next(iter(document["authorities"].values()))}
    document |= {"code": code, "default_place": place, "places": places}
    document |= {"authorities": authorities, **root}
    if applies is not None:
        document["applies"] = applies
    return parse_regime(Document(f"{code}.toml", "", document))


def group(*factors, **more):
    return {"factors": list(factors), **more}


QUESTION = {"question": {"zh": "是否达到？", "en": "Do you reach it?"}, "cite": ["policy"]}


def found(profile, residence, *laws, at=NOON):
    return applicable_laws(ProviderProfile.from_dict(profile), residence, at, laws)


@pytest.mark.parametrize(
    ("factor", "names"),
    [
        ("established_in", "established_in"),
        ("processed_in", "processes_in"),
        ("collected_in", "collected_in"),
        ("offered_in", "offers_service_in"),
        ("monitored_in", "monitors_in"),
    ],
)
def test_a_fact_of_the_provider_connects_whoever_asks(factor, names):
    ours = law(applies={"any": [group(factor)]})
    assert found({names: ["BR-SP"]}, "CN", ours).codes == ("XA",)
    assert found({names: ["*"]}, "CN", ours).codes == ("XA",)
    assert found({names: ["AR"]}, "CN", ours).is_neutral


def test_all_factors_of_a_group_must_hold_and_one_group_is_enough():
    ours = law(applies={"any": [group("resident", "offered_in"), group("processed_in")]})
    assert found({"offers_service_in": ["BR"]}, "BR", ours).laws[0].factors == (
        "resident",
        "offered_in",
    )
    assert found({"offers_service_in": ["BR"]}, "CN", ours).is_neutral
    assert found({"processes_in": ["BR"]}, "CN", ours).laws[0].factors == ("processed_in",)


def test_a_group_can_leave_out_who_lives_in_a_part():
    ours = law(applies={"any": [group("established_in", except_resident=["BR-SP"])]})
    assert found({"established_in": ["BR"]}, "BR-SP", ours).is_neutral
    assert found({"established_in": ["BR"]}, "BR-RJ", ours).codes == ("XA",)


@pytest.mark.parametrize(
    ("answers", "codes", "open_questions"),
    [
        ({}, ("XA",), ("XA.connection",)),
        ({"XA.connection": "yes"}, ("XA",), ()),
        ({"XA.connection": "no"}, (), ()),
    ],
)
def test_a_presumed_law_applies_until_counsel_says_no(answers, codes, open_questions):
    ours = law(applies={"presumed": [group("resident")]})
    result = found({"answers": answers}, "BR", ours)
    assert (result.codes, result.open_questions) == (codes, open_questions)


@pytest.mark.parametrize(
    ("answers", "codes", "open_questions"),
    [
        ({}, ("XA",), ("XA.threshold",)),
        ({"XA.threshold": "yes"}, ("XA",), ()),
        ({"XA.threshold": "no"}, (), ()),
    ],
)
def test_below_the_threshold_a_law_does_not_apply(answers, codes, open_questions):
    ours = law(applies={"any": [group("resident")], "threshold": QUESTION})
    result = found({"answers": answers}, "BR", ours)
    assert (result.codes, result.open_questions) == (codes, open_questions)


def test_a_law_applies_from_its_first_to_its_last_day_in_its_own_zone():
    ours = law(applies={"any": [group("resident")]}, valid_from="2026-11-02", valid_to="2026-11-02")
    before = found({}, "BR", ours, at=datetime(2026, 11, 2, 2, 59, tzinfo=UTC))
    assert (before.codes, before.not_yet_in_force) == ((), (("XA", date(2026, 11, 2)),))
    assert found({}, "BR", ours, at=datetime(2026, 11, 2, 3, tzinfo=UTC)).codes == ("XA",)
    after = found({}, "BR", ours, at=datetime(2026, 11, 3, 3, tzinfo=UTC))
    assert (after.codes, after.not_yet_in_force) == ((), ())


def test_the_law_of_the_home_stands_first_that_of_the_part_before_the_country():
    applies = {"any": [group("resident"), group("established_in")]}
    country, part = law("XC", "BR", applies), law("XB", "BR-SP", applies)
    other = law("XA", "AR", applies)
    result = found({"established_in": ["AR"]}, "BR-SP", other, country, part)
    assert result.codes == ("XB", "XC", "XA")


def test_before_counsel_has_said_anything_the_law_of_the_home_applies():
    ours = law(applies={"any": [group("resident", "offered_in")]})
    [law_of_home] = applicable_laws(UNKNOWN, "BR", NOON, [ours]).laws
    assert (law_of_home.code, law_of_home.factors) == ("XA", ("resident",))
    assert not law_of_home.is_settled
    assert applicable_laws(UNKNOWN, "AR", NOON, [ours]).is_neutral


@pytest.mark.parametrize(
    ("place", "area", "inside"),
    [
        ("US-CA", "US", True),
        ("US", "US-CA", False),
        ("DE", "D", False),
        ("HK", "CN", False),
        ("CN-HK", "CN", False),
        ("CN-TW", "TW", True),
        ("RE", "FR", True),
        ("FR-PF", "FR", False),
        ("AX", "FI", True),
        ("PR", "US", False),
        ("JE", "GB", False),
    ],
)
def test_a_country_covers_its_parts_and_no_more(place, area, inside):
    assert lies_in(place, area) is inside


def test_what_was_found_is_kept_as_json():
    result = found(
        {}, "BR", law(applies={"presumed": [group("resident")]}), law("XB", valid_from="2027-01-01")
    )
    assert Applicability.from_dict(result.to_dict()) == result
    assert result.not_yet_in_force
