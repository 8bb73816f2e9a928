"""A request that is larger than anybody needs is refused, at once and in few words."""

import json
import time

import pytest
from rest_framework.test import APIClient

from requests_portal.api.bounds import MOST_NAMED
from tests.requests_portal.public.conftest import new_visitor, visitor  # noqa: F401
from tests.requests_portal.public.person import Visitor, errors_of, text_of
from workflows.cases.errors import InvalidFiling
from workflows.cases.filing_request import (
    MAX_ENTRIES,
    MAX_IDENTIFIERS,
    MAX_ITEMS,
    MAX_SHORT,
    MAX_TEXT,
    MAX_TOTAL,
    FiledIdentifier,
    FiledItem,
    FilingRequest,
    check_filing,
    request_from_content,
)
from workflows.cases.models import Case, Draft
from workflows.vocabulary.item_kinds import DETAIL_NAMES, KINDS_ON_FORM

pytestmark = pytest.mark.django_db

RIGHT = {
    "items": [{"kind": "delete", "details": {}}],
    "residence": "CN",
    "language": "en",
    "subject_name": "Wang Xiaoming",
}
# Each is 170 to 210 KB long, and was answered with up to 2 MB after up to 3 s.
MANY = {
    "empty items": {"items": [{}] * 45_000},
    "wrong items": {"items": [{"kind": "x"}] * 14_000},
    "right items": {"items": [{"kind": "delete"}] * 9_000},
    "identifiers": {"identifiers": [{"kind": "x"}] * 14_000},
    "fields": {f"f{number}": 1 for number in range(14_000)},
    "prompts": {"items": [{"kind": "delete", "details": {"prompts": [{}] * 40_000}}]},
    "details": {"items": [{"kind": "x", "details": {f"f{n}": 1 for n in range(14_000)}}]},
    "everywhere": {
        "items": [{"kind": [[]], **{f"f{n}": 1 for n in range(1_000)}}] * MAX_ITEMS,
        **{f"f{n}": 1 for n in range(1_000)},
    },
    "one long name": {"x" * 180_000: 1},
    "one long choice": {"language": "x" * 180_000},
}
SECONDS = 0.5
ANSWER = 20_000


def post(body: object):
    return APIClient().post(
        "/api/v1/requests/",
        body if isinstance(body, str | bytes) else json.dumps(body),
        content_type="application/json",
        headers={"Idempotency-Key": "f3b0c442-98fc-4c14-9afb-f4c8996fb924"},
    )


def named(errors: object) -> int:
    """Return how many sentences there are, however deep."""
    if isinstance(errors, dict):
        return sum(map(named, errors.values()))
    return sum(map(named, errors)) if isinstance(errors, list) else 1


@pytest.mark.parametrize("change", MANY.values(), ids=MANY)
def test_thousands_of_anything_are_refused_quickly_and_shortly(change):
    post(RIGHT)  # what is made once for the process is no part of what is measured
    begun = time.process_time()

    answer = post({**RIGHT, **change})

    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid_request"
    assert answer.json()["errors"]
    assert time.process_time() - begun < SECONDS
    assert len(answer.content) < ANSWER
    assert named(answer.json()["errors"]) <= MOST_NAMED
    assert Case.objects.count() == 1


def test_what_is_not_named_is_counted():
    told = post({**RIGHT, "identifiers": [{"a": 1, "b": 2, "c": 3}] * MAX_IDENTIFIERS}).json()

    assert named(told["errors"]) == MOST_NAMED
    assert told["detail"].endswith(f"{3 * MAX_IDENTIFIERS - MOST_NAMED} more are not named here.")


def test_fields_that_do_not_exist_are_counted():
    told = post({**RIGHT, **{f"f{number:05}": 1 for number in range(10_000)}}).json()

    assert "f00000" in told["errors"]
    assert told["errors"]["non_field_errors"] == [
        f"There are {10_000 - MOST_NAMED // 2:d} more fields that do not exist."
    ]


def test_few_errors_are_all_named():
    told = post({**RIGHT, "items": [{"kind": "x", "other": 1}], "email": 7}).json()

    assert told["errors"]["items"]["0"] == {"other": ["There is no such field."]}
    assert "not named" not in told["detail"]


def test_a_body_that_is_too_large_gets_a_problem(settings):
    answer = post({**RIGHT, "service": "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE})

    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "request_too_large"


@pytest.mark.parametrize("opened", ["[", '{"items":', '{"items":[{"details":'])
def test_json_that_is_nested_deeply_is_refused(opened):
    answer = post(opened * 50_000)

    assert answer.status_code == 400
    assert answer.json()["code"] == "parse_error"


@pytest.mark.parametrize("depth", [40, 900])
def test_whole_json_that_is_nested_deeply_is_refused_as_well(depth):
    answer = post(f'{{"items": {"[" * depth}{"]" * depth}}}')

    assert answer.status_code == 400
    assert answer.json()["code"] == "parse_error"


def many(count: int = MAX_ITEMS, **details) -> tuple[FiledItem, ...]:
    return (FiledItem("delete", details),) * count


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"items": many(MAX_ITEMS + 1)}, "items"),
        ({"items": many(1, prompts=["x"] * (MAX_ENTRIES + 1))}, "items"),
        ({"items": many(1, urls=["x"] * (MAX_ENTRIES + 1))}, "items"),
        ({"items": many(1, statement="x" * (MAX_TEXT + 1))}, "items"),
        ({"items": many(claimed="x" * MAX_TEXT, correct="x" * MAX_TEXT, statement="x")}, "request"),
        ({"identifiers": (FiledIdentifier("name", "x"),) * (MAX_IDENTIFIERS + 1)}, "identifiers"),
        ({"residence": "C" * 10_000_000}, "residence"),
        ({"language": "e" * 10_000_000}, "language"),
    ],
)
def test_the_domain_holds_the_same_bounds(change, field):
    request = FilingRequest(
        **{"items": many(1), "residence": "CN", "language": "en", "subject_name": "x", **change}
    )

    errors = check_filing(request)

    assert list(errors) == [field]
    assert len(errors[field]) == 1


