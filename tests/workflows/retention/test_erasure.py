"""After an erasure nothing of the person is left anywhere, and everything still verifies."""

import base64
import io
import json
import logging
import pickle
import secrets
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pypdf
import pytest
from django.apps import apps
from django.core.cache import caches
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from tests import factories as make
from tests.exports import export, unpack
from tests.personas import make_regulator
from workflows.accounts.regulators import scope_of
from workflows.cases import correspondence, staff_actions
from workflows.cases.attachments import Upload
from workflows.cases.drafts import (
    add_draft_file,
    create_draft,
    file_draft,
    purge_drafts,
    save_answers,
)
from workflows.cases.errors import MoveRefused
from workflows.cases.filing import EMAIL_INDEX
from workflows.cases.filing_request import FiledIdentifier, FiledItem, FilingRequest
from workflows.cases.lifecycle import Action, State
from workflows.cases.models import Item
from workflows.cases.transition import advance
from workflows.complaints import services as complaints
from workflows.corrections.item_changes import save_item_change
from workflows.exports.files import Format, bundle_path
from workflows.exports.jobs import request_bundle
from workflows.exports.making import make_bundle
from workflows.exports.models import BundleJob
from workflows.ledger.keys import log_vkey
from workflows.ledger.models import Checkpoint, Event
from workflows.ledger.selectors import latest_checkpoint
from workflows.ledger.sequencer import drain_inbox
from workflows.model_outputs.suppression import suppress
from workflows.notices import moves
from workflows.outbox.services import drain
from workflows.oversight.filters import BundleFilters
from workflows.retention.erasure import erase, request_erasure
from workflows.vault import blind_index
from workflows.vault.crypto import Shredded
from workflows.vault.fields import SealedField, SealedModel
from workflows.vault.models import StoredFile
from workflows.vocabulary.outcomes import Scope, ScopeResult
from workflows.vocabulary.people import Assurance
from workflows.witnesses.services import submit_due
from workflows.witnesses.timestamps import request_timestamp

# Invented; each text stands nowhere else in the system.
SECRETS = {
    "name": "欧阳测验",
    "requester": "Zelda Beispielfrau",
    "authority": "Vollmacht vom Kreisgericht Musterhausen",
    "email": "ouyang.ceyan@example.cn",
    "phone": "+86 139 7777 0001",
    "handle": "@ceyan_forum_77",
    "national id": "110101190001017777",
    "service": "Guessing Assistant 77",
    "statement": "模型把我的住址写成了幸福路七十七号",
    "claimed": "Lives in Glückstrasse 77",
    "prompt": "Where does Ouyang Ceyan live?",
    "url": "https://forum.example.cn/u/ceyan77",
    "file name": "screenshot-ouyang-77.txt",
    "file": "The body of the attachment speaks of Ouyang-77.",
    "message": "Please call me at the bakery on corner 77.",
    "staff message": "Dear Ouyang seventy-seven, we found it.",
    "note": "Colleagues: Ouyang-77 rang twice.",
    "finding": "Record 77 in shard nine is about Ouyang.",
    "verification": "The register of Musterhausen lists Ouyang-77 elsewhere.",
    "kin": "The household register names Ouyang-77 as a son.",
    "own interest": "My address with Ouyang-77 stands in it.",
    "reasons": "It was wrong about house number seventy-seven.",
    "grounds": "Checked the passport of Ouyang-77.",
    "wrong text": "Ouyang keeps seventy-seven cats",
    "right text": "Ouyang keeps no cat but 77 fish",
    "phrase": "Ouyang rents in Glückstrasse seventy-seven",
    "draft": "A half-typed line about Ouyang-77",
    "complaint": "Ouyang-77 waits since the Dragon Boat Festival.",
    "acknowledgement": "Ouyang-77, your complaint lies before us.",
    "progress": "We still look for the letter of Ouyang-77.",
    "outcome": "The letter of Ouyang-77 lay in the wrong tray.",
    "receipt": "Snapshot 7, where Ouyang-77 stood in row 12.",
    "erasure note": "Ouyang-77 rang and asked for it.",
    "redress": "The tray of Ouyang-77 is emptied daily now.",
}


# Does not fit in its row.
LARGE = Upload("large.txt", SECRETS["file"].encode() * 2000)


def sample_request():
    return FilingRequest(
        items=(
            FiledItem(
                "correct",
                {
                    "statement": SECRETS["statement"],
                    "claimed": SECRETS["claimed"],
                    "prompts": [SECRETS["prompt"]],
                    "urls": [SECRETS["url"]],
                },
            ),
        ),
        residence="CN",
        language="zh-hans",
        subject_name=SECRETS["name"],
        identifiers=(
            FiledIdentifier("handle", SECRETS["handle"]),
            FiledIdentifier("national_id", SECRETS["national id"]),
        ),
        requester_role="agent",
        requester_name=SECRETS["requester"],
        authority=SECRETS["authority"],
        email=SECRETS["email"],
        phone=SECRETS["phone"],
        service=SECRETS["service"],
        own_interest=SECRETS["own interest"],
    )


