"""The page of a recipient of data: read as often as they like, confirmed once, by a button."""

import json

import pytest

from tests.requests_portal.public.person import text_of
from tests.workflows.corrections.changing import FORUM, told
from tests.workflows.corrections.conftest import data, no_broker
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.corrections.recipients import token_of
from workflows.mail.links import confirm_recipient_link

__all__ = ["data", "no_broker"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]


@pytest.fixture
def notice(data):
    (data / "forum.jsonl").write_text(lines(FORUM))
    return told(make_snapshot("forum.jsonl"))


@pytest.fixture
def path(notice):
    return f"recipients/{token_of(notice)}/"


def test_the_mailed_address_is_the_one_of_the_page(visitor, notice, path):
    link = confirm_recipient_link("en", token_of(notice))
    assert link.endswith(f"/en/{path}")


def test_looking_changes_nothing_and_shows_which_records(visitor, notice, path):
    for _ in range(2):
        page = visitor.get(path)
        assert page["Cache-Control"] == "no-store"
        words = text_of(page)
    assert "forum.jsonl · a · text" in words
    assert "correct the words" in words
    for personal in ("王小明", "上海", "杭州"):
        assert personal not in words
    notice.refresh_from_db()
    assert notice.confirmed_at is None


def test_the_records_are_a_file_without_what_is_ours(visitor, path):
    answer = visitor.get(f"{path}records.jsonl")
    (record,) = map(json.loads, b"".join(answer.streaming_content).splitlines())
    assert (record["id"], record["op"]) == ("a", "replace")
    assert len(record["sha256_before"]) == 64
    assert "case_pseudonym" not in record


def test_the_button_confirms_once(visitor, notice, path):
    assert "Your confirmation was recorded" in text_of(visitor.post(path))
    notice.refresh_from_db()
    assert notice.confirmed_at is not None
    again = visitor.post(path)
    assert (again.status_code, visitor.get(path).status_code) == (410, 410)
    assert visitor.get(f"{path}records.jsonl").status_code == 410
    assert "cannot be used" in text_of(again)
