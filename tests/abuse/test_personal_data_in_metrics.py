"""No number of `/metrics` bears the name, address, receipt or id of anybody."""

import re

import pytest
from django.conf import settings as portal_settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from prometheus_client.parser import text_string_to_metric_families

from requests_portal.monitoring import background
from tests.factories import WANG, file
from workflows.cases.models import Case
from workflows.outbox import canaries, queues
from workflows.outbox.models import Effect

pytestmark = pytest.mark.django_db
TOKEN = "a-token-that-nobody-guesses"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"}
STATUS = {"1xx", "2xx", "3xx", "4xx", "5xx", "408", "413", "503"}


def view_names(resolver: URLResolver, namespace: str = "") -> set[str]:
    """Return the names of all views; of one without a name, where its code is."""
    found = set()
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            code = getattr(pattern.callback, "view_class", pattern.callback)
            found.add(namespace + (pattern.name or f"{code.__module__}.{code.__name__}"))
        else:
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            found |= view_names(pattern, namespace + inner)
    return found


def scrape(client: Client) -> str:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    return answer.content.decode()


def test_what_a_person_does_leaves_nothing_of_them_there(client, settings):
    settings.METRICS_TOKEN = TOKEN
    filed = file(WANG)
    case = Case.objects.get(number=filed.case.number)
    secret = "q7Hh2mVdXo8sL0pZr4tYbNc6KfJwGx1EaUiQ3eRvT5k"
    client.post("/en/status/", {"number": case.number, "receipt": filed.receipt})
    client.get("/en/status/case/")
    for path in (
        f"/en/confirm/{secret}/",
        f"/en/recipients/{secret}/records.jsonl",
        f"/accounts/password/reset/key/1a-{secret}/",
        f"/accounts/invitation/{secret}/",
        f"/en/status/case/answer/{case.pk}/",
        f"/api/v1/requests/{case.number}/",
        f"/api/v1/{WANG.email}/",
        f"/staff/cases/case/{case.pk}/change/",
        f"/{WANG.email}/?q={WANG.subject_name}",
        f"/en/{secret}/%E7%8E%8B/",
    ):
        client.get(path)
        client.generic(secret[:20], path)
        client.post(path, {"email": WANG.email}, headers={"User-Agent": secret, "Referer": path})
    text = scrape(client)
    for word in (
        secret,
        secret[:20],
        filed.receipt,
        case.number,
        str(case.pk),
        str(case.pseudonym),
        WANG.email,
        WANG.subject_name,
        "example.cn",
    ):
        assert word not in text, word
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", text)
    assert "%" not in text


def test_each_label_holds_a_name_that_the_code_knows(client, settings):
    settings.METRICS_TOKEN = TOKEN
    file(WANG)
    client.get("/en/")
    client.get("/nowhere/")
    known = {
        "view": view_names(get_resolver()) | {"-"},
        "method": METHODS,
        "status": STATUS,
        "queue": {*queues.ALL, canaries.BEAT},
        "kind": set(Effect.objects.values_list("kind", flat=True)),
        "regime": set(portal_settings.PROVIDER_REGIMES),
        "check": set(background()),
    }
    seen = set()
    for family in text_string_to_metric_families(scrape(client)):
        for sample in family.samples:
            for label, value in sample.labels.items():
                if label in {"le", "version", "django", "python"}:
                    assert re.fullmatch(r"[0-9.e+Inf-]+(rc|a|b|\.post|\.dev)?[0-9]*", value)
                else:
                    assert value in known[label], (family.name, label, value)
                seen.add(label)
    assert seen >= known.keys()
