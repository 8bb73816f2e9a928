"""Addresses of the staff's pages, and what a browser sends along from them."""

import html
import re

from django.http import HttpResponse
from django.test import Client

from workflows.cases.models import Case
from workflows.complaints.models import Complaint

QUEUE = "/staff/cases/case/"


def case_url(case: Case) -> str:
    return f"{QUEUE}{case.pk}/change/"


def action_url(case: Case, slug: str) -> str:
    return f"{QUEUE}{case.pk}/do/{slug}/"


def complaint_url(complaint: Complaint, slug: str) -> str:
    return f"{QUEUE}{complaint.case_id}/complaints/{complaint.pk}/{slug}/"


def hidden_fields(page: str) -> dict[str, str]:
    """Return the hidden fields of the last form on a page that is sent by POST to itself."""
    content = page.rpartition('<form method="post" novalidate')[2] or page
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', content)
    return {name: html.unescape(value) for name, value in fields}


def send_form(client: Client, path: str, data: dict[str, object], **extra: object) -> HttpResponse:
    """Open a page, and send its form with what it had hidden and what a person types."""
    page = client.get(path)
    assert page.status_code == 200, page.headers.get("Location")
    return client.post(path, {**hidden_fields(page.content.decode()), **data}, **extra)
