"""Abuse case 7: a confirming link that is prefetched, used again, or used for another case."""

from uuid import uuid4

import pytest

from tests import factories
from workflows.cases.lifecycle import State
from workflows.identity.contact import open_challenge

pytestmark = pytest.mark.django_db


def test_a_prefetch_confirms_nothing_and_the_button_does_so_once(client):
    case = factories.make_case()
    path = f"/en/confirm/{open_challenge(case, uuid4())}/"
    for _ in range(3):
        assert client.get(path).status_code == 200
        client.head(path)
    case.refresh_from_db()
    assert case.state == State.FILED

    assert client.post(path).status_code == 200
    assert client.post(path).status_code == 410


def test_a_link_confirms_the_case_it_was_mailed_for_and_no_other(client):
    mine, theirs = factories.make_case(), factories.make_case()

    client.post(f"/en/confirm/{open_challenge(mine, uuid4())}/")

    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.state, theirs.state) == (State.RECEIVED, State.FILED)