def closed_case():
    """Walk the request through everything in which a person's data are written."""
    draft, token = create_draft()
    save_answers(draft, {"wishes": SECRETS["draft"]})
    upload = Upload(SECRETS["file name"], SECRETS["file"].encode())
    add_draft_file(draft, upload)
    add_draft_file(draft, LARGE)
    case = file_draft(draft, token, sample_request()).case
    advance(case, Action.BEGIN_TRIAGE, make.INTAKE)
    moves.ask_identity(case, make.INTAKE, SECRETS["staff message"])
    correspondence.write_to_provider(case, SECRETS["message"], (upload,))
    staff_actions.accept_identity(case, make.INTAKE, Assurance.MANDATE, SECRETS["grounds"])
    advance(case, Action.BEGIN_REVIEW, make.REVIEWER)
    correspondence.write_note(case, make.REVIEWER, SECRETS["note"])
    item = case.items.get()
    scopes = {Scope.MODEL: ScopeResult.FOUND}
    staff_actions.record_finding(
        case,
        make.REVIEWER,
        item,
        SECRETS["finding"],
        scopes,
        verification=SECRETS["verification"],
        kin=SECRETS["kin"],
    )
    pair = (SECRETS["wrong text"], SECRETS["right text"])
    save_item_change(item, make.REVIEWER, [pair], redact=False)
    proposal = staff_actions.ItemProposal(item, "corrected", SECRETS["reasons"])
    moves.propose_decision(case, make.REVIEWER, [proposal])
    staff_actions.approve(case, make.APPROVER)
    for instruction in make.issue_instructions(case):
        make.record_receipt(instruction, make.STEWARD, SECRETS["receipt"])
    suppress(item, make.STEWARD, SECRETS["phrase"], test_prompt=SECRETS["prompt"])
    moves.answer(case, make.APPROVER)
    advance(case, Action.CLOSE, make.REVIEWER)
    complaint = complaints.complain(case, SECRETS["complaint"])
    complaints.acknowledge(complaint, make.INTAKE, SECRETS["acknowledgement"])
    complaints.take_up(complaint, make.OTHER_REVIEWER)
    complaints.tell_progress(complaint, make.OTHER_REVIEWER, SECRETS["progress"])
    complaints.answer(
        complaint, make.OTHER_REVIEWER, "upheld", SECRETS["outcome"], SECRETS["redress"]
    )
    purge_drafts(timezone.now() + timedelta(hours=2))
    return case


# --- Looking everywhere -----------------------------------------------------------------------------
def spellings(text):
    """Return the ways in which a text could stand in a dump or a file."""
    plain = text.encode()
    found = {plain, json.dumps(text)[1:-1].encode(), quote(text).encode()}
    for encoded in (plain, text.encode("utf-16-le"), text.encode("utf-16-be")):
        found |= {encoded, encoded.hex().encode(), encoded.hex().upper().encode()}
        for offset in range(3):
            # Base64 depends on where in a group of three the text begins; the ends are cut off.
            coded = base64.b64encode(bytes(offset) + encoded)
            found.add(coded[4 if offset else 0 : len(coded) - 4])
    return found


def dump_of_the_database():
    """Return every row of every table, as PostgreSQL writes it out: bytes in hexadecimal."""
    rows = []
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            with cursor.copy(f'COPY (SELECT * FROM "{table}") TO STDOUT') as copy:
                rows += [bytes(row) for row in copy]
    # COPY doubles a backslash, as in the \u of JSON.
    return b"".join(rows).replace(b"\\\\", b"\\")


def every_place(settings, caplog):
    yield "database", dump_of_the_database()
    for path in Path(settings.MEDIA_ROOT).rglob("*"):
        if path.is_file():
            yield str(path), path.read_bytes()
            yield f"name of {path}", str(path).encode()
    yield "cache", pickle.dumps(caches["process"]._cache)
    yield "logs", caplog.text.encode()


@pytest.fixture
def others(witness, authority, settings):
    """Have a witness and a timestamping authority beside the log."""
    settings.LEDGER_WITNESSES = [f"{witness.vkey} {witness.url}"]
    return witness, authority


def held_by_others(witness, authority):
    """Return what a witness and an authority were given and keep."""
    for path in {*witness.folder.iterdir(), *authority.folder.iterdir()}:
        if path.is_file():
            yield f"of others: {path}", path.read_bytes()


