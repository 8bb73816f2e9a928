"""The provider's profile: versioned, logged, tried out; and what it means for cases."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from tests.factories import ERIKA, OFFICER, WANG, file, provider
from workflows.cases.applicable_law import laws_for, profile_in_force
from workflows.cases.checks import check_profile
from workflows.cases.provider_profile import places_moved, questions, set_profile
from workflows.common.errors import InvalidInput
from workflows.ledger.models import Event
from workflows.regimes.applicability import NEUTRAL, UNKNOWN, ProviderProfile
from workflows.regimes.models import ProviderProfileVersion

pytestmark = pytest.mark.django_db

BERLIN = ProviderProfile(
    established_in=("DE",), offers_service_in=("DE", "CN"), main_establishment="DE-BE"
)


def set_by_counsel(profile, **changes):
    stated = {"office": "Legal department", "answered_on": timezone.localdate(), **changes}
    return set_profile(OFFICER, profile, **stated)


def test_each_version_is_kept_and_stands_in_the_log():
    set_by_counsel(UNKNOWN)
    version = set_by_counsel(replace(BERLIN, answers={"US-CA.threshold": "no"}))

    profile, number = profile_in_force()
    assert (profile.established_in, number) == (("DE",), version.pk)
    assert ProviderProfileVersion.objects.count() == 2
    event = Event.objects.filter(name="provider_profile.set").latest("pk")
    assert event.facts["established_in"] == ["DE"]
    assert event.facts["answers"] == ["US-CA.threshold=no"]
    assert "Legal department" not in str(event.facts)


@pytest.mark.parametrize(
    ("profile", "changes", "said"),
    [
        (ProviderProfile(established_in=("Germany",)), {}, "Germany"),
        (ProviderProfile(main_establishment="XX"), {}, "XX"),
        (ProviderProfile(answers={"XX.threshold": "yes"}), {}, "XX.threshold"),
        (BERLIN, {"answered_on": timezone.localdate() + timedelta(days=2)}, "still to come"),
    ],
)
def test_what_is_no_fact_is_refused_and_nothing_is_kept(profile, changes, said):
    with pytest.raises(InvalidInput, match=said):
        set_by_counsel(profile, **changes)
    assert not ProviderProfileVersion.objects.exists()


def test_a_change_is_tried_out_before():
    moved = {each.place: each for each in places_moved(UNKNOWN, BERLIN)}
    assert moved["CN"].before == ("CN",)
    assert moved["CN"].after == ("CN", "EU")
    assert moved["US-CA"].after == ("EU",)
    assert "DE" not in moved


def test_each_law_with_a_threshold_or_a_presumption_asks_counsel():
    codes = [question.code for question in questions()]
    assert {"US-CA.threshold", "AU.turnover", "CH.connection", "HK.connection"} <= set(codes)
    assert len(codes) == len(set(codes))


def test_nobody_goes_live_without_a_profile():
    assert [error.id for error in check_profile(databases=["default"])] == ["cases.E002"]
    set_by_counsel(UNKNOWN)
    assert check_profile(databases=["default"]) == []


class TestFiling:
    def test_a_case_keeps_why_its_laws_apply_and_by_which_version(self):
        version = provider(established_in=["DE"], offers_service_in=["DE", "CN"])
        case = file(WANG).case

        assert case.regimes == ["CN", "EU"]
        assert case.applicability["profile"] == version.pk
        assert [law["factors"] for law in case.applicability["laws"]] == [
            ["resident", "offered_in"],
            ["established_in"],
        ]

    def test_where_no_law_applies_no_law_and_no_authority_is_named(self):
        provider(established_in=["US-WA"], offers_service_in=["US"], processes_in=["US-WA"])
        case = file(ERIKA).case

        assert (case.regime, case.regimes) == (NEUTRAL, [NEUTRAL])
        assert case.lead_regime.authority_for(case.residence) is None
        assert case.due_on == timezone.localdate(timezone=UTC) + timedelta(days=30)

    def test_a_place_with_two_codes_is_one_place(self):
        provider(offers_service_in=["*"])
        assert file(replace(WANG, residence="CN-HK")).case.regimes == ["HK"]
        assert file(replace(ERIKA, residence="RE")).case.residence == "FR-974"

    def test_the_rules_of_the_day_of_receipt_hold(self):
        provider(offers_service_in=["*"], answers={"US-OK.threshold": "yes"})
        before = datetime(2026, 12, 31, 12, tzinfo=UTC)
        laws = laws_for("US-OK", ["delete"], before)
        assert laws.applicability.not_yet_in_force == (("US-OK", date(2027, 1, 1)),)
        after = laws_for("US-OK", ["delete"], before + timedelta(days=1))
        assert [law.code for law in after.regimes] == ["US-OK"]

    def test_people_elsewhere_are_answered_as_at_the_main_establishment(self):
        provider(established_in=["DE"], main_establishment="DE-BE")
        case = file(WANG).case
        assert case.regimes == ["EU"]
        law = case.regime_of("EU")
        assert law.place(case.residence).calendar == "DE-BE"
        assert "Berlin" in law.authority_for(case.residence).name.en


class TestReview:
    def test_open_cases_under_other_laws_are_listed_with_both_days(self):
        provider(offers_service_in=["*"])
        case, other = file(replace(WANG, residence="FR")).case, file(WANG).case
        provider(established_in=["DE"], offers_service_in=["CN"], answers={"EU.x": "no"})
        said = StringIO()

        with pytest.raises(SystemExit):
            call_command("applicability_review", stdout=said)
        assert f"{case.number} FR" not in said.getvalue()
        assert f"{other.number} CN: CN due" in said.getvalue()
        assert "-> CN, EU due" in said.getvalue()
        assert "1 open cases" in said.getvalue()
        other.refresh_from_db()
        assert other.regimes == ["CN"]

    def test_nothing_is_listed_where_all_is_as_it_would_be(self):
        provider(offers_service_in=["*"])
        file(WANG)
        said = StringIO()
        call_command("applicability_review", stdout=said)
        assert said.getvalue() == "0 open cases would be under other laws\n"
