"""Abuse case 22: no way leads past the second factor: not the API, a reset, or a code used twice.

`test_totp_reuse.py`, `test_second_factor_step_up.py` and `test_password_reset_lockout.py` hold the
ways through the factor itself.
"""

import pytest

from tests.personas import signed_in
from tests.requests_portal.staff.addresses import QUEUE

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def factor_required(settings) -> None:
    """As in production."""
    settings.MFA_REQUIRED = True


@pytest.mark.parametrize("path", ["/staff/", QUEUE, "/staff/auth/user/"])
def test_a_password_alone_opens_no_page(path, intake):
    answer = signed_in(intake).get(path)

    assert answer.status_code == 302
    assert "/accounts/2fa/" in answer["Location"]


@pytest.mark.parametrize(
    "path", ["/api/v1/regulator/cases/", "/api/v1/manifests/", "/api/v1/datasets/"]
)
def test_the_api_takes_no_session_of_the_pages(path, intake):
    assert signed_in(intake).get(path).status_code in {302, 401, 403}
