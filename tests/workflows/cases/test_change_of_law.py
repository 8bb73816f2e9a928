"""An open case that was filed under other laws than those that apply to it gets these."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from requests_portal.presentation.deadlines import shown_clocks
from tests.exports import export
from tests.factories import ERIKA, INTAKE, OFFICER, WANG, file, provider
from workflows.accounts.actors import PUBLIC, SYSTEM
from workflows.cases.applicability_review import cases_under_other_laws
from workflows.cases.change_of_law import preview_change_of_law
from workflows.cases.clocks import differing_clocks, recompute, stop_acknowledgement
from workflows.cases.errors import MoveRefused
from workflows.cases.lifecycle import Action
from workflows.cases.models import Clock, Message
from workflows.cases.transition import advance, refusals
from workflows.ledger.keys import log_vkey
from workflows.ledger.selectors import events_of_case
from workflows.notices import moves
from workflows.regimes.deadlines.values import Deadline
from workflows.regimes.explain import explain

pytestmark = pytest.mark.django_db
WHY = "Our service is directed to Germany, so the law of the European Union applies."


@pytest.fixture
def filed_under_the_law_of_china():
    """Filed from Germany when the profile named China alone."""
    provider(established_in=["CN"], processes_in=["CN"])
    case = file(replace(ERIKA, residence="DE")).case
    assert case.regimes == ["CN"]
    provider(established_in=["DE"], offers_service_in=["*"], main_establishment="DE-BE")
    return case


def change(case, actor=OFFICER):
    return moves.change_law(case, actor, WHY)


class TestWhatBecomesOfTheCase:
    def test_the_laws_that_apply_are_those_of_the_case_and_the_letter_says_why(
        self, filed_under_the_law_of_china
    ):
        case = filed_under_the_law_of_china
        letter = change(case)

        assert [law.code for law in case.laws] == ["EU"]
        assert case.regime == "EU"
        assert case.applicability["laws"][0]["code"] == "EU"
        assert letter.kind == Message.Kind.NOTICE
        assert WHY in letter.body
        assert "European Union" in letter.body
        assert not list(cases_under_other_laws())

    def test_it_stands_in_the_log_with_the_receipt_under_the_new_law(
        self, filed_under_the_law_of_china
    ):
        case = filed_under_the_law_of_china
        change(case)

        steps = list(events_of_case(case.pseudonym))
        changed = next(step for step in steps if step.name == "law.changed")
        assert (changed.facts["laws_before"], changed.facts["laws"]) == (["CN"], ["EU"])
        assert changed.actor == OFFICER.pseudonym
        assert WHY not in str(changed.facts)
        received = [step for step in steps if step.name == "case.received"]
        assert [step.register for step in received] == ["CN", "EU"]
        assert received[1].facts["received_at"] == case.filed_at.isoformat()

    def test_the_register_of_the_former_law_keeps_the_case(self, filed_under_the_law_of_china):
        case = filed_under_the_law_of_china
        change(case)

        assert set(case.regimes) == {"CN", "EU"}
        assert case.regime_of("CN").code == "CN"
        assert case.applicable_regimes == ("EU",)

    def test_what_was_intended_under_the_former_law_is_decided_anew(
        self, filed_under_the_law_of_china
    ):
        case = filed_under_the_law_of_china
        case.items.update(outcome="refused", ground="not_held")
        change(case)

        assert set(case.items.values_list("outcome", "ground")) == {("", "")}

    def test_to_apply_both_laws_keeps_what_is_there(self):
        provider(offers_service_in=["CN"])
        case = file(WANG).case
        provider(established_in=["DE"], offers_service_in=["CN"], main_establishment="DE-BE")
        change(case)

        assert case.applicable_regimes == ("CN", "EU")
        assert case.former_regimes == []


@pytest.mark.parametrize("register", ["CN", "EU", ""])
def test_the_exports_of_both_registers_verify(filed_under_the_law_of_china, register, verify):
    case = filed_under_the_law_of_china
    change(case)

    code, said = verify(export(register), vkey=log_vkey())
    assert code == 0, said


class TestTime:
    def test_no_day_that_was_told_becomes_a_later_one(self, filed_under_the_law_of_china):
        case = filed_under_the_law_of_china
        told = case.due_at
        planned = preview_change_of_law(case)
        change(case)

        clock = case.clocks.get(regime="EU", kind="response")
        assert told - timedelta(days=1) <= case.due_at <= told
        assert (case.due_at, case.due_on) == (clock.due_at, clock.due_on)
        assert planned.due_after == case.due_on
        assert not differing_clocks(case)
        said = " ".join(explain(Deadline.from_dict(clock.deadline)))
        assert "Before this law was found to apply, another time was told" in said
        [shown] = shown_clocks(case)
        assert shown.basis == "told"

    def test_a_law_that_ends_earlier_ends_earlier(self):
        provider(established_in=["DE"], main_establishment="DE-BE")
        case = file(WANG).case
        assert case.regimes == ["EU"]
        told = case.due_at
        provider(offers_service_in=["CN"])
        change(case)

        assert case.regime == "CN"
        assert case.due_at < told
        assert "+" not in case.regime_of("CN").version

    def test_the_clocks_of_the_former_law_end(self, filed_under_the_law_of_china):
        case = filed_under_the_law_of_china
        change(case)

        states = set(case.clocks.filter(regime="CN").values_list("state", flat=True))
        assert states == {Clock.State.STOPPED}

    def test_after_an_extension_the_extended_day_is_the_one_that_was_told(
        self, filed_under_the_law_of_china
    ):
        case = filed_under_the_law_of_china
        advance(case, Action.CONFIRM_CONTACT, PUBLIC)
        case.clock_events.create(name="extension_told", at=timezone.now() - timedelta(days=1))
        recompute(case)
        told = case.due_at
        change(case)

        assert told - timedelta(days=1) <= case.due_at <= told

    def test_who_was_acknowledged_is_not_owed_it_again(self):
        provider(established_in=["CN"], processes_in=["CN"])
        case = file(replace(WANG, residence="US-CA")).case
        acknowledged = advance(case, Action.ACKNOWLEDGE, SYSTEM)
        stop_acknowledgement(case, acknowledged.at)
        provider(offers_service_in=["*"], answers={"US-CA.threshold": "yes"})
        change(case)

        assert case.regime == "US-CA"
        clock = case.clocks.get(regime="US-CA", kind=case.lead_regime.acknowledge)
        assert (clock.state, clock.stopped_at) == (Clock.State.MET, acknowledged.at)


class TestWhoAndWhen:
    def test_only_a_privacy_officer_does_it(self, filed_under_the_law_of_china):
        with pytest.raises(MoveRefused):
            change(filed_under_the_law_of_china, INTAKE)
        assert not Message.objects.exists()

    def test_not_where_the_laws_are_those_that_apply(self):
        provider(offers_service_in=["CN"])
        case = file(WANG).case
        assert refusals(case, OFFICER)[Action.CHANGE_LAW] == "laws_apply"
        with pytest.raises(MoveRefused):
            change(case)

    def test_not_once_a_decision_is_proposed(self, filed_under_the_law_of_china):
        case = filed_under_the_law_of_china
        type(case).objects.filter(pk=case.pk).update(state="decision_proposed")
        case.refresh_from_db()
        assert refusals(case, OFFICER)[Action.CHANGE_LAW] == "wrong_state"
