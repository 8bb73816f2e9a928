"""A table of PostgreSQL: found in, changed by a script in its own database, read again, answered."""

import pytest

from tests.factories import REVIEWER, STEWARD, WANG, in_review_with_proof
from tests.requests_portal.staff.conftest import english_pages, send, sign_in
from tests.workflows.corrections.changing import look_up, manifest_for, propose_and_approve
from tests.workflows.corrections.tables import address, content, drop_table, make_table, run_script
from tests.workflows.corrections.test_returns import delete_request
from tests.workflows.datasets.entries import make_snapshot
from workflows.common.errors import Refused
from workflows.corrections.answer_parts import changes_in_words, changes_of
from workflows.corrections.downloads import SQL, content_of
from workflows.corrections.manifest_verification import verify_manifest
from workflows.corrections.models import Manifest, Reingestion
from workflows.corrections.receipts import ask_to_apply, take_receipt
from workflows.corrections.redo_removal import find_reingested, redo_removal
from workflows.corrections.reingestion import enqueue_redo_removal
from workflows.datasets.models import Snapshot
from workflows.lookups.models import Match
from workflows.lookups.services import judge
from workflows.vocabulary.outcomes import Outcome

__all__ = ["delete_request", "english_pages", "send", "sign_in"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]
PLACE = "archive/public.posts"
ROWS = [
    (1, "王小明住在上海，电话 13800001234", None),
    (2, "另一个王小明也住在上海", None),
    (3, "nothing here", None),
]
COLUMNS = {"id_field": "key", "text_fields": ["Body", "title"], "source_field": ""}


@pytest.fixture
def posts(settings):
    settings.DATASET_DATABASES = {"archive": address()}
    make_table("posts", ROWS)
    yield make_snapshot(PLACE, format="postgresql", **COLUMNS)
    drop_table("posts")


def manifest_of(posts, request_, outcome):
    case = in_review_with_proof(request_)
    look_up()
    for match in case.matches.all():
        verdict = Match.Verdict.THEIRS if match.record == 1 else Match.Verdict.NOT_THEIRS
        judge(case, REVIEWER, [match.pk], verdict)
    propose_and_approve(case, outcome)
    return case, manifest_for(posts)


def changed_in_place(manifest, version="2"):
    run_script(content_of(manifest, SQL).decode())
    new = Snapshot(version=version, format="postgresql", location=PLACE)
    take_receipt(manifest, STEWARD, key=version, status="applied", snapshot=new)
    verify_manifest(str(manifest.pk))
    manifest.refresh_from_db()
    return manifest


def test_a_correction_stands_in_the_table_and_the_old_version_is_no_more(posts):
    case, manifest = manifest_of(posts, WANG, Outcome.CORRECTED)
    with pytest.raises(Refused, match=r"changes\.sql"):
        ask_to_apply(manifest, STEWARD)

    changed_in_place(manifest)

    assert manifest.state == Manifest.State.VERIFIED, manifest.left
    assert content("posts") == [(1, "王小明住在杭州，电话 13800001234", None), *ROWS[1:]]
    posts.refresh_from_db()
    assert posts.state == Snapshot.State.PURGED
    assert case.items.get().executed
    sentence = changes_in_words(tuple(case.items.all()), changes_of(case)[posts.pk])
    assert "In 1 record the wrong text was corrected." in sentence


def test_a_receipt_without_the_change_is_found_out(posts, delete_request):
    case, manifest = manifest_of(posts, delete_request, Outcome.DELETED)
    new = Snapshot(version="2", format="postgresql", location=PLACE)
    take_receipt(manifest, STEWARD, key="k", status="applied", snapshot=new)
    verify_manifest(str(manifest.pk))
    manifest.refresh_from_db()
    assert manifest.state == Manifest.State.LEFT
    assert not case.items.get().executed
    # The next manifest is for what is registered now, and this time its script is run.
    look_up()
    again = changed_in_place(manifest_for(posts), version="3")
    assert again.state == Manifest.State.VERIFIED, again.left
    assert [row[0] for row in content("posts")] == [2, 3]
    # Both older versions are the same table, which holds none of it any more.
    states = dict(posts.dataset.snapshots.values_list("version", "state"))
    assert states == {posts.version: "purged", "2": "purged", "3": "readable"}


def test_what_comes_back_into_a_table_is_taken_out_again(posts, delete_request):
    case, manifest = manifest_of(posts, delete_request, Outcome.DELETED)
    changed_in_place(manifest)
    run_script("INSERT INTO posts VALUES (9, '王小明住在上海，电话 13800001234')")
    restored = make_snapshot(
        PLACE, posts.dataset, version="restored", format="postgresql", **COLUMNS
    )
    assert find_reingested(restored.pk) == 1
    returned = Reingestion.objects.get(case=case)
    assert returned.places == [["public.posts", "9"]]
    enqueue_redo_removal(returned, STEWARD)
    again = changed_in_place(redo_removal(returned.pk), version="4")
    assert again.state == Manifest.State.VERIFIED, again.left
    assert [row[0] for row in content("posts")] == [2, 3]
    readable = posts.dataset.snapshots.filter(state=Snapshot.State.READABLE)
    assert list(readable.values_list("version", flat=True)) == ["4"]


def test_a_steward_fetches_the_script_and_enters_the_receipt(posts, sign_in, send, data_steward):
    _case, manifest = manifest_of(posts, WANG, Outcome.CORRECTED)
    client, page = sign_in(data_steward), f"/staff/corrections/manifest/{manifest.pk}"
    shown = client.get(f"{page}/change/").content.decode()
    assert "Have changes.sql run in the database" in shown
    script = client.get(f"{page}/files/changes.sql").content.decode()
    assert script.startswith("BEGIN;")
    run_script(script)
    form = client.get(f"{page}/receipt/").content.decode()
    assert f'value="{PLACE}"' in form
    typed = {"status": "applied", "version": "2", "location": PLACE}
    assert send(client, f"{page}/receipt/", typed).status_code == 302
    verify_manifest(str(manifest.pk))
    manifest.refresh_from_db()
    assert manifest.state == Manifest.State.VERIFIED, manifest.left
    # The table is not as it was any more: another script is not made, and the page says why.
    late = client.get(f"{page}/files/changes.sql", follow=True).content.decode()
    assert "are not as they were" in late