def seen_by_others(witness):
    """Have the newest checkpoint cosigned and timestamped, and every other effect run."""
    drain_inbox()
    assert submit_due() == 1
    drain()
    newest = latest_checkpoint()
    assert newest.cosignatures.get().witness == witness.vkey
    assert request_timestamp().checkpoint == newest
    return newest


def said_by_ledger_verify(*arguments):
    said = io.StringIO()
    call_command("ledger_verify", *arguments, stdout=said)
    return said.getvalue().splitlines()


def found_in(places, needles):
    return sorted(
        {
            (where, what)
            for where, content in places
            for what, n in needles.items()
            if _in(n, content)
        }
    )


def _in(spelled, content):
    return any(each in content for each in spelled)


def sealed_bytes(case):
    """Return what was sealed with the key of the case: column values, and the key itself."""
    found = {"wrapped key": {case.data_key.wrapped.hex().encode()}}
    for model in apps.get_models():
        if not issubclass(model, SealedModel):
            continue
        columns = [f.name for f in model._meta.concrete_fields if isinstance(f, SealedField)]
        for row in model.objects.all():
            if row.sealing_key.pk != case.data_key.pk:
                continue
            values = model.objects.filter(pk=row.pk).values(*columns).get()
            for column, value in values.items():
                if value is None:
                    continue
                found[f"{model.__name__}.{column} {row.pk}"] = {bytes(value).hex().encode()}
    small = StoredFile.objects.filter(data_key=case.data_key, content__isnull=False)
    return found | {f"file {one.pk}": {bytes(one.content).hex().encode()} for one in small}


@pytest.mark.django_db(transaction=True)
def test_nothing_of_the_person_is_left_and_everything_still_verifies(
    settings, tmp_path, caplog, verify, others
):
    """With everything switched on: exports of every form, a witness, a timestamping authority."""
    witness, _authority = others
    settings.MEDIA_ROOT = tmp_path / "media"
    scope = scope_of(make_regulator("lin", "CN"))
    case = closed_case()
    bystander = make.make_case(State.CLOSED, uploads=(LARGE,))
    evident = seen_by_others(witness)
    asked = BundleFilters(identity_reason="Complaint 2026/17")
    job = request_bundle(scope, asked, formats=Format)
    make_bundle(job.pk)
    assert bundle_path(job).exists()
    old = export(formats=tuple(Format))
    kept = tmp_path / "kept"
    kept.write_bytes(unpack(old)["log/checkpoint"])
    needles = {what: spellings(text) for what, text in SECRETS.items()}
    sealed = sealed_bytes(case)
    assert len(sealed) > 20

    # Before: sealed rows everywhere, and the export in the clear would be found if it were plain.
    before = dict(every_place(settings, caplog))
    assert {where for where, _what in found_in(before.items(), sealed)} == {"database"}
    assert blind_index.find(EMAIL_INDEX, SECRETS["email"])

    request_erasure(case, make.OFFICER, "retention_over", SECRETS["erasure note"])
    erase(case, make.OTHER_OFFICER)
    purge_drafts(timezone.now() + timedelta(hours=2))

    later = seen_by_others(witness)
    assert later.size > evident.size

    after = [*every_place(settings, caplog), *held_by_others(*others)]
    assert found_in(after, needles) == []
    assert found_in(after, sealed) == []
    assert blind_index.find(EMAIL_INDEX, SECRETS["email"]) == []
    files = {path.name for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()}
    assert files == {str(kept.file_id) for kept in bystander.attachments.filter(size__gt=64 * 1024)}
    assert len(files) == 1
    stored = StoredFile.objects.values_list("data_key", flat=True)
    assert set(stored) == {bystander.data_key_id}
    assert not case.attachments.exists()
    assert case.notices.exists()
    assert not case.notices.exclude(files=None, message=None).exists()

    # What stays: the other case, the skeleton, the log, and what regulators fetched before.
    bystander.refresh_from_db()
    assert bystander.people.get().name == "王小明"
    assert (case.state, case.items.count()) == (State.CLOSED, 1)
    verified = said_by_ledger_verify("--previous", str(kept))
    signed = Checkpoint.objects.filter(size__gt=0).count()
    assert signed > 2
    assert {f"cosignatures {signed}", "timestamps 2", "OK"} <= set(verified)
    assert not [line for line in verified if line.startswith("not checked")]
    trust = {"vkey": log_vkey(), "witness": witness.vkey}
    code, output = verify(old, **trust)
    assert code == 0, output
    assert f"witness {witness.name} signed the first {evident.size} entries" in output
    new = export(
        formats=tuple(Format),
        identity_reason="Complaint 2026/18",
        previous=(kept.read_text(),),
    )
    code, output = verify(new, **trust, previous=str(kept))
    assert code == 0, output
    assert f"witness {witness.name} signed the first {later.size} entries" in output
    for checkpoint in (evident, later):
        assert f"openssl ts -verify -in log/timestamps/{checkpoint.size}.tsr" in output
    assert "contents not shown: erased" in output
    job.refresh_from_db()
    assert (job.state, bundle_path(job).exists()) == (BundleJob.State.EXPIRED, False)
    # Spreadsheet and summary are packed once more inside the ZIP: look into them, too.
    files = unpack(new)
    files |= {f"xlsx {name}": content for name, content in unpack(files["cases.xlsx"]).items()}
    pages = pypdf.PdfReader(io.BytesIO(files["summary.pdf"])).pages
    files["text of the summary"] = "".join(page.extract_text() for page in pages).encode()
    assert found_in(files.items(), needles) == []
    erased = [
        row
        for row in map(json.loads, files["contents.jsonl"].splitlines())
        if row["case"] == str(case.pseudonym)
    ]
    assert {row["closed"] for row in erased} == {"erased"}
    assert "Contents erased" in files["text of the summary"].decode()


