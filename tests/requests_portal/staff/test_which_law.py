"""Which law when: what staff are told of a place, and the profile from which it follows."""

import pytest
from django.utils import timezone

from tests.factories import provider
from tests.personas import make_staff
from workflows.regimes.models import ProviderProfileVersion

pytestmark = pytest.mark.django_db
PAGE = "/staff/regimes/providerprofileversion/"


@pytest.fixture
def officer(sign_in):
    return sign_in(make_staff("olga", "privacy_officer"))


def typed(**changes):
    facts = {"established_in": "de", "offers_service_in": "DE, CN", "office": "Legal department"}
    return {**facts, "answered_on": timezone.localdate().isoformat(), **changes}


def test_staff_read_which_laws_apply_to_a_place_and_why(officer):
    provider(established_in=["DE"], offers_service_in=["*"])
    page = officer.get(f"{PAGE}which-law/", {"residence": "HK"}).content.decode()

    assert "It applies because we have an establishment in the European Economic Area." in page
    assert "HK.connection" in page
    assert "Whether we have to apply it is still being examined" in page


def test_what_will_be_law_is_told_with_its_day(officer):
    page = officer.get(f"{PAGE}which-law/").content.decode()
    assert "India" in page


def test_a_profile_is_tried_out_before_it_is_set(officer, send):
    shown = send(officer, f"{PAGE}add/", typed(preview="1")).content.decode()
    assert "Mainland China; European Union and EEA" in shown
    assert not ProviderProfileVersion.objects.exists()

    assert (
        send(officer, f"{PAGE}add/", typed(**{"answer:US-CA.threshold": "no"})).status_code == 302
    )
    version = ProviderProfileVersion.objects.get()
    assert version.profile["established_in"] == ["DE"]
    assert version.profile["offers_service_in"] == ["DE", "CN"]
    assert version.profile["answers"] == {"US-CA.threshold": "no"}
    assert "Legal department" in officer.get(PAGE).content.decode()


def test_what_is_no_place_is_named_and_what_was_typed_stays(officer, send):
    page = send(officer, f"{PAGE}add/", typed(processes_in="Germany")).content.decode()
    assert "Not known as places: GERMANY" in page
    assert 'value="DE, CN"' in page
    assert not ProviderProfileVersion.objects.exists()


def test_who_is_no_officer_sets_none(sign_in):
    client = sign_in(make_staff("rene", "reviewer"))
    assert client.get(f"{PAGE}add/").status_code == 403
    assert client.get(f"{PAGE}which-law/").status_code == 403
