"""A regulator reaches each of 113 exports, over the API and by the links of the pages."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.personas import signed_in
from tests.requests_portal.api.test_regulator import client_of
from workflows.accounts.models import RegulatorAccount
from workflows.exports.models import BundleJob
from workflows.oversight.models import KeptCheckpoint

pytestmark = pytest.mark.django_db
MANY = 113


@pytest.fixture
def api():
    return client_of("CN")


@pytest.fixture
def account(api) -> RegulatorAccount:
    return RegulatorAccount.objects.get(regime="CN")


@pytest.fixture
def made(account) -> set[str]:
    """Many exports, half of them asked for in the same moment."""
    jobs = BundleJob.objects.bulk_create(
        BundleJob(regime="CN", requested_by=account.user, language="en") for _ in range(MANY)
    )
    BundleJob.objects.filter(pk__in=[job.pk for job in jobs[20:80]]).update(
        created_at=timezone.now() - timedelta(days=1)
    )
    return {str(job.pk) for job in jobs}


def test_over_the_api_page_by_page(api, made):
    found: list[str] = []
    address, pages = "/api/v1/regulator/bundles/", 0
    while address:
        page = api.get(address).json()
        found += [job["id"] for job in page["results"]]
        address, pages = page["next"], pages + 1

    assert len(found) == MANY
    assert set(found) == made
    assert pages == 3


def test_what_is_asked_for_meanwhile_moves_no_export_to_another_page(api, account, made):
    first = api.get("/api/v1/regulator/bundles/").json()
    BundleJob.objects.create(regime="CN", requested_by=account.user, language="en")
    second = api.get(first["next"]).json()

    seen = [job["id"] for job in first["results"] + second["results"]]
    assert len(seen) == len(set(seen)) == 100
    assert set(seen) <= made


def follow(client, address: str, pattern: str) -> tuple[list[str], int]:
    """Return what stands on a page and on all behind its link to the next one."""
    found: list[str] = []
    query, pages = "", 0
    while query is not None:
        page = client.get(f"{address}{query}").content.decode()
        found += re.findall(pattern, page)
        further = re.search(r'href="([^"]+)"\s+rel="next"', page)
        query, pages = further and further[1].replace("&amp;", "&"), pages + 1
    return found, pages


def test_in_the_pages_link_by_link(account, made):
    address = "/en/regulators/exports/"
    client = signed_in(account.user, fresh=True)

    found, pages = follow(client, address, rf'scope="row"[^>]*><a href="{address}([0-9a-f-]+)/')

    assert len(found) == MANY
    assert set(found) == made
    assert pages == 3
    last = client.get(f"{address}?page=3").content.decode()
    assert "Page 3 of 3" in last
    assert 'rel="prev"' in last


def test_each_kept_checkpoint_as_well(account):
    KeptCheckpoint.objects.bulk_create(
        KeptCheckpoint(account=account, size=size, note=f"note {size}")
        for size in range(1000, 1000 + MANY)
    )
    client = signed_in(account.user, fresh=True)

    found, _pages = follow(client, "/en/regulators/checkpoints/", r"<code>note (\d+)</code>")

    assert len(found) == MANY
    assert set(found) == {str(size) for size in range(1000, 1000 + MANY)}
