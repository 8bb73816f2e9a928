"""A portal that starts beside another one: each serves its own people, and says so."""

import json
import urllib.request

import pytest

from requests_portal.local.postgres import OWNER_ROLE, RUNTIME_ROLE
from tests.filings import file_request
from tests.stack import Stack

pytestmark = pytest.mark.stack


def livez(stack: Stack) -> str:
    with urllib.request.urlopen(f"{stack.url}/livez", timeout=10) as answer:
        return answer.headers["X-Instance"]


def test_a_port_that_is_taken_is_said_and_another_one_is_served(own_stack, own_cluster):
    taken = int(own_stack.url.rpartition(":")[2])
    second = Stack(
        own_cluster.url(OWNER_ROLE, "abuse"),
        own_cluster.url(RUNTIME_ROLE, "abuse"),
        "abuse_second",
        port=taken,
    )
    try:
        second.start()
        said = second.log.read_text(encoding="utf-8")
        port = int(second.url.rpartition(":")[2])
        assert port != taken
        assert f"Port {taken} is taken by another program; the site gets {port}." in said
        assert f"The public's form   http://127.0.0.1:{port}/" in said
        assert "KeyError" not in said
        assert livez(own_stack) != livez(second)
        # Each has a mail server of its own, too.
        details = [
            json.loads((stack.folder / "run.json").read_text()) for stack in (own_stack, second)
        ]
        assert details[0]["mail"] != details[1]["mail"]
        receipt = file_request(second)
        asked = "SELECT count(*) FROM cases_case WHERE number = %s"
        assert second.query(asked, (receipt.number,)) == [(1,)]
        assert own_stack.query(asked, (receipt.number,)) == [(0,)]
    finally:
        second.end()
