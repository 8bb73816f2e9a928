"""The index key is changed while the portal runs: whatever opened or was found before still does."""

import base64
import re
import secrets
import time
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.cache import cache
from django.core.management import CommandError
from django.test import Client
from django.utils import timezone
from freezegun import freeze_time

from requests_portal.sign_in.password_reset import accounts_of, hashed_address
from requests_portal.staff.queue.search import find_cases, related_cases
from tests.abuse.test_filing_flood import solved
from tests.factories import ERIKA, OFFICER, OTHER_OFFICER, STEWARD, WANG, file, make_case
from tests.index_keys import (
    CURRENT,
    FORMER,
    MOMENTS,
    change_key,
    change_until,
    drop_former,
    rotate,
    use_former,
)
from tests.personas import PASSWORD, make_regulator, make_staff
from tests.tokens import pipeline_token, regulator_token
from workflows.accounts.errors import InvalidInvitation
from workflows.accounts.invitations import accept, invite, open_link
from workflows.accounts.models import PipelineToken
from workflows.accounts.pipelines import NoPipelineAccess, pipeline_for_token, register_pipeline
from workflows.accounts.regulators import NoRegulatorAccess, account_for_token
from workflows.cases.access import LIMIT_PER_NUMBER, Throttled, find_by_receipt, reserve
from workflows.cases.admission import ProofRefused, new_challenge, spend_proof
from workflows.cases.drafts import create_draft, file_draft, filed_draft, find_draft, purge_drafts
from workflows.cases.errors import AttemptReused, TooManyAttempts, UnknownReceipt
from workflows.cases.filing import EMAIL_INDEX, file_request
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.identity.contact import InvalidChallenge, confirm_contact, open_challenge
from workflows.mail.models import MailTally
from workflows.mail.outbound import take_mail_quota
from workflows.retention.erasure import erase, request_erasure
from workflows.vault import blind_index, rotation
from workflows.vault.models import BlindIndexEntry, IndexKeyRotation
from workflows.vocabulary.people import Channel

pytestmark = pytest.mark.django_db
SECRET = "A" * 32


@pytest.fixture(autouse=True)
def former_key(settings) -> None:
    settings.LANGUAGE_CODE = "en"
    use_former(settings)


@pytest.fixture
def pipeline() -> PipelineToken:
    made = PipelineToken(
        name="Cleaner", scopes=["datasets:read"], expires_at=timezone.now() + timedelta(days=90)
    )
    register_pipeline(made, STEWARD)
    return made


def told_of(lines: list[str], what: str) -> str:
    """Return what the command says about one thing; nothing where it does not name it."""
    found = [line.partition(f": {what}: ")[2] for line in lines if f": {what}: " in line]
    return found[0] if found else ""


