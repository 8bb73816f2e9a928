"""A regulator asks for an export, waits for it, fetches it, and keeps its checkpoint."""

import html
import io
import re
import shlex
import subprocess
import sys
import uuid
import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import make_case
from tests.personas import signed_in
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.cases.signed_receipt import signed_receipt
from workflows.exports.files import bundle_path, download_name
from workflows.exports.making import make_bundle
from workflows.exports.models import BundleJob
from workflows.ledger.models import Event
from workflows.ledger.selectors import latest_checkpoint
from workflows.ledger.sequencer import drain_inbox
from workflows.oversight.models import KeptCheckpoint

LIST = "/en/regulators/exports/"
NEW = f"{LIST}new/"


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def job(china, post):
    make_case(State.ANSWERED)
    response = post(china, NEW, {})
    assert response.status_code == 302
    return BundleJob.objects.get()


@pytest.fixture
def ready(job):
    make_bundle(job.pk)
    job.refresh_from_db()
    assert job.state == BundleJob.State.READY
    return job


def page_of(client, job):
    """The page of an export; the name of an option of a command is a piece that does not break."""
    response = client.get(f"{LIST}{job.pk}/")
    assert response.status_code == 200
    return re.sub(r"<span>(--[a-z-]+)</span>", r"\1", response.content.decode())


def downloaded(response):
    return b"".join(response.streaming_content)


# --- Asking -----------------------------------------------------------------------------------------
def test_asking_leads_to_a_page_that_can_be_looked_at_again_without_any_script(job, china):
    page = page_of(china, job)
    assert "Waiting for its turn." in page
    assert f'<a href="{LIST}{job.pk}/">Look now how far it is</a>' in page
    assert "<progress" in page
    assert f'<a href="{LIST}">Look now how far they are</a>' in china.get(LIST).content.decode()


def test_the_script_looks_again_only_while_there_is_something_to_wait_for(job, china):
    for address in (f"{LIST}{job.pk}/", LIST):
        page = china.get(address).content.decode()
        assert "portal/regulators.js" in page
        assert 'id="progress" data-unfinished' in page
    BundleJob.objects.filter(pk=job.pk).update(state="failed")
    for address in (f"{LIST}{job.pk}/", LIST):
        page = china.get(address).content.decode()
        assert "portal/regulators.js" not in page
        assert "data-unfinished" not in page


def test_progress_is_told_in_words(job, china):
    BundleJob.objects.filter(pk=job.pk).update(state="running", done=3, total=12)
    page = page_of(china, job)
    assert "3 of 12 parts are done" in page
    assert 'value="25"' in page
    assert "(3/12)" in china.get(LIST).content.decode()


def test_what_was_chosen_is_what_is_asked_for(china, post):
    case = make_case(State.ANSWERED)
    drain_inbox()
    note = latest_checkpoint().note
    post(
        china,
        NEW,
        {
            "since": "2026-01-01",
            "until": "2027-01-31",
            "states": ["answered", "closed"],
            "case": case.number.lower(),
            "previous": note.replace("\n", "\r\n"),
            "register": "on",
            "identity": "on",
            "identity_reason": "Complaint 2026/17",
        },
    )
    job = BundleJob.objects.get()
    assert job.filters == {
        "since": "2026-01-01",
        "until": "2027-01-31",
        "states": ["answered", "closed"],
        "case": case.number,
        "identity_reason": "Complaint 2026/17",
        "register": True,
    }
    assert job.previous == note
    assert job.language == "en"


def test_a_reason_without_the_tick_asks_for_no_documents(china, post):
    post(china, NEW, {"identity_reason": "By mistake"})
    assert BundleJob.objects.get().filters["identity_reason"] == ""


@pytest.mark.parametrize(
    ("data", "anchor", "sentence"),
    [
        ({"identity": "on"}, "id_identity_reason", "Say why you need documents of identity."),
        ({"since": "2026-02-02", "until": "2026-02-01"}, "id_until", "must not be before"),
        ({"case": "2026-ZZZZ-ZZZZ"}, "id_case", "There is no such case under your regime."),
        ({"previous": "hello"}, "id_previous", "is not one that this log signed"),
        ({"since": "yesterday"}, "id_since", "Enter a day like"),
        ({"until": "9999-12-31"}, "id_until", "between 1900 and 2999"),
        ({"states": ["gone"]}, "id_states_0", "not one of the available choices"),
    ],
)
def test_what_cannot_be_asked_for_is_told_beside_its_field(data, anchor, sentence, china, post):
    drain_inbox()
    page = post(china, NEW, data).content.decode()
    assert f'href="#{anchor}"' in page
    assert sentence in page
    assert "<title>Error: " in page
    assert not BundleJob.objects.exists()


def test_a_case_of_another_regime_cannot_be_exported(europe, post):
    case = make_case(State.ANSWERED)
    page = post(europe, NEW, {"case": case.number}).content.decode()
    assert "There is no such case under your regime." in page
    assert not BundleJob.objects.exists()


