"""A regulator of one regime, and an export of a small log with something of everything in it."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from tests.personas import PASSWORD

if TYPE_CHECKING:
    from workflows.reports.models import RegulatorAccount

VERIFIER = Path(__file__).parents[3] / "workflows" / "reports" / "verifier" / "verify.py"


def make_regulator(username: str, regime: str, **changes: object) -> "RegulatorAccount":
    """Make a regulator's account that lives for a month."""
    from django.contrib.auth.models import Group, User

    from workflows.reports.models import RegulatorAccount

    user = User.objects.create_user(username, password=PASSWORD)
    user.groups.add(Group.objects.get(name="regulator"))
    values = {"authority": f"Authority of {regime}", "expires_at": timezone.now() + timedelta(30)}
    return RegulatorAccount.objects.create(user=user, regime=regime, **{**values, **changes})


@pytest.fixture
def regulator(db: None) -> "RegulatorAccount":
    """Lin supervises under the law of China."""
    return make_regulator("lin", "CN")


@pytest.fixture
def other_regulator(db: None) -> "RegulatorAccount":
    """Greta supervises under the law of the European Union."""
    return make_regulator("greta", "EU")


def verify(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the stand-alone verifier as a stranger would: no site packages, no environment."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(VERIFIER), str(path), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={},
    )
