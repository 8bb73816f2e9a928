"""The law stands beside the steps that follow it."""

import pytest

from workflows.oversight.law import provisions
from workflows.regimes.services import all_regimes, get_regime


def of(name, code="CN", kinds=("correct",), **facts):
    return provisions({"name": name, "facts": facts}, get_regime(code), kinds)


def test_a_receipt_starts_the_leading_clock_under_the_rule_of_each_right():
    regime = get_regime("CN")
    clock, correct = of("case.received")
    assert clock.text == regime.clock(regime.lead).text
    assert clock.citations == regime.clock(regime.lead).rule.citations
    assert correct.citations == regime.items["correct"].citations


def test_a_refusal_names_its_ground_and_a_grant_its_right():
    regime = get_regime("US-CA")
    ground = regime.grounds["not_verified"]
    outcomes = [
        {"item": 1, "kind": "correct", "outcome": "refused", "ground": "not_verified"},
        {"item": 2, "kind": "copy", "outcome": "provided"},
    ]
    refused, granted = of("decision.approved", "US-CA", outcomes=outcomes)
    assert (refused.text, refused.citations) == (ground.text, ground.citations)
    assert granted.citations == regime.items["copy"].citations
    assert of("answer.sent", "US-CA", outcomes=outcomes)[1:] == [refused, granted]


def test_a_missed_clock_is_that_of_the_regime_or_none_of_ours():
    regime = get_regime("CN")
    [missed] = of("clock.missed", regime="CN", clock=regime.lead)
    assert missed.text == regime.clock(regime.lead).text
    assert of("clock.missed", regime="EU", clock="response") == []


def test_steps_without_a_rule_have_none():
    assert of("note.written") == []


def test_the_same_rule_is_named_once():
    outcomes = [{"item": n, "kind": "copy", "outcome": "provided"} for n in (1, 2)]
    assert len(of("decision.approved", outcomes=outcomes)) == 1


@pytest.mark.parametrize("code", [regime.code for regime in all_regimes()])
@pytest.mark.parametrize(
    "name",
    [
        "case.received",
        "acknowledgement.sent",
        "identity.asked",
        "information.asked",
        "clock.extended",
        "answer.sent",
        "case.rejected_as_abuse",
        "fee.not_paid",
        "case.ended_unpaid",
        "complaint.received",
        "complaint.acknowledged",
        "complaint.answered",
        "case.erased",
    ],
)
def test_every_regime_has_sources_for_what_it_says(code, name):
    regime = get_regime(code)
    for provision in of(name, code, kinds=tuple(regime.items), outcomes=[]):
        assert provision.citations
