"""What this server writes for a manifest lies where it is looked for, and nothing of it stays in vain."""

import shutil
from dataclasses import replace

import pytest

from tests.factories import APPROVER, STEWARD, WANG
from tests.workflows.corrections.changing import FORUM, executing, manifest_for
from tests.workflows.corrections.test_giving_up import after_the_last_turn
from tests.workflows.datasets.entries import lines, make_snapshot
from workflows.cases.filing_request import FiledItem
from workflows.corrections import manifest_application
from workflows.corrections.manifest_application import apply_locally
from workflows.corrections.manifest_verification import verify_manifest
from workflows.corrections.models import Manifest
from workflows.corrections.receipts import APPLY, ask_to_apply
from workflows.corrections.withdrawal import stop_execution
from workflows.datasets.locations import path_of
from workflows.outbox.models import Effect
from workflows.outbox.services import run_effect
from workflows.vocabulary.outcomes import Outcome

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]

DELETE = replace(WANG, items=(FiledItem("delete", {"statement": "请删除。"}),))


class Died(BaseException):
    """The worker died: nothing after this is done."""


def asked(data, location="forum.jsonl"):
    if not (data / location).exists():
        (data / location).write_text(lines(FORUM))
    forum = make_snapshot(location)
    case = executing(Outcome.DELETED, DELETE)
    manifest = manifest_for(forum)
    ask_to_apply(manifest, STEWARD)
    return case, manifest


def names(data):
    return sorted(path.name for path in data.iterdir())


@pytest.mark.parametrize("is_folder", [True, False])
def test_where_the_location_is_a_link_the_new_snapshot_lies_beside_it(data, is_folder):
    releases = data / "releases"
    releases.mkdir()
    if is_folder:
        (releases / "v1").mkdir()
        (releases / "v1" / "a.jsonl").write_text(lines(FORUM))
        (data / "current").symlink_to(releases / "v1")
    else:
        (releases / "v1.jsonl").write_text(lines(FORUM))
        (data / "current").symlink_to(releases / "v1.jsonl")
    _case, manifest = asked(data, "current")

    apply_locally(str(manifest.pk))
    verify_manifest(str(manifest.pk))

    manifest.refresh_from_db()
    assert manifest.state == Manifest.State.VERIFIED, manifest.receipts.last()
    ending = "" if is_folder else ".jsonl"
    assert manifest.result.location == f"current-{manifest.pk.hex[:8]}{ending}"
    assert path_of(manifest.result).parent == data.resolve()
    assert len(list(releases.iterdir())) == 1


def test_a_half_written_copy_does_not_stay_after_giving_up(data, monkeypatch):
    _case, manifest = asked(data)
    half = data / f".forum-{manifest.pk.hex[:8]}.jsonl.partial"
    half.mkdir()
    (half / "forum.jsonl").write_text("half")

    after_the_last_turn(APPLY, manifest.pk)

    manifest.refresh_from_db()
    assert manifest.state == Manifest.State.REFUSED
    assert names(data) == ["forum.jsonl"]


def test_a_finished_copy_does_not_stay_after_giving_up(data, monkeypatch):
    _case, manifest = asked(data)
    monkeypatch.setattr(manifest_application, "take_receipt", die)
    with pytest.raises(Died):
        apply_locally(str(manifest.pk))
    monkeypatch.undo()
    assert len(names(data)) == 3  # with the list of manifests that made it

    monkeypatch.setattr("celery.current_app.send_task", lambda *_args, **_more: None)
    after_the_last_turn(APPLY, manifest.pk)

    assert names(data) == ["forum.jsonl"]


def die(*_args, **_more):
    raise Died


def test_a_copy_whose_receipt_is_refused_does_not_stay_and_the_receipt_says_why(data):
    _case, manifest = asked(data)
    mark = manifest.pk.hex[:8]
    old = manifest.snapshot
    (data / "other.jsonl").write_text(lines(FORUM))
    make_snapshot("other.jsonl", old.dataset, version=f"{old.version}-{mark}")

    apply_locally(str(manifest.pk))

    manifest.refresh_from_db()
    assert manifest.state == Manifest.State.REFUSED
    assert "a snapshot of this version already" in manifest.receipts.get().remark
    assert names(data) == ["forum.jsonl", "other.jsonl"]


def test_a_copy_of_a_manifest_that_was_withdrawn_meanwhile_does_not_stay(data, monkeypatch):
    case, manifest = asked(data)
    write = manifest_application.write_copy

    def withdrawn_while_writing(one):
        new = write(one)
        stop_execution(case, APPROVER, "It cannot be done like this.")
        return new

    monkeypatch.setattr(manifest_application, "write_copy", withdrawn_while_writing)
    apply_locally(str(manifest.pk))
    manifest.refresh_from_db()
    assert manifest.state == Manifest.State.WITHDRAWN
    assert not manifest.receipts.exists()
    assert names(data) == ["forum.jsonl"]


def test_a_copy_that_a_dead_worker_has_left_goes_when_its_manifest_was_withdrawn(data, monkeypatch):
    case, manifest = asked(data)
    with monkeypatch.context() as patched:
        patched.setattr(manifest_application, "take_receipt", die)
        with pytest.raises(Died):
            apply_locally(str(manifest.pk))
    stop_execution(case, APPROVER, "It cannot be done like this.")
    effect = Effect.objects.get(kind=APPLY, payload__turn=1)
    run_effect(effect.pk)
    assert names(data) == ["forum.jsonl"]


def test_a_copy_that_is_registered_stays(data):
    _case, manifest = asked(data)
    apply_locally(str(manifest.pk))
    effect = Effect.objects.get(kind=APPLY, payload__turn=1)
    run_effect(effect.pk)
    manifest.refresh_from_db()
    assert path_of(manifest.result).exists()


def finished_copy_of_a_folder(data, monkeypatch):
    """A worker died before it could give the receipt: what it wrote is registered by nobody."""
    (data / "forum").mkdir()
    for name in ("a.jsonl", "b.jsonl"):
        (data / "forum" / name).write_text(lines([{**FORUM[0], "id": name[0]}, *FORUM[1:]]))
    _case, manifest = asked(data, "forum")
    with monkeypatch.context() as patched:
        patched.setattr(manifest_application, "take_receipt", die)
        with pytest.raises(Died):
            apply_locally(str(manifest.pk))
    return manifest, f"forum-{manifest.pk.hex[:8]}"


def test_a_finished_copy_goes_although_another_snapshot_has_its_name_elsewhere(data, monkeypatch):
    manifest, name = finished_copy_of_a_folder(data, monkeypatch)
    (data / "sent").mkdir()
    shutil.copytree(data / name, data / "sent" / name)
    make_snapshot(f"sent/{name}", manifest.snapshot.dataset, version="sent")

    after_the_last_turn(APPLY, manifest.pk)

    assert names(data) == ["forum", "sent"]
    assert names(data / "sent") == [name]


@pytest.mark.parametrize("location", ["{name}/", "{data}/{name}", "{name}/b.jsonl", "latest"])
def test_a_finished_copy_stays_where_it_or_a_part_of_it_is_registered(data, monkeypatch, location):
    manifest, name = finished_copy_of_a_folder(data, monkeypatch)
    (data / "latest").symlink_to(data / name)
    typed = location.format(name=name, data=data)
    make_snapshot(typed, manifest.snapshot.dataset, version="by hand")

    after_the_last_turn(APPLY, manifest.pk)

    assert names(data) == ["forum", name, "latest"]
    assert names(data / name) == ["_manifests.json", "a.jsonl", "b.jsonl"]
