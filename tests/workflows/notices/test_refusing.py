"""Refusing a whole request: told in a notice that says what the law prescribes, or not at all."""

from decimal import Decimal

import pytest

from tests.factories import APPROVER, INTAKE, OTHER_REVIEWER, REVIEWER, fee_overdue, make_case
from tests.laws import CODES_IN_FORCE, LAWS_IN_FORCE
from tests.workflows.notices.invented import case_under
from workflows.accounts.actors import PUBLIC
from workflows.cases import staff_actions
from workflows.cases.lifecycle import Action, State
from workflows.cases.models import Case, Message
from workflows.cases.transition import advance, refusals
from workflows.common.errors import InvalidInput
from workflows.ledger.models import Event
from workflows.notices import moves
from workflows.notices.errors import ElementMissing
from workflows.notices.models import Notice
from workflows.notices.texts import bundled_texts, elements_prescribed
from workflows.regimes.services import get_regime

pytestmark = pytest.mark.django_db

REASONS = "Filed a thousand times within an hour by a script."
# Laws which ask of every refusal that it names its provision, and have none for an abuse.
WITHOUT_PROVISION = [
    regime.code
    for regime in LAWS_IN_FORCE
    if "provision" in elements_prescribed(regime, "refusal") and not regime.abuse_grounds(["copy"])
]
CODES = [code for code in CODES_IN_FORCE if code not in WITHOUT_PROVISION]


def reported(case: Case) -> Case:
    staff_actions.report_abuse(case, INTAKE, "The same text a thousand times.")
    return case


def rejected(case: Case) -> Message:
    grounds = case.lead_regime.abuse_grounds(case.kinds)
    ground = grounds[0].code if grounds else ""
    return moves.reject_as_abuse(reported(case), APPROVER, REASONS, ground)


class TestAbuse:
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    @pytest.mark.parametrize("code", CODES)
    def test_the_refusal_says_what_the_law_prescribes(self, code, language, settings):
        case = case_under(code, language, settings, "copy", "delete")

        message = rejected(case)

        notice = Notice.objects.get(case=case, kind="refusal")
        assert set(notice.elements) >= set(elements_prescribed(get_regime(code), "refusal"))
        assert case.state == State.REJECTED_AS_ABUSE
        assert notice.files.count() == 3
        assert REASONS in message.body
        authority = get_regime(code).authority_for(case.residence)
        assert authority.name.in_language(language) in message.body

    @pytest.mark.parametrize("code", WITHOUT_PROVISION)
    def test_without_a_provision_none_is_invented(self, code, settings):
        with pytest.raises(ElementMissing, match="the provision relied on"):
            rejected(case_under(code, "en", settings, "copy"))

    def test_it_names_each_point_and_the_ground_with_its_citation(self, settings):
        case = case_under("EU", "en", settings, "copy", "delete")

        body = rejected(case).body

        assert body.count("Outcome: Refused") == 2
        assert (
            body.count("Ground: The request is excessive, in particular because it is repeated.")
            == 2
        )
        assert "art. 12(5)" in body

    def test_it_tells_the_way_that_is_open_to_who_does_not_agree(self, settings):
        case = case_under("EU", "en", settings)

        body = rejected(case).body

        # There is no answer that could be contested; a complaint can be made in any state.
        assert refusals(case, PUBLIC)["contest"]
        assert "contest" not in body
        assert "You can complain about this in your case" in body

    @pytest.mark.parametrize("ground", ["", "rights_of_others", "x"])
    def test_a_ground_of_the_law_for_it_is_needed_where_there_is_one(self, ground, settings):
        case = reported(case_under("EU", "en", settings))

        with pytest.raises(InvalidInput, match="ground"):
            moves.reject_as_abuse(case, APPROVER, REASONS, ground)
        assert not Notice.objects.exists()

    def test_a_law_without_such_a_ground_takes_none(self, settings):
        case = reported(case_under("JP", "en", settings))

        with pytest.raises(InvalidInput, match="ground"):
            moves.reject_as_abuse(case, APPROVER, REASONS, "other_law")
        body = moves.reject_as_abuse(case, APPROVER, REASONS).body
        assert "Ground:" not in body

    def test_the_log_knows_the_ground_and_not_the_reasons(self):
        rejected(make_case(State.TRIAGE))

        event = Event.objects.get(name="case.rejected_as_abuse")
        assert event.facts["ground"] == "bad_faith"
        assert REASONS.encode() not in bytes(event.leaf)

    def test_reasons_are_needed(self):
        case = reported(make_case(State.TRIAGE))

        with pytest.raises(InvalidInput):
            moves.reject_as_abuse(case, APPROVER, " ", "bad_faith")

    def test_a_refusal_that_lacks_an_element_leaves_the_case_as_it_was(self, monkeypatch, settings):
        case = reported(case_under("EU", "en", settings))
        body = "# What we refuse\n\n[[reasons]]\n{reasons}\n"
        monkeypatch.setitem(bundled_texts(), ("", "refusal", "en"), body)

        with pytest.raises(ElementMissing, match="the way to court"):
            moves.reject_as_abuse(case, APPROVER, REASONS, "excessive")
        case.refresh_from_db()
        assert case.state == State.FILED
        assert not Notice.objects.exists()


class TestUnpaid:
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    @pytest.mark.parametrize("code", [r.code for r in LAWS_IN_FORCE if r.fee.chargeable])
    def test_the_refusal_says_what_the_law_prescribes_and_names_the_rule(
        self, code, language, settings
    ):
        regime = get_regime(code)
        kind = "copy" if "copy" in regime.fee.chargeable else "transfer"
        case = case_under(code, language, settings, kind)
        advance(case, Action.BEGIN_TRIAGE, INTAKE)
        moves.ask_fee(case, REVIEWER, Decimal(20), regime.fee.currency, "It costs as much.")

        message = moves.end_unpaid(fee_overdue(case), OTHER_REVIEWER, REASONS)

        notice = Notice.objects.get(case=case, kind="refusal")
        assert set(notice.elements) >= set(elements_prescribed(regime, "refusal"))
        assert regime.fee.text.in_language(language) in message.body
        assert notice.files.count() == 3
