"""Manifests in the staff's pages: applied by a steward, and the places named where something is left."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import STEWARD
from tests.requests_portal.staff.addresses import QUEUE, case_url, hidden_fields
from tests.workflows.corrections.changing import FORUM, executing, look_up, manifest_for
from tests.workflows.corrections.conftest import data, no_broker
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.cases.models import Case
from workflows.corrections.manifest_application import apply_locally
from workflows.corrections.manifest_verification import verify_manifest
from workflows.corrections.manifests import abandon_verification
from workflows.corrections.receipts import ask_to_apply, take_receipt
from workflows.datasets.models import Snapshot
from workflows.datasets.register import mark_purged
from workflows.ledger.models import Event
from workflows.vocabulary.outcomes import Outcome

__all__ = ["data", "no_broker"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]
MANIFESTS = "/staff/corrections/manifest/"


@pytest.fixture
def waiting(data):
    (data / "forum.jsonl").write_text(lines(FORUM))
    forum = make_snapshot("forum.jsonl")
    executing(Outcome.CORRECTED)
    return manifest_for(forum)


def page_of(client, case):
    return client.get(case_url(case)).content.decode()


def buttons(page):
    """The things that can be done with the manifest whose page it is."""
    return set(re.findall(r'href="[^"]*/(apply|receipt|search)/"', page))


def act(client, path, name, row):
    token = hidden_fields(client.get(path).content.decode())["csrfmiddlewaretoken"]
    chosen = {"action": name, "_selected_action": [str(row.pk)], "index": "0"}
    return client.post(path, {"csrfmiddlewaretoken": token, **chosen}, follow=True)


def test_a_steward_applies_it_here(sign_in, data_steward, waiting):
    client = sign_in(data_steward)
    page = act(client, MANIFESTS, "apply_here", waiting).content.decode()
    assert "1 manifest is being applied" in page
    assert "being applied, or has" in act(client, MANIFESTS, "apply_here", waiting).content.decode()
    apply_locally(str(waiting.pk))
    verify_manifest(str(waiting.pk))
    page = client.get(f"{MANIFESTS}{waiting.pk}/change/").content.decode()
    assert "Applied, and nothing is left" in page
    assert Case.objects.get().number in page
    assert not buttons(page)
    assert "_save" not in page


def test_a_steward_is_told_that_a_newer_version_was_registered(
    sign_in, send, data_steward, waiting, data
):
    forum = waiting.snapshot
    make_snapshot("forum.jsonl", forum.dataset, version="2", parent=forum)
    look_up()
    client, page = sign_in(data_steward), f"{MANIFESTS}{waiting.pk}"
    assert (
        "A newer version of these data was registered since"
        in client.get(f"{page}/change/").content.decode()
    )

    typed = {"status": "refused", "remark": "Version 2 is in use."}
    assert send(client, f"{page}/receipt/", typed).status_code == 302

    assert manifest_for(forum).snapshot.version == "2"


def test_that_its_data_are_gone_makes_no_newer_version(sign_in, data_steward, waiting):
    mark_purged(waiting.snapshot, STEWARD)
    page = sign_in(data_steward).get(f"{MANIFESTS}{waiting.pk}/change/").content.decode()
    assert "newer version" not in page


def test_the_case_says_which_snapshot_came_out_of_its_change(sign_in, reviewer, waiting):
    ask_to_apply(waiting, STEWARD)
    apply_locally(str(waiting.pk))
    verify_manifest(str(waiting.pk))
    case, client = Case.objects.get(), sign_in(reviewer)
    for address in (case_url(case), f"{QUEUE}{case.pk}/matches/"):
        page = client.get(address).content.decode()
        assert page.count("Came out of the change") == 1
        assert "Not searched" not in page
    waiting.refresh_from_db()
    assert f"snapshot {waiting.result}; the re-scan found nothing." in page_of(client, case)
    client.cookies["django_language"] = "zh-hans"
    page = page_of(client, case)
    assert f"快照{waiting.result}，重新扫描没有发现遗留。" in page
    assert "re-scan" not in page


def test_the_place_is_named_where_something_is_left(sign_in, data_steward, waiting, data):
    (data / "2.jsonl").write_text(lines(FORUM))
    new = Snapshot(version="2", format="jsonl", location="2.jsonl")
    take_receipt(waiting, STEWARD, key="k", status="applied", snapshot=new)
    verify_manifest(str(waiting.pk))
    page = sign_in(data_steward).get(f"{MANIFESTS}{waiting.pk}/change/").content.decode()
    assert "the corrected text is missing: forum.jsonl · a · text" in page
    assert not buttons(page)


def test_places_that_are_not_changed_are_named_with_what_to_do(sign_in, data_steward, waiting):
    waiting.left_out = [{"file": "forum.jsonl", "id": 0, "field": "text", "start": 0, "end": 3}]
    waiting.save()
    page = sign_in(data_steward).get(f"{MANIFESTS}{waiting.pk}/change/").content.decode()
    assert "forum.jsonl · 0 · text · 0-3" in page
    assert "change them by hand; then enter the receipt in the case" in page


def test_a_search_that_never_came_to_an_end_is_asked_for_again(
    sign_in, send, data_steward, waiting
):
    ask_to_apply(waiting, STEWARD)
    apply_locally(str(waiting.pk))
    abandon_verification(str(waiting.pk))
    client, address = sign_in(data_steward), f"{MANIFESTS}{waiting.pk}"
    page = client.get(f"{address}/change/").content.decode()
    assert "never came to an end" in page
    assert "Then press “Search again”." in page
    assert buttons(page) == {"search"}
    assert send(client, f"{address}/search/", {}).status_code == 302
    page = client.get(f"{address}/change/").content.decode()
    assert "is being searched" in page
    assert not buttons(page)


def test_the_page_of_a_manifest_says_what_to_do_and_applies_it(
    sign_in, send, data_steward, waiting
):
    client, page = sign_in(data_steward), f"{MANIFESTS}{waiting.pk}"
    shown = client.get(f"{page}/change/").content.decode()
    assert "take the files to your pipeline" in shown
    assert buttons(shown) == {"apply", "receipt"}
    assert send(client, f"{page}/apply/", {}).status_code == 302
    shown = client.get(f"{page}/change/").content.decode()
    assert "Being applied on this server" in shown
    assert buttons(shown) == {"receipt"}
    assert "being applied, or has" in send(client, f"{page}/apply/", {}).content.decode()


def test_a_receipt_is_entered_by_hand(sign_in, send, data_steward, waiting, data):
    (data / "2.jsonl").write_text(lines(FORUM).replace("住在上海，电话", "住在杭州，电话"))
    client, path = sign_in(data_steward), f"{MANIFESTS}{waiting.pk}/receipt/"
    page = send(client, path, {"status": "applied"}).content.decode()
    assert page.count("Say which snapshot came out.") == 2
    again = {"status": "applied", "version": "1", "location": "2.jsonl"}
    assert "has a snapshot of this version" in send(client, path, again).content.decode()
    assert not Snapshot.objects.exclude(pk=waiting.snapshot_id).exists()

    for location, sentence in (
        ("3.jsonl", "3.jsonl does not exist."),
        ("/etc/hosts", "outside of the folders"),
        ("forum.jsonl", "The old snapshot lies there."),
        ("broken.jsonl", "is damaged, or is not of this format"),
    ):
        (data / "broken.jsonl").write_text("no JSON\n")
        typed = {"status": "applied", "version": "2", "location": location, "remark": "By night"}
        page = send(client, path, typed).content.decode()
        assert sentence in page
        assert 'id="id_location_error"' in page
        assert f'value="{location}"' in page
        assert 'value="By night"' in page
    assert not waiting.receipts.exists()

    new = {"status": "applied", "version": "2", "location": "2.jsonl", "remark": "By our pipeline"}
    assert send(client, path, new).status_code == 302
    verify_manifest(str(waiting.pk))
    page = client.get(f"{MANIFESTS}{waiting.pk}/change/").content.decode()
    assert "Applied, and nothing is left" in page
    assert "By our pipeline" in page
    assert data_steward.username in page


def test_a_receipt_names_a_snapshot_that_is_registered_already(
    sign_in, send, data_steward, waiting, data
):
    (data / "2.jsonl").write_text(lines(FORUM))
    new = make_snapshot("2.jsonl", waiting.snapshot.dataset, version="2")
    path = f"{MANIFESTS}{waiting.pk}/receipt/"
    send(sign_in(data_steward), path, {"status": "partly", "registered": str(new.pk)})
    waiting.refresh_from_db()
    assert (waiting.state, waiting.result) == ("applied", new)


def test_the_files_are_fetched_and_the_log_keeps_that_they_were(sign_in, data_steward, waiting):
    client = sign_in(data_steward)
    files = f"{MANIFESTS}{waiting.pk}/files/"
    page = client.get(f"{MANIFESTS}{waiting.pk}/change/").content.decode()
    for name, content in (
        ("manifest.note", waiting.note.encode()),
        ("entries.jsonl", waiting.jsonl),
        ("entries.parquet", waiting.parquet),
    ):
        assert f"{files}{name}" in page
        assert client.get(f"{files}{name}").content == content
    assert "住在杭州" in client.get(f"{files}replacements.jsonl").content.decode()
    assert client.get(f"{files}other").status_code == 404
    looks = Event.objects.filter(name="case.viewed", case=Case.objects.get().pseudonym)
    assert [look.facts["what"] for look in looks].count("manifest") == 4


def test_a_manifest_is_found_by_dataset_version_and_case(sign_in, data_steward, waiting):
    client = sign_in(data_steward)
    for term in ("Forum", "1", Case.objects.get().number):
        assert str(waiting.pk) in client.get(MANIFESTS, {"q": term}).content.decode()
    assert str(waiting.pk) not in client.get(MANIFESTS, {"q": "nothing"}).content.decode()
    assert str(waiting.pk) not in client.get(MANIFESTS, {"state": "left"}).content.decode()


def test_the_list_takes_the_same_queries_for_many(
    sign_in, data_steward, waiting, data, django_assert_max_num_queries
):
    client = sign_in(data_steward)
    with CaptureQueriesContext(connection) as one:
        client.get(MANIFESTS)
    sealed = ("note", "jsonl", "parquet", "replacements", "left")
    assert not {name for query in one for name in sealed if f'."{name}"' in query["sql"]}
    for version in "23":
        (data / f"{version}.jsonl").write_text(lines(FORUM))
        other = make_snapshot(f"{version}.jsonl", waiting.snapshot.dataset, version=version)
        executing(Outcome.CORRECTED)
        manifest_for(other)
    with django_assert_max_num_queries(len(one)):
        page = client.get(MANIFESTS)
    assert page.content.decode().count("To be applied") >= 3


def test_a_reviewer_reads_and_cannot_apply(sign_in, reviewer, intake, waiting):
    client = sign_in(reviewer)
    for page in ("apply/", "receipt/", "files/entries.jsonl"):
        assert client.get(f"{MANIFESTS}{waiting.pk}/{page}").status_code == 403
    act(client, MANIFESTS, "apply_here", waiting)
    waiting.refresh_from_db()
    assert waiting.applied_by == ""
    assert sign_in(intake).get(MANIFESTS).status_code == 403