def test_what_the_bounds_allow_can_be_filed():
    item = {
        "kind": "model_output",
        "details": {
            **dict.fromkeys(("statement", "claimed", "correct", "where_seen"), "x" * 100),
            "prompts": ["x" * 10] * MAX_ENTRIES,
            "urls": ["x" * 10] * MAX_ENTRIES,
        },
    }
    assert item["details"].keys() == DETAIL_NAMES

    answer = post(
        {
            **RIGHT,
            "items": [item] * MAX_ITEMS,
            "identifiers": [{"kind": "other", "value": "x" * 1_000}] * MAX_IDENTIFIERS,
            "service": "x" * MAX_SHORT,
        }
    )

    assert answer.status_code == 201


@pytest.mark.parametrize(
    "content",
    [
        {**RIGHT, "items": [{"kind": "delete"}] * 1_000_000},
        {**RIGHT, "identifiers": [{"kind": "name", "value": "x"}] * 1_000_000},
        {**RIGHT, "items": [{"kind": "delete", "details": {"urls": ["x"] * 1_000_000}}]},
        {**RIGHT, **{f"f{number}": 1 for number in range(100_000)}},
        {**RIGHT, "items": [{"kind": "delete", "details": {str(n): "x" for n in range(100_000)}}]},
    ],
    ids=["items", "identifiers", "urls", "fields", "details"],
)
def test_content_of_a_file_is_bounded_before_it_is_read(content):
    begun = time.process_time()

    with pytest.raises(InvalidFiling) as refused:
        request_from_content(content)

    assert time.process_time() - begun < SECONDS
    assert named(refused.value.errors) <= MOST_NAMED


class TestTheForm:
    def test_rows_and_choices_beyond_the_bound_are_not_kept(self, visitor: Visitor):  # noqa: F811
        visitor.walk(until="identifiers")
        visitor.answer("identifiers", **{f"{n}-value": "x" for n in range(400)})
        assert len(_answers()["identifiers"]) == MAX_IDENTIFIERS

        visitor.answer("wishes", kinds=[f"wish {number}" for number in range(900)])
        assert len(_answers()["wishes"][0]["kinds"]) == len(KINDS_ON_FORM) + 1

    def test_links_are_counted_where_they_are_entered(self, visitor: Visitor):  # noqa: F811
        visitor.walk(until="correct", wishes={"kinds": ["model_output"]})
        typed = {"0-statement": "x", "0-urls": "https://example.org\n" * (MAX_ENTRIES + 1)}

        page = visitor.follow(visitor.answer("model_output", **typed))

        assert errors_of(page) == [("id_0-urls", f"Give at most {MAX_ENTRIES} links.")]

    def test_a_draft_does_not_grow_without_end(self, visitor: Visitor):  # noqa: F811
        visitor.walk(until="correct")
        visitor.answer("correct", **{"0-claimed": "kept", "0-correct": "right"})
        kept = _answers()

        page = visitor.answer("correct", **{"0-claimed": "x" * 600_000, "0-correct": "right"})

        assert page.status_code == 200
        assert "Shorten it" in errors_of(page)[0][1]
        assert "x" * 600_000 in text_of(page), "what was typed is still on the page"
        assert _answers() == kept

    def test_autosave_of_too_much_is_not_called_saved(self, visitor: Visitor):  # noqa: F811
        visitor.walk(until="correct")

        page = visitor.answer("correct", go="autosave", **{"0-claimed": "x" * 600_000})

        assert page.status_code == 413

    def test_all_texts_together_are_bounded_before_sending(self, visitor: Visitor):  # noqa: F811
        row = {"claimed": "x" * MAX_TEXT, "correct": "x" * MAX_TEXT}
        rows = {f"{n}-{name}": text for n in range(9) for name, text in row.items()}
        details = {
            f"{n}-{name}": text
            for n in range(3)
            for name, text in {"kind": "other", "value": "x" * MAX_TEXT}.items()
        }
        assert 9 * 2 * MAX_TEXT + 3 * MAX_TEXT > MAX_TOTAL
        visitor.walk(correct=rows, identifiers=details)

        page = visitor.follow(visitor.send())

        assert f"{MAX_TOTAL:,}"[:3] in errors_of(page)[0][1]
        assert not Case.objects.exists()

    def test_more_fields_than_a_form_has_get_a_page(self, visitor: Visitor):  # noqa: F811
        visitor.begin()

        page = visitor.answer("identifiers", **{f"{n}-x": "x" for n in range(5_000)})

        assert page.status_code == 400
        assert "<html" in text_of(page)


def _answers() -> dict:
    return Draft.objects.select_related("data_key").get().answers
