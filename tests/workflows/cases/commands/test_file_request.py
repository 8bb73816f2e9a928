"""`manage.py file_request`: a letter becomes a case, or a list of what is wrong with it."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from io import StringIO
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from tests.factories import ERIKA, WANG
from workflows.cases.access import find_by_receipt
from workflows.cases.models import Case
from workflows.vocabulary.people import Channel

pytestmark = pytest.mark.django_db


@pytest.fixture
def letter(tmp_path):
    """Write a request as JSON; changes replace fields, None takes one out."""

    def write(request=WANG, **changes):
        content = {**request.as_content(), **changes}
        path = tmp_path / "request.json"
        path.write_text(json.dumps({k: v for k, v in content.items() if v is not None}))
        return str(path)

    return write


def run(*arguments: str) -> dict[str, str]:
    out = StringIO()
    call_command("file_request", *arguments, stdout=out, stderr=StringIO())
    return dict(line.split(" ", 1) for line in out.getvalue().splitlines())


def test_it_prints_what_the_person_must_be_told(letter):
    printed = run(letter(ERIKA))

    case = find_by_receipt(printed["case"], printed["receipt"])
    assert printed["due"] == str(case.due_on)
    assert printed["rule"].startswith("EU: Answer within one month")
    assert case.channel == Channel.STAFF
    assert case.kinds == ["copy", "delete"]


def test_the_rule_is_told_in_the_language_of_the_request(letter):
    assert re.search("工作日", run(letter(WANG))["rule"])


def test_a_letter_is_back_dated_to_its_arrival(letter):
    arrived = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    printed = run(letter(ERIKA), "--received", arrived.isoformat())

    assert printed["due"] == "2026-04-02"
    assert Case.objects.get().filed_at == arrived


@pytest.mark.parametrize(
    ("received", "complaint"),
    [
        ("yesterday", "Invalid isoformat"),
        ("2026-01-31T10:00", "time zone"),
        ("2126-01-31T10:00+01:00", "not come yet"),
    ],
)
def test_an_arrival_that_cannot_be_is_refused(letter, received, complaint):
    with pytest.raises(CommandError, match=complaint):
        run(letter(), "--received", received)
    assert not Case.objects.exists()


def test_files_are_taken_along(letter, tmp_path):
    (tmp_path / "chat.txt").write_text("a chat")

    run(letter(), "--attach", str(tmp_path / "chat.txt"))

    assert [a.name for a in Case.objects.get().attachments.all()] == ["chat.txt"]


def test_the_same_attempt_gives_the_same_case_and_receipt(letter):
    first = run(letter(), "--attempt", "letter 17")

    assert run(letter(), "--attempt", "letter 17") == first
    assert Case.objects.count() == 1
    with pytest.raises(CommandError, match="another content"):
        run(letter(residence="FR"), "--attempt", "letter 17")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"subject_name": None}, "subject_name: This field is missing."),
        ({"subject_nmae": "x"}, "subject_nmae: There is no such field."),
        ({"items": "copy"}, "items: This field does not have the right form."),
        ({"items": [{"kind": "copy", "what": "x"}]}, "items: This field does not have the right"),
        ({"items": []}, "items: Choose at least one thing"),
        ({"residence": "Germany"}, "residence: Give a country"),
        ({"residence": "X" * 11}, "residence: Give a country"),
        ({"phone": 5}, "phone: This field does not have the right form."),
        ({"identifiers": [{"kind": "shoe", "value": "42"}]}, "identifiers: Choose what kind"),
    ],
)
def test_each_wrong_field_is_named(letter, changes, complaint):
    with pytest.raises(CommandError, match=re.escape(complaint)):
        run(letter(**changes))
    assert not Case.objects.exists()


@pytest.mark.parametrize("content", ["", "{", "[1]", "null", "[" * 100_000])
def test_what_is_no_request_at_all_is_refused(tmp_path, content):
    (tmp_path / "x.json").write_text(content)

    with pytest.raises(CommandError):
        run(str(tmp_path / "x.json"))


def test_a_missing_file_is_said_plainly(letter, tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        run(str(tmp_path / "nowhere.json"))
    with pytest.raises(CommandError, match="No such file"):
        run(letter(), "--attach", str(tmp_path / "nowhere.png"))


@pytest.mark.django_db(transaction=True)
def test_as_a_program_it_speaks_on_stdout_and_complains_on_stderr(letter):
    database = connection.settings_dict
    role, host = settings.DATABASE_RUNTIME_ROLE, quote(database["HOST"], safe="")
    url = f"postgresql://{role}@/{database['NAME']}?host={host}"

    def program(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", "file_request", "--skip-checks", *arguments],
            cwd=settings.BASE_DIR,
            env={**os.environ, "DATABASE_URL": url, "DATABASE_ROLE": "runtime"},
            capture_output=True,
            text=True,
            check=False,
        )

    done = program(letter())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"case {Case.objects.get().number}\nreceipt ")

    failed = program(letter(residence=""))
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "residence: Choose where you live." in failed.stderr
    assert "Traceback" not in failed.stderr
