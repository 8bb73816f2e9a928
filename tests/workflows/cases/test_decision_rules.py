"""What each law of a case says about deciding its items: known outcomes, grounds, facts."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import (
    APPROVER,
    ERIKA,
    INTAKE,
    REVIEWER,
    WANG,
    file,
    in_review_with_proof,
    make_case,
    provider,
)
from workflows.cases import staff_actions
from workflows.cases.clocks import answering_clock_kinds
from workflows.cases.decision_rules import (
    assurance_needed,
    chargeable_kinds,
    grounds_under,
    laws_of,
    must_be_verified,
    outcomes_under,
)
from workflows.cases.errors import MoveRefused
from workflows.cases.filing_request import FiledItem
from workflows.cases.lifecycle import Action, State
from workflows.cases.models import Case
from workflows.cases.models.case import keep_versions
from workflows.cases.staff_actions import ItemProposal
from workflows.cases.transition import advance
from workflows.common.errors import InvalidInput
from workflows.ledger.models import Event
from workflows.notices import moves
from workflows.notices.answers import compose_answer
from workflows.notices.document import to_text
from workflows.regimes.applicability import NEUTRAL
from workflows.regimes.services import get_regime
from workflows.vocabulary.outcomes import Outcome
from workflows.vocabulary.people import Assurance

pytestmark = pytest.mark.django_db


def asked_for(kind: str, *regimes: str, residence: str = "CN") -> Case:
    """Make a case in review about one item under these laws, the first of which leads."""
    request = replace(WANG, items=(FiledItem(kind),), residence=residence, language="en")
    case = in_review_with_proof(request)
    if regimes:
        under(case, *regimes)
    return case


def under(case: Case, *regimes: str) -> None:
    case.regime, case.regimes = regimes[0], list(regimes)
    case.regime_versions = keep_versions(tuple(get_regime(code) for code in regimes))
    case.save()


def propose(case: Case, outcome: str, reasons: str = "The page was read again.", **more) -> None:
    day = timezone.localdate() + timedelta(days=50)
    staff_actions.propose_decision(
        case,
        REVIEWER,
        [
            ItemProposal(
                item,
                outcome,
                reasons,
                **{"retraining_on": day, "instead_because": "It is hard.", **more},
            )
            for item in case.items.all()
        ],
    )


class TestOutcomes:
    @pytest.mark.parametrize(
        ("residence", "outcome"),
        [
            ("GB-ENG", Outcome.PROCESSING_STOPPED),
            ("DE-BE", Outcome.PROCESSING_STOPPED),
            ("US-CA", Outcome.PROCESSING_STOPPED),
        ],
    )
    def test_a_law_that_does_not_know_an_outcome_for_a_right_refuses_it(self, residence, outcome):
        case = asked_for("delete", residence=residence)
        law = case.lead_regime.name.in_language("en")

        with pytest.raises(InvalidInput, match=f"{law} does not know that outcome"):
            propose(case, outcome)
        assert case.items.get().outcome == ""

    def test_to_suppress_an_output_is_no_deletion_where_the_law_says_nothing_of_it(self):
        case = asked_for("delete", "KR", residence="CN")

        with pytest.raises(InvalidInput, match="does not know that outcome"):
            propose(case, Outcome.SUPPRESSED_IN_OUTPUT)
        assert Outcome.SUPPRESSED_IN_OUTPUT not in outcomes_under(laws_of(case, "delete"), "delete")

    def test_every_law_that_grants_the_right_has_to_know_it(self):
        case = asked_for("delete", "CN", "EU")

        with pytest.raises(InvalidInput, match="European Union and EEA does not know"):
            propose(case, Outcome.PROCESSING_STOPPED, ground="processing_stopped")

    def test_a_law_that_does_not_grant_the_right_is_not_asked(self):
        case = asked_for("opt_out_training", "EU", "US-CA")

        assert [law.code for law in laws_of(case, "opt_out_training")] == ["EU"]

    def test_what_no_law_grants_is_decided_under_the_leading_rules(self):
        case = asked_for("ip_claim", "EU", "CN")

        assert [law.code for law in laws_of(case, "ip_claim")] == ["EU"]
        propose(case, Outcome.DELETED)

    def test_what_was_asked_for_needs_no_word_of_a_law(self):
        case = asked_for("delete", "CN", "EU", "UK", "US-CA", "KR")

        propose(case, Outcome.DELETED)

        assert case.items.get().outcome == "deleted"


class TestGrounds:
    def test_a_refusal_needs_a_ground_of_each_law(self):
        case = asked_for("correct", "CN", "EU")

        with pytest.raises(InvalidInput, match="Choose a ground that European Union and EEA has"):
            propose(case, Outcome.REFUSED, ground="not_proved")
        with pytest.raises(InvalidInput, match=r"Choose a ground that .*China has"):
            propose(case, Outcome.REFUSED, other_grounds={"EU": "not_inaccurate"})
        propose(case, Outcome.REFUSED, ground="not_proved", other_grounds={"EU": "not_inaccurate"})

        item = case.items.get()
        assert item.grounds == {"CN": "not_proved", "EU": "not_inaccurate"}
        told = Event.objects.filter(name="decision.proposed").latest("id").facts["outcomes"]
        assert told[0]["grounds"] == item.grounds
        assert told[0]["ground"] == "not_proved"

    def test_the_answer_names_each_ground_with_its_law(self):
        case = asked_for("correct", "CN", "EU")
        propose(case, Outcome.REFUSED, ground="not_proved", other_grounds={"EU": "not_inaccurate"})

        text = to_text(compose_answer(case).document)

        assert "Ground under European Union and EEA: The information was not found" in text

    @pytest.mark.parametrize("ground", ["", "deletion_not_due", "not_inaccurate"])
    def test_a_ground_must_be_one_for_this_kind_of_item(self, ground):
        case = asked_for("correct")

        with pytest.raises(InvalidInput, match="Choose a ground"):
            propose(case, Outcome.REFUSED, ground=ground)

    @pytest.mark.parametrize(
        ("residence", "outcome"),
        [
            ("CN", Outcome.PROCESSING_STOPPED),
            ("DE-BE", Outcome.QUEUED_FOR_RETRAINING),
            ("US-CA", Outcome.QUEUED_FOR_RETRAINING),
        ],
    )
    def test_what_is_given_only_in_part_needs_one_too(self, residence, outcome):
        case = asked_for("delete", residence=residence)

        with pytest.raises(InvalidInput, match="Choose a ground"):
            propose(case, outcome)
        propose(case, outcome, ground=outcome.value)

        item = case.items.get()
        assert item.grounds == {case.regime: outcome.value}
        (condition,) = (g for g in grounds_under(case.lead_regime, "delete") if g.code == outcome)
        assert condition.text.en in to_text(compose_answer(case).document)

    def test_in_california_a_filter_of_the_output_is_no_outcome_of_a_deletion(self):
        case = asked_for("delete", residence="US-CA")

        with pytest.raises(InvalidInput, match="California does not know that outcome"):
            propose(case, Outcome.SUPPRESSED_IN_OUTPUT, ground="suppressed_in_output")

    def test_the_condition_of_one_outcome_is_no_ground_for_another(self):
        case = asked_for("delete")

        with pytest.raises(InvalidInput, match="Choose a ground"):
            propose(case, Outcome.PROCESSING_STOPPED, ground="suppressed_in_output")

    def test_what_is_given_in_full_keeps_none(self):
        case = asked_for("delete")

        propose(case, Outcome.DELETED, ground="deletion_not_due")

        assert case.items.get().grounds == {}

    def test_the_guard_holds_a_proposal_whose_grounds_are_gone(self):
        case = asked_for("delete")
        propose(case, Outcome.REFUSED, ground="deletion_not_due")
        staff_actions.send_back(case, APPROVER, "Look again.")
        case.items.update(ground="")

        with pytest.raises(MoveRefused, match="needs a ground of each law"):
            advance(case, Action.PROPOSE_DECISION, REVIEWER)


class TestFacts:
    @pytest.mark.parametrize(
        "reasons",
        [
            "None of the legal cases for deletion is met.",
            "不符合应当删除个人信息的法定情形。",
            " none of the legal cases for deletion is met ",
        ],
    )
    def test_reasons_that_only_repeat_the_ground_are_no_facts(self, reasons):
        case = asked_for("delete")

        with pytest.raises(InvalidInput, match="needs the facts of the case"):
            propose(case, Outcome.REFUSED, reasons, ground="deletion_not_due")

    def test_facts_beside_the_ground_are(self):
        case = asked_for("delete")

        propose(
            case,
            Outcome.REFUSED,
            "None of the legal cases for deletion is met: the court publishes the notice itself.",
            ground="deletion_not_due",
        )

        assert case.state == State.DECISION_PROPOSED

    def test_an_abuse_needs_them_and_a_ground_of_each_law(self):
        case = make_case(State.TRIAGE)
        under(case, "CN", "EU")
        staff_actions.report_abuse(case, INTAKE, "A script.")

        with pytest.raises(InvalidInput, match="European Union and EEA has for rejecting"):
            moves.reject_as_abuse(case, APPROVER, "Filed a thousand times.", "bad_faith")
        with pytest.raises(InvalidInput, match="needs the facts"):
            moves.reject_as_abuse(
                case,
                APPROVER,
                "The request is manifestly unfounded.",
                "bad_faith",
                {"EU": "manifestly_unfounded"},
            )
        moves.reject_as_abuse(
            case,
            APPROVER,
            "Filed a thousand times.",
            "bad_faith",
            {"EU": "manifestly_unfounded"},
        )
        event = Event.objects.filter(name="case.rejected_as_abuse").latest("id")
        assert event.facts["grounds"] == {"CN": "bad_faith", "EU": "manifestly_unfounded"}


class TestEveryLawOfACase:
    """What one law asks for is asked for, whichever of them leads."""

    def test_the_person_must_be_known_as_well_as_the_strictest_law_asks(self):
        provider(established_in=["DE"], offers_service_in=["US-CA"])
        case = file(replace(ERIKA, residence="US-CA")).case

        assert case.regime == "EU"
        assert assurance_needed(case.laws, "copy") == Assurance.DOCUMENT
        assert must_be_verified(case.laws, "correct")

    def test_what_no_rule_knows_is_handed_to_nobody_unknown(self):
        provider(established_in=["US-WA"], offers_service_in=["US"])
        case = file(replace(ERIKA, items=(FiledItem("transfer"),))).case

        assert case.regime == NEUTRAL
        assert assurance_needed(case.laws, "transfer") == Assurance.MATCHED

    def test_a_fee_is_asked_only_where_every_law_allows_it(self):
        provider(offers_service_in=["TW"], processes_in=["CN"])
        case = file(replace(ERIKA, residence="TW")).case

        assert case.regimes == ["TW", "CN"]
        assert "copy" in case.regime_of("TW").fee.chargeable
        assert "copy" not in chargeable_kinds(case)

    def test_a_contested_answer_has_the_time_that_the_law_gives_for_an_appeal(self):
        law = get_regime("US-VA")
        assert answering_clock_kinds(law, ["delete"], 0) == ("response",)
        assert answering_clock_kinds(law, ["delete"], 1) == ("appeal_response",)
        assert answering_clock_kinds(get_regime("EU"), ["delete"], 1) == ("response",)
