"""A portal on the internet has a log that nobody takes for another's."""

import pytest
from django.core.checks import run_checks

pytestmark = pytest.mark.django_db


def found(*, deployment=True):
    checked = run_checks(include_deployment_checks=deployment)
    return [message for message in checked if message.id == "ledger.E001"]


@pytest.mark.parametrize(
    ("origin", "address", "refused"),
    [
        ("requests-portal.localhost/log", "https://portal.example.org", True),
        ("localhost", "https://portal.example.org", True),
        ("requests-portal.localhost/log", "http://127.0.0.1:8000", False),
        ("portal.example.org/log", "https://portal.example.org", False),
    ],
)
def test_the_name_of_the_default_is_refused_on_the_internet(settings, origin, address, refused):
    settings.LEDGER_ORIGIN, settings.PUBLIC_BASE_URL = origin, address
    assert bool(found()) == refused


def test_a_log_that_has_begun_under_it_still_runs(settings):
    settings.PUBLIC_BASE_URL = "https://portal.example.org"
    assert not found(deployment=False)
