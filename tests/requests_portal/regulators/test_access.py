"""Who may open the regulators' pages."""

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

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
)


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
    ],
)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_opens_on_an_empty_log_in_both_languages(page, language, china):
    response = china.get(f"/{language}/regulators/{page}")
    assert response.status_code == 200
    assert f'<html lang="{language}"' in response.content.decode()
    assert "style=" not in response.content.decode()
