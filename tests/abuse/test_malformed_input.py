"""Input that no browser or client sends is refused in the form of the interface it came to, never 5xx.

Each of the first tests names something that was answered with an HTML page of status 500.
"""

import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.contrib.auth.models import Group, User
from django.core import signing
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rest_framework.pagination import CursorPagination
from rest_framework.test import APIClient

from requests_portal.api.pagination import Cursor
from requests_portal.public.steps import STEPS
from tests.factories import STEWARD, WANG, file
from tests.personas import make_staff, signed_in
from tests.requests_portal.public.conftest import new_visitor, visitor  # noqa: F401
from tests.requests_portal.public.person import Visitor, text_of
from tests.tokens import pipeline_token, regulator_token
from workflows.accounts.models import PipelineToken, RegulatorAccount, TokenScope
from workflows.cases.models import Draft
from workflows.datasets.models import Dataset

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def one_factor_in_english(settings) -> None:
    """Staff need no second factor here; pages without a language in the address are English."""
    settings.MFA_REQUIRED = False
    settings.LANGUAGE_CODE = "en"


REQUESTS = "/api/v1/requests/"
KEY = {"HTTP_IDEMPOTENCY_KEY": "2f1c7a52-54be-4a0c-9d0b-1d6c3c0f9a11"}


@pytest.fixture
def anybody() -> APIClient:
    return APIClient(raise_request_exception=False)


@pytest.fixture
def pipeline() -> APIClient:
    row = PipelineToken(
        name="mixer",
        expires_at=timezone.now() + timedelta(days=1),
        scopes=list(TokenScope.values),
    )
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {pipeline_token(row, STEWARD)}")
    return client


@pytest.fixture
def officer() -> User:
    user = User.objects.create_user("officer")
    user.groups.add(Group.objects.get(name="regulator"))
    RegulatorAccount.objects.create(
        user=user,
        regime="CN",
        authority="An authority",
        expires_at=timezone.now() + timedelta(days=1),
    )
    return user


@pytest.fixture
def regulator(officer: User) -> APIClient:
    client = APIClient(raise_request_exception=False)
    token = regulator_token(RegulatorAccount.objects.get(user=officer))
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def is_problem(answer) -> bool:
    """Return whether what was sent is refused in the form of the API."""
    return (
        400 <= answer.status_code < 500
        and answer.status_code != 401
        and answer.headers["Content-Type"] == "application/problem+json"
        and answer.json()["status"] == answer.status_code
    )


class TestTheApi:
    @pytest.mark.parametrize(
        "body",
        [
            b"[" * 100_000,
            b'{"items":' * 20_000,
            b'{"a":' * 900 + b"1" + b"}" * 900,
            b'{"\\ud800": 1}',
            b'{"language": "\\ud800"}',
            b'{"subject_name": "\\udfff\\ud800"}',
            b'{"\\u0000": 1}',
            b'{"items": [{"kind": "delete", "details": {"statement": "\\u0000"}}]}',
            b'{"a": "\xff"}',
            b'{"items": ' + b"9" * 5_000 + b"}",
            b'{"items": 1e999, "language": NaN}',
            "{}".encode("utf-16"),
            b"null",
            b"[]",
            b'"text"',
            b"",
        ],
        ids=lambda body: body[:20].decode("latin-1").replace("\0", ""),
    )
    def test_a_body_that_is_no_request(self, anybody, body):
        assert is_problem(anybody.generic("POST", REQUESTS, body, "application/json", **KEY))

    @pytest.mark.parametrize(
        "content_type",
        [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "multipart/form-data; boundary=\xff",
            "application/json; charset=no-such-thing",
            "application/json; charset=utf-16",
            "",
        ],
    )
    def test_a_type_of_content_that_is_not_taken(self, anybody, content_type):
        assert is_problem(anybody.generic("POST", REQUESTS, b'{"a": 1}', content_type, **KEY))

    @pytest.mark.parametrize("number", ["%00", "x%00y", "%ED%A0%80", "%FF", "9" * 3000])
    def test_an_address_of_no_case(self, anybody, number):
        anybody.credentials(HTTP_AUTHORIZATION="Bearer x")

        assert is_problem(anybody.get(f"{REQUESTS}{number}/"))

    def test_filters_with_a_nul(self, pipeline, regulator):
        assert is_problem(pipeline.get("/api/v1/datasets/?name=%00"))
        assert is_problem(regulator.get("/api/v1/regulator/cases/?state=x%00"))

    @pytest.mark.parametrize(
        "cursor",
        [
            b64encode(b"p=x").decode(),
            b64encode(b"p=%00").decode(),
            b64encode(b"p=2026-01-01").decode(),
            b64encode(b"p=" + b"9" * 5_000).decode(),
            b64encode(b"o=-1").decode(),
            "x",
            "%FF",
            "é",
            signing.dumps([0, False, "x"]),
        ],
        ids=lambda cursor: cursor[:6],
    )
    def test_a_cursor_that_was_made_up(self, pipeline, regulator, cursor):
        file(WANG)
        for client, path in (
            (regulator, "/api/v1/regulator/cases/"),
            (pipeline, "/api/v1/datasets/"),
            (pipeline, "/api/v1/manifests/"),
        ):
            assert is_problem(client.get(path, {"cursor": cursor})), path

    def test_a_cursor_of_another_list(self, pipeline, monkeypatch):
        monkeypatch.setattr(Cursor, "page_size", 1)
        for number in range(3):
            Dataset.objects.create(name=f"set {number}")
        first = pipeline.get("/api/v1/datasets/").json()
        cursor = first["next"].partition("cursor=")[2]

        assert is_problem(pipeline.get(f"/api/v1/manifests/?cursor={cursor}"))
        second = pipeline.get(first["next"]).json()
        assert pipeline.get(second["next"]).json()["results"][0]["name"] == "set 2"
        assert pipeline.get(second["previous"]).json()["results"] == first["results"]

    def test_every_list_has_signed_cursors(self):
        views = {pattern.callback for pattern in _patterns() if hasattr(pattern.callback, "cls")}
        paginations = {getattr(view.cls, "pagination_class", None) for view in views} - {None}
        cursors = {each for each in paginations if issubclass(each, CursorPagination)}

        assert cursors
        assert all(issubclass(each, Cursor) for each in cursors)

    @pytest.mark.parametrize("token", ["\xff", "a\xa0b", "9" * 100_000, "²"])
    def test_a_token_of_odd_symbols(self, anybody, token):
        anybody.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        for path in (f"{REQUESTS}2026-AAAA-AAAA/", "/api/v1/datasets/", "/api/v1/regulator/cases/"):
            answer = anybody.get(path)
            assert answer.status_code in {401, 404}, path
            assert answer.headers["Content-Type"] == "application/problem+json"