def test_a_form_without_its_token_is_refused(china):
    assert china.post(NEW, {}).status_code == 403
    assert not BundleJob.objects.exists()


# --- Fetching ---------------------------------------------------------------------------------------
def test_a_ready_export_shows_how_to_verify_it(ready, china):
    page = page_of(china, ready)
    assert ready.sha256 in page
    command = re.search(r"python3 verify.py (\S+) --vkey", page)[1]
    assert command == f"bundle-CN-{ready.created_at:%Y-%m-%d}-{str(ready.pk)[:8]}.zip"


def test_the_commands_that_it_shows_can_be_run_as_they_stand(ready, china, tmp_path):
    name = download_name(ready)
    (tmp_path / name).write_bytes(downloaded(china.get(f"{LIST}{ready.pk}/download/")))
    (tmp_path / "receipt.txt").write_text(signed_receipt(Case.objects.get()))
    with zipfile.ZipFile(tmp_path / name) as archive:
        archive.extract("verify.py", tmp_path)
    commands = re.findall(r"<code>(python3 verify.py .*?)</code>", page_of(china, ready))
    assert len(commands) == 2
    raw = china.get(f"{LIST}{ready.pk}/").content.decode()
    assert {" --vkey", " --receipt"} & set(re.findall(r" --[a-z]+", raw)) == set()
    for command in commands:
        program, *arguments = shlex.split(html.unescape(command))
        assert program == "python3"
        done = subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert done.stdout.startswith("OK\n")
    assert f"receipt of case {Case.objects.get().number}: entry 0" in done.stdout


def test_the_download_is_the_export_and_a_step_in_the_log(ready, china, lin):
    response = china.get(f"{LIST}{ready.pk}/download/")
    content = downloaded(response)
    assert len(content) == ready.size == int(response["Content-Length"])
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    assert response["Content-Disposition"].startswith("attachment;")
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Type"] == "application/zip"
    event = Event.objects.get(name="bundle.downloaded")
    assert (event.role, event.actor) == ("regulator", lin.user.staff_identity.pseudonym)
    assert event.facts == {"bundle": str(ready.pk), "regime": "CN", "sha256": ready.sha256}


def test_a_broken_download_goes_on_where_it_stopped(ready, china):
    address = f"{LIST}{ready.pk}/download/"
    whole = downloaded(china.get(address))
    etag = china.head(address)["ETag"]
    first = china.get(address, headers={"range": "bytes=0-99"})
    rest = china.get(address, headers={"range": "bytes=100-", "if-range": etag})
    assert (first.status_code, rest.status_code) == (206, 206)
    assert rest["Content-Range"] == f"bytes 100-{len(whole) - 1}/{len(whole)}"
    assert downloaded(first) + downloaded(rest) == whole
    assert Event.objects.filter(name="bundle.downloaded").count() == 3


def test_an_export_that_is_not_ready_cannot_be_fetched(job, china):
    assert china.get(f"{LIST}{job.pk}/download/").status_code == 404


def test_an_expired_export_says_so(ready, china):
    BundleJob.objects.filter(pk=ready.pk).update(state="expired")
    assert "is not kept any more" in page_of(china, ready)
    assert china.get(f"{LIST}{ready.pk}/download/").status_code == 404


def test_an_export_whose_time_is_over_is_not_given_though_nobody_has_swept(ready, china):
    BundleJob.objects.filter(pk=ready.pk).update(expires_at=timezone.now())
    assert bundle_path(ready).exists()
    steps = Event.objects.count()
    assert china.get(f"{LIST}{ready.pk}/download/").status_code == 404
    assert Event.objects.count() == steps
    assert "is not kept any more" in page_of(china, ready)
    assert ">expired<" in china.get(LIST).content.decode()


def test_a_failed_export_says_why(job, china):
    BundleJob.objects.filter(pk=job.pk).update(state="failed", error="Your account has expired.")
    assert "Your account has expired." in page_of(china, job)


# --- Forms and encryption ---------------------------------------------------------------------------
RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
KEY_PAGE = f"{LIST}key/"


def test_more_forms_are_asked_for_and_told(china, post):
    make_case(State.ANSWERED)
    post(china, NEW, {"formats": ["pdf", "xlsx", "bom"]})
    job = BundleJob.objects.get()
    assert job.formats == ["bom", "pdf", "xlsx"]
    make_bundle(job.pk)
    page = page_of(china, job)
    assert "Summary with charts (PDF)" in page
    content = downloaded(china.get(f"{LIST}{job.pk}/download/"))
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert {"cases.xlsx", "summary.pdf"} <= set(names)


def test_without_a_key_the_form_says_how_to_keep_one(china, post):
    page = china.get(NEW).content.decode()
    assert KEY_PAGE in page
    assert 'name="encrypt"' not in page
    # A field that the form does not have is not listened to.
    post(china, NEW, {"encrypt": "on"})
    assert BundleJob.objects.get().recipient == ""


