"""What a person does on the public pages."""

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client

from requests_portal.public.sessions import open_case
from requests_portal.public.steps import STEPS
from workflows.cases.models import Case

# The shortest complete request: each page with what is typed there.
SHORT_WAY: dict[str, dict[str, Any]] = {
    "wishes": {"kinds": ["correct", "delete"]},
    "service": {"service": "Example Chat"},
    "role": {"role": "self"},
    "residence": {"country": "CN"},
    "subject": {"subject_name": "Wang Xiaoming"},
    "identifiers": {"0-kind": "email", "0-value": "xiaoming@example.cn"},
    "correct": {
        "0-claimed": "lives in Shanghai",
        "0-correct": "lives in Hangzhou",
        "0-where_seen": "a chat",
    },
    "statements": {"delete": "The forum posts of 2019."},
    "files": {},
    "contact": {"email": "xiaoming@example.cn", "phone": ""},
}


class Visitor:
    """A browser with its cookies, in one language."""

    def __init__(self, client: Client, language: str) -> None:
        self.client = client
        self.language = language

    def get(self, path: str) -> HttpResponse:
        return self.client.get(f"/{self.language}/{path}")

    def post(self, path: str, **data: Any) -> HttpResponse:
        return self.client.post(f"/{self.language}/{path}", data)

    def follow(self, response: HttpResponse) -> HttpResponse:
        """Return the page to which an answer leads."""
        return self.client.get(response["Location"])

    def begin(self) -> HttpResponse:
        return self.post("request/")

    def answer(self, slug: str, go: str = "continue", **typed: Any) -> HttpResponse:
        return self.post(f"request/{slug}/", go=go, **typed)

    def walk(self, until: str = "check", **changes: dict[str, Any] | None) -> None:
        """Begin, and answer the pages of the short way before `until`; None leaves one out."""
        self.begin()
        typed = {**SHORT_WAY, **changes}
        for step in STEPS:
            if step.slug == until:
                return
            if typed.get(step.slug) is not None:
                response = self.answer(step.slug, **typed[step.slug])
                assert response.status_code == 302, (step.slug, response.content.decode())

    def send(self) -> HttpResponse:
        return self.post("request/check/", go="continue")

    def file(self, **changes: dict[str, Any] | None) -> tuple[str, str]:
        """File a request; return case number and receipt as the receipt page shows them."""
        self.walk(**changes)
        assert self.send().status_code == 302
        return read_receipt(self.get("request/receipt/"))

    def open(self, case: Case) -> None:
        """Have the session of somebody who has shown the receipt of this case."""
        response = HttpResponse()
        open_case(response, case)
        self.client.cookies.update(response.cookies)

    def act(self, page: str, **typed: Any) -> HttpResponse:
        """Send a form of the status pages."""
        return self.post(f"status/case/{page}/", go="continue", **typed)

    def log_in(self, number: str, receipt: str) -> HttpResponse:
        return self.post("status/", go="continue", number=number, receipt=receipt)


def read_receipt(page: HttpResponse) -> tuple[str, str]:
    """Return case number and receipt from the receipt page."""
    number, receipt = re.findall(r'<dd class="code">([^<]+)</dd>', text_of(page))
    return number, receipt


def text_of(response: HttpResponse) -> str:
    return response.content.decode()


def errors_of(response: HttpResponse) -> list[tuple[str, str]]:
    """Return anchor and sentence of each line of the error summary."""
    return re.findall(r'<li><a href="#([^"]+)">(.*?)</a></li>', text_of(response))


def title_of(response: HttpResponse) -> str:
    found = re.search(r"<title>(.*?)</title>", text_of(response), re.DOTALL)
    assert found
    return found.group(1).strip()