def _patterns(resolver: URLResolver | None = None) -> Iterator[URLPattern]:
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern)
        else:
            yield pattern


class TestThePages:
    @pytest.mark.parametrize(
        ("language", "sentence"), [("en", "We could not read"), ("zh-hans", "无法读取")]
    )
    def test_an_address_with_a_nul_gets_a_page_in_the_language_of_the_address(
        self, language, sentence
    ):
        page = Client().get(f"/{language}/request/%00/")

        assert page.status_code == 400
        assert sentence in text_of(page)
        assert f'lang="{language}"' in text_of(page)

    def test_a_nul_in_a_filter_of_staff(self, intake):
        page = signed_in(intake).get("/staff/cases/case/?regime=%00")

        assert page.status_code == 400
        assert "<html" in text_of(page)

    @pytest.mark.parametrize("name", ["draft", "case", "session", "csrf", "messages"])
    @pytest.mark.parametrize("value", [r'"\000"', "\xff", "9" * 5_000])
    def test_an_odd_cookie_is_no_cookie(self, name, value):
        client = Client(raise_request_exception=False, headers={"cookie": f"{name}={value}"})
        for path in ("/en/request/", "/en/request/wishes/", "/en/status/case/", "/staff/"):
            assert client.get(path).status_code < 500, path

    @pytest.mark.parametrize("go", ["remove:²", "remove:" + "9" * 5_000, "remove:-1", "remove:"])
    def test_a_button_that_is_not_on_the_page(self, visitor: Visitor, go):  # noqa: F811
        visitor.client.raise_request_exception = False
        visitor.walk(until="identifiers")

        assert visitor.answer("identifiers", go=go, **{"0-value": "kept"}).status_code < 500
        assert Draft.objects.get().answers["identifiers"][0]["value"] == "kept"


# What has broken programs before, and anything else.
ODD = st.sampled_from(
    ["\0", "a\0b", "\ud800", "\udfff\ud800", "²", "\x85", "\u2028", "9" * 5_000, "-1", "1e999"]
)
TEXTS = ODD | st.text(st.characters(exclude_categories=()), max_size=20)
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["items", "kind", "details", "urls", "language", "residence"]) | TEXTS,
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
FUZZ = hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(JSONS)
def test_any_json_is_filed_or_refused(content):
    body = json.dumps(content).encode()
    answer = APIClient(raise_request_exception=False).generic(
        "POST", REQUESTS, body, "application/json", **KEY
    )

    assert answer.status_code == 201 or is_problem(answer)


@FUZZ
@given(st.binary(max_size=200))
def test_any_bytes_are_refused(body):
    answer = APIClient(raise_request_exception=False).generic(
        "POST", REQUESTS, body, "application/json", **KEY
    )

    assert is_problem(answer)


RIGHT = WANG.as_content()


@FUZZ
@given(st.sampled_from(sorted(RIGHT)), JSONS)
def test_a_right_request_with_one_odd_field_is_filed_or_refused(name, value):
    body = json.dumps({**RIGHT, name: value}).encode()
    answer = APIClient(raise_request_exception=False).generic(
        "POST", REQUESTS, body, "application/json", **KEY
    )

    # The same body again, under the same key, is the same request.
    assert answer.status_code in {200, 201, 422} or is_problem(answer)


