"""Logs as JSON, with one id from the request through the outbox to the worker."""

import json
import logging
import logging.config
import urllib.error
import urllib.request
from collections import defaultdict

import pytest
from django.conf import settings
from django.urls import reverse

from tests.filings import file_request, wait_for_effects
from tests.stack import Stack, eventually
from workflows.outbox.correlation import CorrelationFilter, correlated, current_id


def json_lines(stack: Stack) -> dict[str, list[dict]]:
    """Return what was logged as JSON, by the process that did."""
    lines = defaultdict(list)
    for line in stack.log.read_text(encoding="utf-8").splitlines():
        process, _, text = line.partition(" | ")
        if text.startswith("{"):
            lines[process.strip()].append(json.loads(text))
    return lines


@pytest.mark.stack
def test_one_id_goes_from_the_request_to_the_worker(own_stack):
    receipt = file_request(own_stack)
    wait_for_effects(own_stack, [receipt])
    (identifiers,) = own_stack.query(
        "SELECT array_agg(DISTINCT correlation_id), count(*) FROM outbox_effect"
        " JOIN cases_case ON payload->>'case' = cases_case.id::text WHERE number = %s",
        (receipt.number,),
    )
    ((identifier,), effects) = identifiers
    assert effects > 1
    by_process = json_lines(own_stack)
    (request,) = [line for line in by_process["web"] if line["correlation_id"] == identifier]
    assert request["message"].startswith("POST api-v1-requests 201 in ")

    def done() -> bool:
        by_process = json_lines(own_stack)
        lines = [*by_process["worker"], *by_process["mail-worker"]]
        done = [line for line in lines if " done, attempt " in line["message"]]
        return [line["correlation_id"] for line in done].count(identifier) == effects

    eventually(done, "the worker has logged each effect under the id of the request")


@pytest.mark.stack
def test_a_task_of_the_clock_has_an_id_of_its_own(own_stack):
    def told() -> bool:
        lines = [
            e for e in json_lines(own_stack)["worker"] if e["logger"] == "workflows.outbox.periodic"
        ]
        return bool(lines) and all(len(line["correlation_id"]) > 30 for line in lines)

    old_draft = (
        "from workflows.cases.drafts import create_draft; "
        "from workflows.cases.models import Draft; "
        "from workflows.outbox.tasks import run_periodic; "
        "from django.utils.timezone import datetime, timezone; "
        "create_draft(); Draft.objects.update(changed_at=datetime(2000, 1, 1, tzinfo=timezone.utc)); "
        "run_periodic.delay('purge')"
    )
    own_stack.manage("shell", "--command", old_draft)
    eventually(told, "the worker has logged what it purged")


@pytest.mark.stack
def test_the_logs_name_the_view_and_never_the_address(own_stack):
    receipt = file_request(own_stack)
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"{own_stack.url}/api/v1/requests/{receipt.number}/", timeout=10)
    eventually(
        lambda: any(
            line["message"].startswith("GET api-v1-request 40")
            for line in json_lines(own_stack)["web"]
        ),
        "the request is logged",
    )
    lines = [line for line in json_lines(own_stack)["web"] if line["logger"].startswith("requests")]
    assert not any(receipt.number in line["message"] for line in lines)


def test_a_line_of_json_bears_time_level_logger_id_and_message(capsys):
    formatter = logging.config.DictConfigurator(settings.LOGGING).configure_formatter(
        dict(settings.LOGGING["formatters"]["json"])
    )
    record = logging.LogRecord("room", logging.WARNING, "", 0, "Effect %s failed", ("7",), None)
    with correlated("of-the-request"):
        CorrelationFilter().filter(record)
    line = json.loads(formatter.format(record))
    timestamp = line.pop("timestamp")
    assert timestamp.endswith("+00:00")
    assert line == {
        "level": "WARNING",
        "logger": "room",
        "correlation_id": "of-the-request",
        "message": "Effect 7 failed",
    }


def test_what_django_logs_about_a_request_bears_its_id_too(client):
    handler = logging.Handler()
    ids = []
    handler.emit = lambda record: ids.append(current_id())
    logging.getLogger("django.request").addHandler(handler)
    try:
        answer = client.get("/nowhere/")
    finally:
        logging.getLogger("django.request").removeHandler(handler)
    assert ids == [answer["X-Request-Id"]]
    assert current_id() == "-"


@pytest.mark.django_db
def test_each_answer_names_its_id(client):
    first, second = client.get(reverse("home")), client.get(reverse("home"))
    assert len(first["X-Request-Id"]) == 32
    assert first["X-Request-Id"] != second["X-Request-Id"]