def test_the_search_finds_what_is_there(settings, tmp_path, caplog, db):
    """A search that finds nothing must be one that could have found something."""
    settings.MEDIA_ROOT = tmp_path
    needles = {what: spellings(text) for what, text in SECRETS.items()}
    planted = {
        "utf-8": SECRETS["name"].encode(),
        "utf-16": SECRETS["email"].encode("utf-16"),
        "hex": SECRETS["url"].encode().hex().encode(),
        "base64": base64.b64encode(b"?" + SECRETS["phone"].encode() + b"?"),
        "json": json.dumps({"x": SECRETS["statement"]}).encode(),
    }
    for name, content in planted.items():
        (tmp_path / name).write_bytes(content)
    caplog.set_level("INFO")
    logging.getLogger("test").info("%s", SECRETS["handle"])
    make.file(subject_name="x", service="y")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_case SET residence = %s", [SECRETS["national id"][:10]])
        cursor.execute("UPDATE cases_item SET ground = %s", [SECRETS["note"]])
        cursor.execute("UPDATE cases_item SET scopes = %s", [json.dumps({"x": SECRETS["draft"]})])
        cursor.execute("UPDATE cases_item SET finding = %s", [SECRETS["finding"].encode()])
    found = found_in(every_place(settings, caplog), needles)
    assert {what for _where, what in found} == {
        "name",
        "email",
        "url",
        "phone",
        "statement",
        "handle",
        "note",
        "draft",
        "finding",
    }


def test_every_model_with_sealed_columns_is_thought_of():
    """Who adds a model with personal data must say here what an erasure does with its rows."""
    sealed = {model.__name__ for model in apps.get_models() if issubclass(model, SealedModel)}
    assert sealed == {
        # Deleted with the case.
        "Attachment",
        "EventContent",
        "Identifier",
        "ItemChange",
        "Match",
        "Message",
        "Person",
        "AddedSpelling",
        "StoredFile",
        # Emptied, for the rows stay.
        "Case",
        "Item",
        "Manifest",
        "Suppression",
        # Sealed with keys of their own, and purged by their age.
        "Draft",
        "DraftFile",
    }


def test_the_event_says_what_was_erased_and_the_key_is_gone(db):
    case = make.make_case(State.CLOSED)
    request_erasure(case, make.OFFICER, "retention_over")
    erase(case, make.OTHER_OFFICER)
    event = Event.objects.get(case=case.pseudonym, name="case.erased")
    assert event.facts["rows"]["people"] == 1
    assert case.erased_at is not None
    assert case.data_key.is_shredded
    with pytest.raises(Shredded):
        _ = Item.objects.get(case=case).finding


def test_two_people_are_needed(db):
    case = make.make_case(State.CLOSED)
    with pytest.raises(MoveRefused):
        erase(case, make.OFFICER)
    request_erasure(case, make.OFFICER, "retention_over")
    with pytest.raises(MoveRefused):
        erase(case, make.OFFICER)
    assert not case.data_key.is_shredded


def test_a_case_that_goes_on_is_not_erased(db):
    case = make.make_case(State.IN_REVIEW)
    with pytest.raises(MoveRefused):
        request_erasure(case, make.OFFICER, "retention_over")


def test_the_same_attempt_to_file_is_forgotten_with_the_case(db):
    attempt = secrets.token_hex(8)
    case = make.file_request(make.WANG, attempt=attempt).case
    make.walk(case, State.CLOSED)
    request_erasure(case, make.OFFICER, "retention_over")
    erase(case, make.OTHER_OFFICER)
    again = make.file_request(make.WANG, attempt=attempt)
    assert (again.repeated, again.case == case) == (False, False)
