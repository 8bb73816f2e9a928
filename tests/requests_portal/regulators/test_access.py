"""Who may open the regulators' pages."""

import uuid
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from requests_portal.regulators import urls
from tests.factories import make_case
from tests.personas import signed_in
from workflows.cases.lifecycle import State
from workflows.exports.files import bundle_path
from workflows.exports.models import BundleJob
from workflows.ledger.models import Event
from workflows.ledger.sequencer import drain_inbox
from workflows.oversight.access_log import ACCESS_EVENTS

PAGES = (
    "",
    "cases/",
    "cases/2026-AAAA-AAAA/",
    "statistics/",
    "statistics/months.csv",
    "statistics/yearly/",
    "statistics/yearly/2026/right.csv",
    "training/",
    "training/datasets.csv",
    "exports/",
    "exports/new/",
    f"exports/{uuid.UUID(int=1)}/",
    f"exports/{uuid.UUID(int=1)}/download/",
    "checkpoints/",
    "tokens/",
)


# What tells of the account, its exports and the log, and of no case.
OWN = {
    "exports",
    "new_export",
    "key",
    "export",
    "keep",
    "checkpoints",
    "witness_program",
    "tokens",
    "revoke_token",
}


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_is_asked_to_sign_in(page, db):
    response = Client().get(f"/en/regulators/{page}")
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/?next=/en/regulators/")


@pytest.mark.parametrize("page", PAGES)
def test_somebody_without_a_regulators_account_is_told_so(page, outsider, privacy_officer, sign_in):
    for user in (outsider, privacy_officer):
        response = sign_in(user).get(f"/en/regulators/{page}")
        assert response.status_code == 403
        assert "This area is for regulators." in response.content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_an_expired_account_is_told_so(page, lin, sign_in):
    lin.expires_at = timezone.now() - timedelta(seconds=1)
    lin.save()
    response = sign_in(lin.user).get(f"/en/regulators/{page}")
    assert response.status_code == 403
    assert "it has expired" in response.content.decode()


def test_an_account_that_expires_while_signed_in_is_shut_out_at_once(lin, china):
    assert china.get("/en/regulators/").status_code == 200
    lin.expires_at = timezone.now()
    lin.save()
    assert china.get("/en/regulators/").status_code == 403


def test_a_regulator_sees_the_overview_and_nothing_of_the_staff(lin, china):
    page = china.get("/en/regulators/").content.decode()
    assert lin.authority in page
    assert "You keep no checkpoint yet." in page
    assert china.get("/staff/").status_code in {302, 403}


@pytest.mark.parametrize(
    "page",
    [
        "",
        "cases/",
        "statistics/",
        "statistics/yearly/",
        "training/",
        "exports/",
        "exports/new/",
        "checkpoints/",
        "tokens/",
    ],
)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_opens_on_an_empty_log_in_both_languages(page, language, china):
    response = china.get(f"/{language}/regulators/{page}")
    assert response.status_code == 200
    assert f'<html lang="{language}"' in response.content.decode()
    assert "style=" not in response.content.decode()


def test_every_page_that_tells_of_cases_is_a_look_in_the_log(china, lin, settings, tmp_path):
    """Each address of the area is asked for, so that a new page cannot be forgotten."""
    settings.MEDIA_ROOT = tmp_path
    case = make_case(State.ANSWERED)
    drain_inbox()
    job = BundleJob.objects.create(
        regime="CN", requested_by=lin.user, language="en", state=BundleJob.State.READY
    )
    bundle_path(job).parent.mkdir()
    bundle_path(job).write_bytes(b"a file")
    values = {
        "number": case.number,
        "job_id": job.pk,
        "token_id": job.pk,
        "year": 2026,
        "step": 1,
        "kind": "entry",
    }
    seen = {}
    for pattern in urls.urlpatterns:
        code = "right" if pattern.name == "yearly_csv" else "months"
        arguments = {name: {**values, "code": code}[name] for name in pattern.pattern.converters}
        before = Event.objects.filter(name__in=ACCESS_EVENTS).count()
        status = china.get(reverse(f"regulators:{pattern.name}", kwargs=arguments)).status_code
        assert status == (405 if pattern.name in {"keep", "revoke_token"} else 200), pattern.name
        seen[pattern.name] = Event.objects.filter(name__in=ACCESS_EVENTS).count() - before
    assert seen == {name: int(name not in OWN) for name in seen}


@pytest.mark.parametrize("page", PAGES)
def test_without_a_second_factor_nothing_is_shown_where_one_is_required(page, china, lin, settings):
    settings.MFA_REQUIRED = True
    response = china.get(f"/en/regulators/{page}")
    assert (response.status_code, response["Location"]) == (302, "/accounts/2fa/")
    assert not Event.objects.filter(name__in=ACCESS_EVENTS).exists()
    TOTP.activate(lin.user, "A" * 32)
    with_factor = signed_in(lin.user, fresh=True, factor=True)
    assert with_factor.get(f"/en/regulators/{page}").status_code in {200, 404}