def test_a_key_is_kept_and_used_for_what_is_asked_next(china, post, lin):
    assert post(china, KEY_PAGE, {"recipient": f" {RECIPIENT} "}).status_code == 302
    lin.refresh_from_db()
    assert lin.age_recipient == RECIPIENT
    page = china.get(NEW).content.decode()
    assert RECIPIENT in page
    assert re.search(r'name="encrypt"[^>]* checked', page)
    make_case(State.ANSWERED)
    post(china, NEW, {"encrypt": "on"})
    job = BundleJob.objects.get()
    assert job.recipient == RECIPIENT
    make_bundle(job.pk)
    page = page_of(china, job)
    name = f"bundle-CN-{job.created_at:%Y-%m-%d}-{str(job.pk)[:8]}.zip"
    assert f"age --decrypt --identity key.txt --output {name} {name}.age" in page
    assert f"python3 verify.py {name} --vkey" in page
    response = china.get(f"{LIST}{job.pk}/download/")
    assert response["Content-Type"] == "application/octet-stream"
    assert f"{name}.age" in response["Content-Disposition"]
    assert downloaded(response).startswith(b"age-encryption.org/v1\n")


def test_encryption_can_be_left_out_and_the_key_given_up(china, post, lin):
    post(china, KEY_PAGE, {"recipient": RECIPIENT})
    post(china, NEW, {})
    assert BundleJob.objects.get().recipient == ""
    post(china, KEY_PAGE, {"recipient": ""})
    lin.refresh_from_db()
    assert lin.age_recipient == ""


def test_what_is_no_key_is_told_beside_its_field(china, post, lin):
    page = post(china, KEY_PAGE, {"recipient": RECIPIENT[:-1]}).content.decode()
    assert 'href="#id_recipient"' in page
    assert "This is not a public key of age." in page
    lin.refresh_from_db()
    assert lin.age_recipient == ""


def test_the_key_is_changed_only_by_who_has_just_signed_in(lin, europe, post):
    answer = signed_in(lin.user).get(KEY_PAGE)
    assert "/accounts/reauthenticate/" in answer.headers["Location"]
    post(europe, KEY_PAGE, {"recipient": RECIPIENT})
    lin.refresh_from_db()
    assert lin.age_recipient == ""


# --- Nobody else's ----------------------------------------------------------------------------------
def test_nobody_else_can_see_or_fetch_an_export(ready, europe, sign_in):
    from tests.personas import make_regulator

    colleague = sign_in(make_regulator("colleague", "CN").user)
    for client in (europe, colleague):
        for ending in ("", "download/"):
            assert client.get(f"{LIST}{ready.pk}/{ending}").status_code == 404
        assert str(ready.pk) not in client.get(LIST).content.decode()
    assert not Event.objects.filter(name="bundle.downloaded").exists()


def test_an_officer_who_changes_regime_loses_the_earlier_exports(ready, china, lin):
    lin.regime = "EU"
    lin.save()
    assert china.get(f"{LIST}{ready.pk}/download/").status_code == 404


def test_an_expired_account_cannot_fetch_its_own_export(ready, china, lin):
    lin.expires_at = timezone.now() - timedelta(seconds=1)
    lin.save()
    assert bundle_path(ready).exists()
    assert china.get(f"{LIST}{ready.pk}/download/").status_code == 403


def test_an_unknown_id_is_not_found(china):
    assert china.get(f"{LIST}{uuid.uuid4()}/").status_code == 404


# --- Checkpoints ------------------------------------------------------------------------------------
def test_the_checkpoint_of_an_export_is_kept_and_used_by_the_next(ready, china, post, lin):
    response = post(china, f"{LIST}{ready.pk}/", {}, to=f"{LIST}{ready.pk}/keep/")
    assert response.status_code == 302
    kept = KeptCheckpoint.objects.get(account=lin)
    assert kept.size == ready.log_size
    assert "It is also kept here" in page_of(china, ready)
    assert kept.note.splitlines()[-1] in china.get(NEW).content.decode()


def test_a_checkpoint_kept_elsewhere_is_held_against_the_log(china, post, lin):
    make_case()
    drain_inbox()
    note = latest_checkpoint().note
    address = "/en/regulators/checkpoints/"
    assert post(china, address, {"checkpoint": note}).status_code == 302
    assert "The log continues this checkpoint" in china.get(address).content.decode()
    faulty = note.replace("\n1\n", "\n2\n", 1)
    page = post(china, address, {"checkpoint": faulty}).content.decode()
    assert 'href="#id_checkpoint"' in page
    assert "is not one that this log signed" in page
    assert "Paste a checkpoint first." in post(china, address, {}).content.decode()
    assert KeptCheckpoint.objects.filter(account=lin).count() == 1


def test_an_export_asks_who_you_are_once_more(lin):
    answer = signed_in(lin.user).get("/en/regulators/exports/new/")

    assert answer.status_code == 302
    assert "/accounts/reauthenticate/" in answer.headers["Location"]