@pytest.mark.parametrize("moment", MOMENTS)
class TestWhatWasGivenOut:
    def test_a_receipt_opens_its_case(self, settings, moment):
        filed = file()
        change_until(settings, moment)
        assert find_by_receipt(filed.case.number, filed.receipt) == filed.case
        with pytest.raises(UnknownReceipt):
            find_by_receipt(filed.case.number, file().receipt)

    def test_wrong_receipts_that_were_tried_still_count(self, settings, moment):
        number, now = file().case.number, timezone.now()
        for _turn in range(LIMIT_PER_NUMBER.burst):
            with pytest.raises(UnknownReceipt):
                find_by_receipt(number, "wrong", now)
        change_until(settings, moment)
        with pytest.raises(TooManyAttempts):
            find_by_receipt(number, "wrong", now)

    @pytest.mark.parametrize("channel", [Channel.API, Channel.STAFF])
    def test_an_attempt_that_is_repeated_makes_no_second_case(self, settings, moment, channel):
        key = secrets.token_urlsafe(32)
        first = file_request(WANG, attempt=key, channel=channel)
        change_until(settings, moment)
        again = file_request(WANG, attempt=key, channel=channel)
        assert (again.case, again.receipt, again.repeated) == (first.case, first.receipt, True)
        with pytest.raises(AttemptReused):
            file_request(ERIKA, attempt=key, channel=channel)
        assert Case.objects.count() == 1

    def test_a_draft_is_found_filed_and_shown_again(self, settings, moment):
        (draft, token), (filed, filed_token) = create_draft(), create_draft()
        receipt = file_draft(filed, filed_token, WANG).receipt
        change_until(settings, moment)
        assert find_draft(token) == draft
        shown = filed_draft(find_draft(filed_token), filed_token)
        assert shown is not None
        assert shown.receipt == receipt
        made = file_draft(draft, token, ERIKA)
        assert find_by_receipt(made.case.number, made.receipt) == made.case

    def test_a_link_confirms_the_contact(self, settings, moment):
        case = make_case()
        token = open_challenge(case, uuid4())
        change_until(settings, moment)
        assert confirm_contact(token) == case

    def test_an_invitation_sets_a_password(self, settings, moment):
        account = make_staff("nora", "intake")
        account.set_unusable_password()
        account.is_active = False
        account.save()
        token = open_link(invite(account, "invite"), uuid4())
        change_until(settings, moment)
        assert accept(token, PASSWORD) == account

    def test_tokens_of_pipelines_and_regulators_open(self, settings, moment, pipeline):
        account = make_regulator("lin", "CN")
        of_regulator, of_pipeline = regulator_token(account), pipeline_token(pipeline, STEWARD)
        change_until(settings, moment)
        assert account_for_token(of_regulator) == account
        assert pipeline_for_token(of_pipeline) == pipeline

    def test_a_reset_that_waits_finds_its_account(self, settings, moment):
        account = make_staff("ines", "intake")
        account.email = "ines@example.org"
        account.save()
        address = hashed_address("ines@example.org")
        change_until(settings, moment)
        assert accounts_of(address) == [account]
        assert accounts_of(hashed_address("ines@example.org")) == [account]

    def test_the_mails_of_the_day_are_counted_on(self, settings, moment):
        settings.MAILS_PER_ADDRESS_PER_DAY = 2
        assert take_mail_quota("a@example.org", confirmed=True)
        change_until(settings, moment)
        assert take_mail_quota("a@example.org", confirmed=True)
        assert not take_mail_quota("a@example.org", confirmed=True)
        assert MailTally.objects.count() == 1

    def test_what_the_cache_held_is_held(self, settings, moment):
        cache.set("tries", [1.5], 60)
        cache.set("forgotten", 1, 60)
        change_until(settings, moment)
        assert cache.get_many(["tries", "other"]) == {"tries": [1.5]}
        assert not cache.add("tries", [], 60)
        assert cache.delete("forgotten")
        assert cache.add("forgotten", 2, 60)
        assert cache.get("forgotten") == 2

    def test_a_proof_of_work_that_was_asked_for_counts_once(self, settings, moment):
        spent, other = (solved(new_challenge("a", 4)) for _turn in range(2))
        spend_proof(spent, "a")
        change_until(settings, moment)
        with pytest.raises(ProofRefused):
            spend_proof(other, "b")
        spend_proof(other, "a")
        for proof in (spent, other):
            with pytest.raises(ProofRefused):
                spend_proof(proof, "a")

    def test_what_was_taken_of_a_pace_stays_taken(self, settings, moment):
        now, minute = timezone.now(), timedelta(minutes=1)
        reserve("line", minute, most=minute * 2, now=now)
        change_until(settings, moment)
        assert reserve("line", minute, most=minute * 2, now=now) == now + minute
        with pytest.raises(Throttled):
            reserve("line", minute, most=minute * 2, now=now)


