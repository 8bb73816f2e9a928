"""What the shipped rules must hold, law by law."""

from datetime import date

import pytest

from workflows.regimes.applicability import NEUTRAL
from workflows.regimes.registry import all_regimes, get_regime
from workflows.regimes.rules import elements

COMPLETE = ("CN", "EU", "UK", "US-CA", "HK", "JP", "KR", "SG", "TH", "TW")
# The Board of the EU takes no complaints; its page lists the authorities that do. Of the others no
# address was read at the authority.
WITHOUT_ADDRESS = ("EU", "HK", "TH", "TW")


@pytest.fixture(params=[regime.code for regime in all_regimes()])
def regime(request):
    return get_regime(request.param)


@pytest.fixture(params=COMPLETE)
def complete(request):
    return get_regime(request.param)


def test_every_rule_carries_its_citation_in_both_languages(regime):
    cited = [
        *(clock.rule for clock in regime.clocks.values()),
        *regime.items.values(),
        *regime.filers.values(),
        *regime.grounds.values(),
        *regime.outcomes.values(),
        *regime.notices.values(),
        *regime.records,
        *regime.metrics,
        regime.fee,
        regime.court,
    ]
    for rule in cited:
        assert rule.citations
        for citation in rule.citations:
            assert citation.zh
            assert citation.en


def test_everyone_may_file_for_themselves_and_every_filer_is_ruled_on(regime):
    assert set(regime.filers) == set(elements.FILERS)
    assert regime.filers["self"].allowed


def test_every_place_has_an_authority(regime):
    # Where no law applies there is nobody whom a law would name.
    assert bool(regime.authorities) is (regime.code != NEUTRAL)
    for code in regime.places if regime.authorities else ():
        assert regime.authority_for(code).link.startswith("https://")


def test_every_authority_of_a_complete_regime_can_be_found_on_the_web_and_by_post(complete):
    for code, authority in complete.authorities.items():
        assert authority.name.zh, code
        assert authority.name.en, code
        assert authority.link.startswith("https://"), code
        without = code in WITHOUT_ADDRESS
        assert bool(authority.address.zh) is bool(authority.address.en) is not without, code


def test_every_member_state_has_an_authority_of_its_own():
    europe = get_regime("EU")

    assert {code for code in europe.places if "-" not in code} <= set(europe.authorities)


def test_the_address_in_china_is_written_in_the_language_of_the_reader():
    address = get_regime("CN").authority_for("CN").address

    assert address.in_language("zh-hans").startswith("北京市")
    assert address.in_language("en").endswith("Beijing 100044")


def test_every_refusal_names_what_is_refused_and_why_and_where_to_complain(regime):
    where = {"internal_review"} if regime.code == NEUTRAL else {"authority"}
    needed = {"refused_items", "reasons"} | where
    assert needed <= set(regime.notices["refusal"].elements)
    assert regime.grounds


def test_a_complete_regime_grants_every_kind_of_item_and_knows_every_notice(complete):
    assert set(complete.items) == set(elements.ITEM_KINDS)
    missing = set(elements.NOTICE_KINDS) - set(complete.notices)
    assert missing <= {"extension", "change_of_law"}, missing
    assert complete.records
    assert "retain_until" in complete.clocks


def test_a_regime_with_an_extension_prescribes_its_notice(regime):
    extended = any(clock.rule.extension for clock in regime.clocks.values())
    assert not extended or {"reasons", "new_date"} <= set(regime.notices["extension"].elements)


def test_in_china_the_lead_is_a_promise_and_the_statute_has_no_number():
    china = get_regime("CN")

    assert china.clock(china.lead).rule.binding == "promise"
    statute = china.clock("response_statutory").rule
    assert statute.amount is None
    assert [target.amount for target in statute.targets] == [15, 30]
    assert not any(clock.rule.extension for clock in china.clocks.values())


def test_in_china_corrections_are_verified_first_and_hard_deletions_stop_processing():
    china = get_regime("CN")

    assert china.item("correct").verify_first
    assert china.item("supplement").verify_first
    assert "delete" in china.outcomes["processing_stopped"].items
    assert {"own_interest_statement", "proof_of_kinship", "arrangement_of_deceased"} <= set(
        china.filers["near_relative"].evidence
    )
    assert {"in_writing", "court"} <= set(china.notices["refusal"].elements)


def test_in_europe_extensions_and_refusals_are_told_in_the_first_month():
    for code in ("EU", "UK"):
        regime = get_regime(code)
        assert regime.clock(regime.lead).rule.extension.amount == 3
        assert regime.clock("extension_notice").rule.amount == 1
        assert regime.clock("refusal_notice").rule.amount == 1
        assert {"authority", "court"} <= set(regime.notices["refusal"].elements)
        assert not regime.filers["near_relative"].allowed


def test_in_california_opting_out_needs_no_proof_and_a_deletion_says_a_record_is_kept():
    california = get_regime("US-CA")

    assert california.item("opt_out_training").assurance == "none"
    assert california.item("opt_out_training").clock == "opt_out_policy"
    assert "record_kept" in california.notices["deletion_answer"].elements
    assert california.acknowledge == "acknowledge"
    assert california.places["US-CA"].calendar == "US-CA-core"


