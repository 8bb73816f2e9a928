"""Who reads an attachment slowly keeps nobody waiting: it is sent as a file, which holds no thread.

`test_slow_uploads.py` tries the same of other files, with the whole portal and real connections.
"""

import asyncio
import threading

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.test import RequestFactory

from requests_portal.server.application import Application
from requests_portal.server.bodies import Bounds
from tests import factories
from tests.personas import signed_in
from tests.requests_portal.public.conftest import new_visitor, visitor  # noqa: F401
from tests.requests_portal.public.person import Visitor
from tests.requests_portal.server.test_application import Client, busy, scope_of
from tests.requests_portal.staff.addresses import QUEUE
from workflows.cases.attachments import Upload
from workflows.cases.models import Case

pytestmark = pytest.mark.django_db

# Longer than what the server reads ahead of an answer that is no file.
CONTENT = b"0123456789" * 100_000
SLOW = 4


class Prepared(WSGIHandler):
    """Django with answers that were made before, where the rows of the test can be seen."""

    def __init__(self):
        super().__init__()
        self.answers = {"/other": HttpResponse(b"other")}

    def prepare(self, path, address, client):
        # Django's test client would make a plain stream of a file.
        requests = RequestFactory()
        requests.cookies = client.cookies
        self.answers[path] = super().get_response(requests.get(address))

    def get_response(self, request):
        return self.answers[request.path]


@pytest.fixture
def case() -> Case:
    return factories.file(uploads=(Upload("long.txt", CONTENT),)).case


@pytest.fixture
def to_its_person(case, visitor: Visitor):  # noqa: F811
    visitor.open(case)
    return f"/en/status/case/file/{case.attachments.get().pk}/", visitor.client


@pytest.fixture
def to_staff(case, intake):
    return f"{QUEUE}{case.pk}/files/{case.attachments.get().pk}/", signed_in(intake)


@pytest.mark.parametrize("given", ["to_its_person", "to_staff"])
def test_slow_readers_of_an_attachment_hold_no_thread(given, request):
    handler = Prepared()
    for number in range(SLOW):
        handler.prepare(f"/file{number}", *request.getfixturevalue(given))
    application = Application(
        handler, busy=busy, threads=1, bounds=Bounds(body_bytes=1000, all_bytes=5000)
    )
    other_was_answered = threading.Event()

    async def slow(message, client):
        if message["type"] == "http.response.body":
            assert await asyncio.to_thread(other_was_answered.wait, 60)
        client.messages.append(message)

    readers = [Client() for _ in range(SLOW)]
    for reader in readers:
        reader.send = lambda message, reader=reader: slow(message, reader)
    other = Client(takes=other_was_answered.set)

    async def ask():
        reading = [
            asyncio.create_task(application(scope_of(f"/file{number}"), one.receive, one.send))
            for number, one in enumerate(readers)
        ]
        await asyncio.sleep(0.1)
        await application(scope_of("/other"), other.receive, other.send)
        await asyncio.gather(*reading)

    asyncio.run(ask())
    assert (other.status, other.text) == (200, b"other")
    assert all(reader.text == CONTENT for reader in readers)