@pytest.mark.parametrize("moment", MOMENTS)
class TestWhoAsks:
    def test_cases_of_one_address_are_found_together(self, settings, moment):
        before, stranger = make_case(), make_case(request=ERIKA)
        change_until(settings, moment)
        after = make_case()
        assert set(find_cases("Xiaoming.Wang@example.cn ")) == {before, after}
        assert related_cases(after) == [before]
        assert related_cases(before) == [after]
        assert related_cases(stranger) == []

    def test_an_authenticator_app_lets_in_and_each_code_once(self, settings, moment):
        settings.MFA_REQUIRED = True
        TOTP.activate(make_staff("ines", "intake"), SECRET)
        with freeze_time(timezone.now()):
            code = format_hotp_value(hotp_value(SECRET, int(time.time()) // 30))
            assert signs_in(code)
            change_until(settings, moment)
            assert not signs_in(code)
        with freeze_time(timezone.now() + timedelta(minutes=5)):
            assert signs_in(format_hotp_value(hotp_value(SECRET, int(time.time()) // 30)))

    def test_recovery_codes_that_were_printed_still_let_in(self, settings, moment):
        settings.MFA_REQUIRED = True
        account = make_staff("ines", "intake")
        TOTP.activate(account, SECRET)
        codes = RecoveryCodes.activate(account).generate_codes()
        change_until(settings, moment)
        assert signs_in(codes[0])
        assert not signs_in(codes[0])


def signs_in(code: str) -> bool:
    client = Client()
    client.post("/accounts/login/", {"login": "ines", "password": PASSWORD})
    client.post("/accounts/2fa/authenticate/", {"code": code})
    return client.get("/staff/").status_code == 200


class TestAfterTheFormerKeyHasLeft:
    def test_what_was_made_anew_goes_on(self, settings):
        settings.MFA_REQUIRED = True
        account = make_staff("ines", "intake")
        TOTP.activate(account, SECRET)
        codes = RecoveryCodes.activate(account).generate_codes()
        migrated = Authenticator.objects.get(type="recovery_codes")
        before, other = make_case(), make_case()
        change_key(settings)
        rotate()
        drop_former(settings)

        assert set(find_cases("xiaoming.wang@example.cn")) == {before, other}
        assert related_cases(other) == [before]
        assert signs_in(format_hotp_value(hotp_value(SECRET, int(time.time()) // 30)))
        assert signs_in(codes[3])
        migrated.refresh_from_db()
        assert migrated.data["used_mask"] == 1 << 3
        said = rotate()
        assert told_of(said, "receipts") == "2, until their cases are erased"
        assert said[-1].startswith("INDEX_OLD_KEYS is empty: what lines above name is not")

    def test_what_was_given_out_before_opens_nothing_any_more(self, settings, pipeline):
        filed, (_draft, token) = file(), create_draft()
        link = open_challenge(filed.case, uuid4())
        of_regulator = regulator_token(make_regulator("lin", "CN"))
        of_pipeline = pipeline_token(pipeline, STEWARD)
        invited = make_staff("nora", "intake")
        invitation = open_link(invite(invited, "reset"), uuid4())
        change_key(settings)
        rotate()
        drop_former(settings)

        for refused, call in (
            (UnknownReceipt, lambda: find_by_receipt(filed.case.number, filed.receipt)),
            (InvalidChallenge, lambda: confirm_contact(link)),
            (NoRegulatorAccess, lambda: account_for_token(of_regulator)),
            (NoPipelineAccess, lambda: pipeline_for_token(of_pipeline)),
            (InvalidInvitation, lambda: accept(invitation, PASSWORD)),
        ):
            with pytest.raises(refused):
                call()
        assert find_draft(token) is None

    def test_second_factors_that_were_not_encrypted_anew_are_counted(self, settings, capsys):
        TOTP.activate(make_staff("ines", "intake"), SECRET)
        Authenticator.objects.create(
            user=make_staff("ravi", "reviewer"), type="webauthn", data={"credential": {}}
        )
        settings.INDEX_KEY = CURRENT
        with pytest.raises(CommandError, match="INDEX_OLD_KEYS is empty"):
            rotate()
        with pytest.raises(CommandError, match="that no key opens: 1"):
            rotate(former_key_lost=True)
        change_key(settings)
        rotate()

    def test_the_addresses_are_found_even_if_the_former_key_is_lost(self, settings):
        case = make_case()
        settings.INDEX_KEY = CURRENT
        assert find_cases("xiaoming.wang@example.cn") == []
        rotate(former_key_lost=True)
        assert find_cases("xiaoming.wang@example.cn") == [case]
        assert BlindIndexEntry.objects.count() == 1


class TestTheCommand:
    def test_it_says_what_needs_the_former_key_and_until_when(self, settings, pipeline):
        case = make_case()
        open_challenge(case, uuid4())
        create_draft()
        pipeline_token(pipeline, STEWARD)
        regulator_token(make_regulator("lin", "CN"))
        now = timezone.now()
        change_key(settings)
        said = rotate()
        in_a_week = (now + timedelta(days=7)).date()
        assert told_of(said, "receipts") == "1, until their cases are erased"
        assert told_of(said, "attempts to file") == f"1, until {in_a_week}"
        assert told_of(said, "links that confirm a contact") == f"1, until {in_a_week}"
        assert told_of(said, "drafts") == f"1, until {(now + timedelta(days=30)).date()}"
        until = PipelineToken.objects.get().expires_at.date()
        assert told_of(said, "tokens of pipelines") == f"1, until {until}"
        assert told_of(said, "tokens of regulators").startswith("1, until ")
        assert said[-1] == "keep the former keys in INDEX_OLD_KEYS while lines above have no date"

    def test_it_names_the_day_when_all_that_is_left_has_one(self, settings):
        create_draft()
        change_key(settings)
        day = (timezone.now() + timedelta(days=30)).date()
        assert rotate()[-1] == f"former keys may leave INDEX_OLD_KEYS after {day}"
        purge_drafts(timezone.now() + timedelta(days=31))
        with freeze_time(timezone.now() + timedelta(days=3)):
            assert rotate()[-1] == "nothing needs a former key: they may leave INDEX_OLD_KEYS"

    def test_what_is_given_out_anew_needs_it_no_more(self, settings, pipeline):
        pipeline_token(pipeline, STEWARD)
        change_key(settings)
        assert told_of(rotate(), "tokens of pipelines").startswith("1, ")
        pipeline_token(pipeline, STEWARD)
        make_case()
        said = rotate()
        assert told_of(said, "tokens of pipelines") == ""
        assert told_of(said, "receipts") == ""

    def test_an_erased_case_needs_it_no_more(self, settings):
        case = make_case(State.CLOSED)
        request_erasure(case, OFFICER, "retention_over")
        erase(case, OTHER_OFFICER)
        change_key(settings)
        assert told_of(rotate(), "receipts") == ""

    def test_it_prints_no_key(self, settings, capsys):
        make_case()
        change_key(settings)
        said = "\n".join(rotate()) + capsys.readouterr().out
        for key in (CURRENT, FORMER):
            assert key not in said
            assert base64.b64decode(key).hex() not in said

    def test_stopped_half_way_it_goes_on_where_it_was(self, settings, monkeypatch):
        cases = [make_case() for _turn in range(5)]
        change_key(settings)
        step = replace(rotation_step("addresses of cases"), batch=2)
        looked_at: list[Case] = []

        def renew(case: Case) -> int:
            looked_at.append(case)
            if len(looked_at) == 4:
                raise KeyboardInterrupt
            return step.renew(case)

        failing = replace(step, renew=renew)
        with pytest.raises(KeyboardInterrupt):
            list(rotation.rotate([failing]))
        assert IndexKeyRotation.objects.get().finished_at is None
        done = [batch.rows for batch in rotation.rotate([failing])]
        assert done == [2, 1]
        assert len(looked_at) == 4 + 3
        assert {case.pk for case in looked_at} == {case.pk for case in cases}
        drop_former(settings)
        assert len(blind_index.find(EMAIL_INDEX, "xiaoming.wang@example.cn")) == 5
        state = IndexKeyRotation.objects.get()
        assert (state.reached, state.finished_at is None) == ({}, False)

    def test_run_again_it_changes_nothing(self, settings):
        TOTP.activate(make_staff("ines", "intake"), SECRET)
        make_case()
        change_key(settings)
        rotate()
        before = [
            list(model.objects.order_by("pk").values())
            for model in (BlindIndexEntry, Authenticator)
        ]
        again = rotate()
        after = [
            list(model.objects.order_by("pk").values())
            for model in (BlindIndexEntry, Authenticator)
        ]
        assert after == before
        assert [line for line in again if re.search(r" [1-9]\d* anew$", line)] == []


def rotation_step(name: str) -> rotation.RotationStep:
    from requests_portal.index_rotation import STEPS

    return next(step for step in STEPS if step.name == name)
