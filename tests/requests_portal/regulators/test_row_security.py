"""Pages and programs of regulators stay within one regime although a query forgot its filter."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from rest_framework.test import APIClient

from requests_portal.api.v1 import regulator
from requests_portal.api.v1.regulator import RegulatorView
from requests_portal.regulators import urls
from requests_portal.regulators.views import exports, overview
from tests.factories import ERIKA, make_case
from tests.tokens import regulator_token
from workflows.accounts.regulators import scope_of
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.exports import jobs as export_jobs
from workflows.exports.models import BundleJob
from workflows.ledger.models import Event
from workflows.ledger.sequencer import drain_inbox
from workflows.oversight import selectors
from workflows.oversight.models import Fact
from workflows.statistics import complaint_figures, counts

AREA = "/en/regulators/"


@pytest.fixture
def forgetful(monkeypatch):
    """The query layer does not filter by regime, anywhere."""
    # Where it is called: whoever imports a function by name does not see it exchanged elsewhere.
    for module in (selectors, complaint_figures):
        monkeypatch.setattr(module, "visible_cases", lambda _scope: Case.objects.all())
    monkeypatch.setattr(selectors, "visible_facts", lambda _scope: Fact.objects.all())
    monkeypatch.setattr(counts, "of_regime", lambda model, _regime: model.objects.order_by())
    for module in (export_jobs, regulator, exports, overview):
        monkeypatch.setattr(module, "jobs", lambda _scope: BundleJob.objects.all())


@pytest.fixture
def chinese(db):
    return make_case(State.ANSWERED)


@pytest.fixture
def european(db):
    return make_case(State.ANSWERED, ERIKA)


def text(response):
    assert response.status_code == 200
    return response.content.decode()


def test_lists_searches_and_counts(forgetful, chinese, european, china):
    page = text(china.get(f"{AREA}cases/"))
    assert chinese.number in page
    assert european.number not in page
    assert "1 case<" in page
    assert "0 cases" in text(china.get(f"{AREA}cases/", {"number": european.number}))
    assert "0 cases" in text(china.get(f"{AREA}cases/", {"kind": "copy"}))


def test_figures(forgetful, chinese, european, china):
    for page in ("", "statistics/"):
        assert "<dt>Requests received</dt><dd>1</dd>" in text(china.get(f"{AREA}{page}"))
    assert "Get a copy" not in text(china.get(f"{AREA}statistics/"))


def test_the_file_of_a_case(forgetful, european, china):
    assert china.get(f"{AREA}cases/{european.number}/").status_code == 404
    assert not Event.objects.filter(name="case.viewed").exists()


def test_an_export_of_another_regime(forgetful, china, greta):
    job = BundleJob.objects.create(regime="EU", requested_by=greta.user, language="en")
    for page in ("", "download/"):
        assert china.get(f"{AREA}exports/{job.pk}/{page}").status_code == 404
    # As a word: a token against forged forms is random letters.
    assert not re.search(r"\bEU\b", text(china.get(f"{AREA}exports/")).split("<main")[1])


def test_programs(forgetful, chinese, european, lin, greta):
    job = BundleJob.objects.create(regime="EU", requested_by=greta.user, language="en")
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {regulator_token(lin)}")
    found = client.get("/api/v1/regulator/cases/").json()["results"]
    assert [case["case_number"] for case in found] == [chinese.number]
    assert client.get("/api/v1/regulator/bundles/").json()["results"] == []
    for page in ("", "file/"):
        assert client.get(f"/api/v1/regulator/bundles/{job.pk}/{page}").status_code == 404


def handlers():
    """Return every address of the area with the arguments that it takes."""
    return [pattern.pattern for pattern in urls.urlpatterns]


def test_no_page_asks_for_cases_before_it_has_taken_the_role(chinese, lin, china):
    """Each address of the area is asked for, so that a new page cannot be forgotten."""
    drain_inbox()
    scope_of(lin)
    job = BundleJob.objects.create(regime="CN", requested_by=lin.user, language="en")
    values = {
        "number": chinese.number,
        "job_id": job.pk,
        "year": 2026,
        "code": "months",
        "step": 1,
        "kind": "entry",
    }
    for route in handlers():
        path = AREA + str(route)
        for name, converter in route.converters.items():
            path = path.replace(f"<{_name_of(converter)}:{name}>", str(values.get(name, "x")))
        with CaptureQueriesContext(connection) as queries:
            china.get(path)
        # The append to the log is logged without its text.
        asked = [query["sql"] or "" for query in queries]
        role = [place for place, sql in enumerate(asked) if "portal_regulator" in sql]
        told = [
            place
            for place, sql in enumerate(asked)
            if any(
                f'"{table}"' in sql
                for table in (
                    "cases_case",
                    "ledger_event",
                    "exports_bundlejob",
                    "oversight_fact",
                    "oversight_subtotal",
                )
            )
        ]
        assert not told or role[0] < told[0], path


def _name_of(converter):
    return {
        "StringConverter": "str",
        "UUIDConverter": "uuid",
        "SlugConverter": "slug",
        "IntConverter": "int",
    }[type(converter).__name__]


def test_no_endpoint_for_programs_is_without_the_role():
    views = [
        pattern.callback.view_class
        for pattern in get_resolver("requests_portal.api.v1.urls").url_patterns
        if hasattr(pattern.callback, "view_class")
    ]
    limited = [view for view in views if issubclass(view, RegulatorView)]
    assert len(limited) >= 4
    for view in limited:
        for method in set(view.http_method_names) & set(vars(view)):
            assert getattr(view, method).__wrapped__, (view, method)
