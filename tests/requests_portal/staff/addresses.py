"""Addresses of the staff's pages."""

from workflows.cases.models import Case

QUEUE = "/staff/cases/case/"


def case_url(case: Case) -> str:
    return f"{QUEUE}{case.pk}/change/"


def action_url(case: Case, slug: str) -> str:
    return f"{QUEUE}{case.pk}/do/{slug}/"
