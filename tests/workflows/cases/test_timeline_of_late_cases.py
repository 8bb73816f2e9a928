"""What the person reads when a time limit passes: which one it was."""

from datetime import timedelta

import pytest
from django.utils import timezone, translation

from tests.factories import ERIKA, file
from workflows.cases.timeline import public_timeline
from workflows.routing.effects import sweep_clocks

pytestmark = pytest.mark.django_db


def sentences(case) -> list[str]:
    with translation.override("en"):
        return [entry.sentence for entry in public_timeline(case)]


def test_a_late_acknowledgement_is_not_called_a_late_answer():
    case = file(ERIKA, at=timezone.now() - timedelta(days=20), residence="US-CA").case

    sweep_clocks()

    assert "Receipt was not acknowledged in time." in sentences(case)
    assert "The time was over before we answered." not in sentences(case)


def test_a_late_answer_is():
    case = file(ERIKA, at=timezone.now() - timedelta(days=60)).case

    sweep_clocks()
    sweep_clocks()

    assert "The time was over before we answered." in sentences(case)