def test_a_complaint_has_its_own_clock_in_the_complete_regimes(complete):
    assert complete.complaint
    assert complete.item("complaint").clock == complete.complaint


def test_only_the_united_kingdom_sets_a_time_to_confirm_a_complaint(complete):
    kind = complete.complaint_acknowledge

    assert kind == ("complaint_acknowledge" if complete.code == "UK" else "")
    if kind:
        assert (complete.clock(kind).rule.amount, complete.clock(kind).rule.unit) == (30, "days")


def test_grounds_are_offered_only_for_the_items_they_fit():
    china = get_regime("CN")

    codes = {ground.code for ground in china.grounds_for("correct")}

    assert "not_proved" in codes
    assert "bad_faith" in codes
    assert "confidentiality" not in codes


def test_in_hong_kong_access_takes_forty_days_and_deletion_is_no_right():
    law = get_regime("HK")

    assert law.clock(law.item("copy").clock).rule.amount == 40
    assert law.clock("refusal_notice").rule.amount == 40
    assert law.item("delete").basis == "policy"
    assert law.clock(law.item("delete").clock).rule.amount is None
    assert law.clock("retain_until").rule.amount == 48


@pytest.mark.parametrize(
    ("code", "kind", "amount", "extended"),
    [
        ("TW", "copy", 15, 30),
        ("TW", "delete", 30, 60),
        ("TW", "opt_out_training", 30, 60),
        ("VN", "copy", 10, 20),
        ("VN", "withdraw_consent", 15, 30),
        ("VN", "delete", 20, 40),
        ("TH", "copy", 30, None),
        ("TH", "delete", None, None),
        ("MO", "copy", None, None),
        ("IN", "correct", 90, None),
        ("IN", "withdraw_consent", None, None),
        ("SG", "withdraw_consent", None, None),
        ("KR", "explain", None, None),
    ],
)
def test_the_time_to_answer_depends_on_what_is_asked(code, kind, amount, extended):
    law = get_regime(code)
    rule = law.clock(law.item(kind).clock).rule

    assert rule.amount == amount
    assert (rule.extension and rule.extension.amount) == extended
    assert rule.amount or rule.targets


def test_in_vietnam_a_first_reply_is_due_within_two_working_days():
    law = get_regime("VN")
    rule = law.clock(law.acknowledge).rule

    assert (rule.unit, rule.amount, rule.binding) == ("working_days", 2, "statute")
    assert law.places["VN"].calendar == "VN"


def test_the_rights_of_india_begin_in_may_2027():
    assert get_regime("IN").validity.first == date(2027, 5, 13)


@pytest.mark.parametrize("code", ["HK", "MO", "TW"])
def test_places_of_their_own_are_not_under_the_law_of_the_mainland(code):
    law = get_regime(code)

    assert not get_regime("CN").covers(code)
    assert set(law.places) == {code}
    assert "大陆" not in str(law.document)
    assert "个人信息" not in str(law.document)


@pytest.mark.parametrize(
    ("code", "groups", "presumed"),
    [
        (
            "HK",
            [["established_in"], ["processed_in"], ["collected_in"]],
            [["resident", "offered_in"]],
        ),
        ("TW", [["established_in"], ["processed_in"], ["resident"]], []),
        ("MO", [["established_in"], ["processed_in"]], []),
        ("VN", [["established_in"], ["resident"]], []),
        (
            "TH",
            [["established_in"], ["resident", "offered_in"], ["resident", "monitored_in"]],
            [],
        ),
        ("IN", [["processed_in"], ["resident", "offered_in"]], []),
        ("JP", [["established_in"], ["resident", "offered_in"]], []),
        ("KR", [["established_in"], ["resident", "offered_in"]], []),
        (
            "SG",
            [["established_in"], ["processed_in"], ["collected_in"]],
            [["resident", "offered_in"]],
        ),
    ],
)
def test_a_law_names_what_connects_a_request_with_it(code, groups, presumed):
    applies = get_regime(code).applies

    assert [list(group.factors) for group in applies.groups] == groups
    assert [list(group.factors) for group in applies.presumed] == presumed
    assert applies.threshold is None


def test_what_only_the_provider_offers_has_no_date_of_the_law():
    for code in ("HK", "IN", "JP", "KR", "MO", "SG", "TH", "TW", "VN"):
        law = get_regime(code)
        for item in law.items.values():
            if item.basis == "policy":
                assert law.clock(item.clock).rule.amount is None, (code, item.kind)


def test_every_right_of_a_law_can_be_refused_on_some_ground_of_it():
    for code in ("HK", "IN", "JP", "KR", "MO", "SG", "TH", "TW", "VN"):
        law = get_regime(code)
        for item in law.items.values():
            assert item.basis == "policy" or law.grounds_for(item.kind), (code, item.kind)


def test_suppressing_an_output_deletes_nothing():
    for code in ("HK", "IN", "JP", "KR", "MO", "SG", "TH", "TW", "VN"):
        assert "delete" not in get_regime(code).outcomes["suppressed_in_output"].items
