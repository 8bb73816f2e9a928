"""Clauses: what a notice says of the provider is sent only as counsel attests it."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.utils import timezone

from tests.factories import INTAKE, OFFICER, WANG, make_case
from workflows.cases.lifecycle import State
from workflows.common.errors import InvalidInput, Refused
from workflows.ledger.models import Event
from workflows.notices import clauses as notice_clauses
from workflows.notices import moves
from workflows.notices.answers import preview
from workflows.notices.clauses import (
    CLAUSES,
    attest,
    clause_named,
    open_clauses,
    shipped_words,
    withdraw,
)
from workflows.notices.document import to_text
from workflows.notices.errors import ElementMissing
from workflows.notices.models import ClauseAttestation
from workflows.notices.texts import TextSlot, bundled_texts
from workflows.regimes.services import get_regime

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


def ask_identity(language: str = "en"):
    case = make_case(State.TRIAGE, WANG, language=language)
    return moves.ask_identity(case, INTAKE, "The address is another one.")


class TestAttesting:
    def test_it_is_kept_with_version_office_day_and_person_and_logged(self):
        withdraw("identity_use", OFFICER)
        row = attest("identity_use", OFFICER, "Legal department", TODAY())

        assert (row.office, row.attested_by) == ("Legal department", OFFICER.pseudonym)
        assert row.version == clause_named("identity_use").version
        event = Event.objects.filter(name="clause.attested").latest("id")
        assert event.facts == {
            "clause": "identity_use",
            "sha256": row.version,
            "on": TODAY().isoformat(),
        }

    def test_only_privacy_officers_do(self):
        with pytest.raises(Refused):
            attest("identity_use", INTAKE, "Legal", TODAY())

    @pytest.mark.parametrize(("office", "days"), [(" ", 0), ("Legal", 1)])
    def test_it_names_an_office_and_a_day_that_has_come(self, office, days):
        with pytest.raises(InvalidInput):
            attest("identity_use", OFFICER, office, TODAY() + timedelta(days=days))

    def test_the_words_that_were_read_must_be_those_attested(self):
        with pytest.raises(InvalidInput, match="changed meanwhile"):
            attest("identity_use", OFFICER, "Legal", TODAY(), version="0" * 64)

    def test_a_clause_without_words_in_a_language_cannot_be(self):
        with pytest.raises(InvalidInput, match="in every language"):
            attest("identity_use", OFFICER, "Legal", TODAY(), words={"en": " "})

    def test_the_providers_own_words_are_attested_with_it_and_sent(self):
        own = {"en": "We keep it for a week, then it is shredded."}
        attest("identity_use", OFFICER, "Legal", TODAY(), words=own)

        assert own["en"] in ask_identity().body
        assert shipped_words("zh-hans")["identity_use"] in ask_identity("zh-hans").body


class TestSending:
    def test_what_is_attested_is_sent(self):
        assert not open_clauses()
        assert shipped_words("en")["identity_use"] in ask_identity().body

    def test_what_is_not_is_missing_and_the_notice_says_where_to_go(self):
        ClauseAttestation.objects.all().delete()

        with pytest.raises(ElementMissing) as refused:
            ask_identity()

        assert refused.value.elements == ("identity_use",)
        assert "Counsel has to attest the clause “What proof of identity is used for”" in str(
            refused.value
        )

    def test_what_was_withdrawn_is_not_sent(self):
        withdraw("identity_use", OFFICER)

        with pytest.raises(ElementMissing):
            ask_identity()
        assert [clause.code for clause in open_clauses()] == ["identity_use"]

    def test_words_that_changed_since_are_not_sent(self, monkeypatch):
        shipped = {**shipped_words("zh-hans"), "identity_use": "别的话。"}
        known = notice_clauses.shipped_words
        monkeypatch.setattr(
            notice_clauses,
            "shipped_words",
            lambda language: shipped if language == "zh-hans" else known(language),
        )

        assert clause_named("identity_use").has_changed
        with pytest.raises(ElementMissing):
            ask_identity()

    def test_a_preview_shows_clauses_that_nobody_has_attested(self):
        ClauseAttestation.objects.all().delete()
        place = TextSlot("", "identity_request", "en")

        composed = preview(place, bundled_texts()["", "identity_request", "en"], get_regime("EU"))

        assert shipped_words("en")["identity_use"] in to_text(composed.document)


class TestGoingLive:
    @staticmethod
    def listed() -> tuple[str, int]:
        out = StringIO()
        try:
            call_command("attestations", stdout=out)
        except SystemExit as ended:
            return out.getvalue(), int(ended.code or 0)
        return out.getvalue(), 0

    def test_the_command_lists_all_and_fails_while_one_is_open(self):
        text, code = self.listed()
        assert code == 0
        assert all(name in text for name in CLAUSES)

        withdraw("record_use", OFFICER)
        text, code = self.listed()
        assert code == 1
        assert "record_use: open, withdrawn on" in text
        assert "5 attested, 1 open" in text

    def test_the_check_of_a_deployment_fails_while_one_is_open(self):
        def found() -> list[str]:
            messages = run_checks(
                tags=["attestations"], include_deployment_checks=True, databases=["default"]
            )
            return [message.id for message in messages]

        assert found() == []
        withdraw("record_use", OFFICER)
        assert found() == ["notices.E007"]
