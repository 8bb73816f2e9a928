"""The page of clauses: an officer reads every one in each language, and attests it."""

import pytest
from django.utils import timezone

from tests.personas import make_staff
from workflows.notices.clauses import clause_named, clauses
from workflows.notices.models import ClauseAttestation

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


def test_an_officer_reads_every_clause_and_attests_one(sign_in, send):
    ClauseAttestation.objects.all().delete()
    client = sign_in(make_staff("olga", "privacy_officer"))
    page = client.get("/staff/notices/clauseattestation/").content.decode()
    for clause in clauses():
        assert all(words in page for words in clause.words.values())
    assert "6 clauses are open." in page

    address = "/staff/notices/clauseattestation/clause/identity_use/"
    clause = clause_named("identity_use")
    typed = {
        "office": "Legal department",
        "on": TODAY().isoformat(),
        "version": clause.version,
        **{f"words_{language}": words for language, words in clause.words.items()},
    }
    assert send(client, address, {**typed, "office": ""}).status_code == 200
    assert not ClauseAttestation.objects.exists()
    assert send(client, address, typed).status_code == 302
    assert clause_named("identity_use").is_attested
    assert ClauseAttestation.objects.get().own_words == {}

    send(client, address, {"withdraw": "1"})
    assert not clause_named("identity_use").is_attested


def test_who_is_no_officer_does_not(sign_in):
    client = sign_in(make_staff("rene", "reviewer"))

    assert client.get("/staff/notices/clauseattestation/").status_code == 403
    address = "/staff/notices/clauseattestation/clause/identity_use/"
    assert client.get(address).status_code == 403
