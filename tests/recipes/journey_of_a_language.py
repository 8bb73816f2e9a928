"""Files a request in one language and reads what comes, in a process of its own.

`test_a_new_language` runs it in a copy of the code. It prints what came out as JSON, on its last
line.
"""

import io
import json
import sys
from typing import Any

import django
import pypdf
from django.conf import settings

settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# The manifest of static files needs `collectstatic`.
settings.STORAGES = {
    **settings.STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
django.setup()

from django.core import mail  # noqa: E402 - after the set-up
from django.core.checks import run_checks  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import formats, translation  # noqa: E402

from tests.factories import ERIKA, file, walk  # noqa: E402
from tests.requests_portal.public.person import Visitor, text_of  # noqa: E402
from workflows.cases.attachments import read_attachment  # noqa: E402
from workflows.cases.lifecycle import State  # noqa: E402
from workflows.cases.models import Case  # noqa: E402
from workflows.outbox.services import drain  # noqa: E402
from workflows.vocabulary.places import countries  # noqa: E402


def told_in(language: str) -> dict[str, Any]:
    """Return page, mail and notice about a new request."""
    filed = file(ERIKA, language=language)
    walk(filed.case, State.RECEIVED)
    drain()
    case = Case.objects.get(pk=filed.case.pk)
    visitor = Visitor(Client(headers={"host": "localhost"}), language)
    visitor.log_in(case.number, filed.receipt)
    files = {
        each.media_type: b"".join(read_attachment(each))
        for each in case.notices.get(kind="acknowledgement").files.all()
    }
    (sent,) = [each for each in mail.outbox if case.number in each.subject]
    with translation.override(language):
        day = formats.date_format(case.due_on)
        places = dict(countries())
    return {
        "case": case.number,
        "day": day,
        "page": text_of(visitor.get("status/case/")),
        "mail": {"subject": sent.subject, "body": sent.body},
        "notice": files["text/plain"].decode(),
        "notice as a page": files["text/html"].decode(),
        "notice in PDF": pypdf.PdfReader(io.BytesIO(files["application/pdf"])).root_object["/Lang"],
        "places": places,
    }


def main(language: str) -> None:
    """File a request, where nothing is lacking."""
    faults = [f"{message.id} {message.msg}" for message in run_checks()]
    if faults:
        raise SystemExit("\n".join(faults))
    sys.stdout.write(json.dumps(told_in(language)) + "\n")


main(sys.argv[1])