FORM_FIELDS = st.sampled_from(
    ["go", "change", "kinds", "role", "country", "part", "service", "subject_name", "0-kind",
     "0-value", "0-claimed", "0-urls", "1-value", "delete", "email", "phone", "no_contact",
     "requester_name", "authority", "attachments"]
)  # fmt: skip


@FUZZ
@given(
    st.sampled_from([step.slug for step in STEPS]),
    st.lists(st.tuples(FORM_FIELDS | TEXTS, TEXTS), min_size=1, max_size=6),
)
def test_anything_that_is_typed_on_any_page_is_kept_or_refused(new_visitor, slug, typed):  # noqa: F811
    person = new_visitor()
    person.client.raise_request_exception = False
    person.begin()
    body = "&".join(
        f"{quote(name, errors='surrogatepass')}={quote(value, errors='surrogatepass')}"
        for name, value in typed
    )
    taken = person.client.generic(
        "POST", f"/en/request/{slug}/", body, "application/x-www-form-urlencoded"
    )

    assert taken.status_code < 500
    for shown in (f"request/{slug}/", "request/check/", "request/"):
        assert person.get(shown).status_code < 500, shown


ADDRESSES = ["", "how/", "statistics/", "status/", "request/{}/", "confirm/{}/", "recipients/{}/",
             "status/case/file/{}/", "status/case/proof/{}/"]  # fmt: skip


@FUZZ
@given(st.sampled_from(ADDRESSES), TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=3))
def test_any_address_gets_a_page(path, part, query):
    asked = "&".join(
        f"{quote(name, errors='surrogatepass')}={quote(value, errors='surrogatepass')}"
        for name, value in query.items()
    )
    address = f"/en/{path.format(quote(part, safe='', errors='surrogatepass'))}?{asked}"

    page = Client(raise_request_exception=False).get(address)

    assert page.status_code < 500


REGULATOR_LISTS = ["cases/", "statistics/", "exports/", "checkpoints/", "yearly/", "training/"]
REGULATOR_FILTERS = st.sampled_from(
    ["page", "number", "state", "kind", "since", "until", "late", "year"]
)


@FUZZ
@given(
    st.sampled_from(REGULATOR_LISTS), st.dictionaries(REGULATOR_FILTERS | TEXTS, TEXTS, max_size=4)
)
def test_any_filter_of_a_regulator_gets_a_page(officer, path, query):
    client = signed_in(officer)
    client.raise_request_exception = False
    asked = "&".join(
        f"{quote(name, errors='surrogatepass')}={quote(value, errors='surrogatepass')}"
        for name, value in query.items()
    )

    assert client.get(f"/en/regulators/{path}?{asked}").status_code < 500


STAFF_LISTS = ["cases/case/", "datasets/dataset/", "corrections/manifest/", "oversight/accessevent/",
               "routing/team/", "regimes/publishedlimit/"]  # fmt: skip


@pytest.mark.parametrize(
    "query",
    [
        "at__year=-1",
        "at__year=9223372036854775808",
        "made_at__year=9223372036854775808",
        "made_at__year=-1",
        "number__regex=(",
        "name__regex=[",
        "id__in=x",
        "id__exact=" + "9" * 400,
        "p=" + "9" * 5_000,
        "o=" + "9" * 5_000,
        "at_from=99999-01-01",
        "e=1",
    ],
)
def test_a_filter_that_no_link_has_leads_to_the_list(query):
    client = signed_in(_staff(), fresh=True)
    client.raise_request_exception = False
    for path in STAFF_LISTS:
        answer = client.get(f"/staff/{path}?{query}", follow=True)
        assert answer.status_code in {200, 400}, path


def _staff() -> User:
    name = "everybody"
    found = User.objects.filter(username=name).first()
    return found or make_staff(name, "intake", "reviewer", "data_steward", "privacy_officer")


STAFF_FILTERS = st.sampled_from(
    ["p", "o", "q", "all", "state", "group", "due", "whose", "team", "regime", "kind", "language",
     "at_from", "at_to", "look", "in_role", "at__year", "made_at__year", "made_at__month",
     "number__regex", "name__iregex", "id__in", "id__exact", "dataset__id__exact"]
)  # fmt: skip


@FUZZ
@given(st.sampled_from(STAFF_LISTS), st.dictionaries(STAFF_FILTERS | TEXTS, TEXTS, max_size=3))
def test_any_filter_of_staff_gets_a_page(path, query):
    client = signed_in(_staff(), fresh=True)
    client.raise_request_exception = False
    asked = "&".join(
        f"{quote(name, errors='surrogatepass')}={quote(value, errors='surrogatepass')}"
        for name, value in query.items()
    )

    assert client.get(f"/staff/{path}?{asked}", follow=True).status_code < 500
