"""Abuse case 3: no answer tells by its time whether a number or a receipt is known."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories
from workflows.cases import access
from workflows.cases.errors import UnknownReceipt

pytestmark = pytest.mark.django_db


def work(number: str, receipt: str, monkeypatch) -> tuple[int, int]:
    """Return how many statements and how many comparisons a wrong try costs."""
    compared = []
    usual = access.receipt_matches
    with monkeypatch.context() as patch, CaptureQueriesContext(connection) as captured:
        patch.setattr(access, "receipt_matches", lambda *args: compared.append(1) or usual(*args))
        with pytest.raises(UnknownReceipt):
            access.find_by_receipt(number, receipt)
    return len(captured), len(compared)


def test_a_wrong_number_and_a_wrong_receipt_cost_the_same_work(monkeypatch):
    filed, wrong = factories.file(), factories.file().receipt
    work("2026-YYYY-YYYY", wrong, monkeypatch)  # the row of all numbers together is there now

    known = work(filed.case.number, wrong, monkeypatch)
    unknown = work("2026-ZZZZ-ZZZZ", wrong, monkeypatch)

    assert known == unknown
    assert known[1] == 1
