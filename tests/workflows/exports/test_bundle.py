"""The export as a whole: its layout, what is in it for whom, and that it is a step in the log."""

import base64
import io
import json
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from tlog_scales import signing, tlog
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader

from tests.exports import export, unpack
from tests.factories import ERIKA, file, in_review_with_proof, make_case
from workflows.accounts.actors import SYSTEM
from workflows.cases import correspondence
from workflows.cases.filing_request import FiledIdentifier
from workflows.cases.lifecycle import State
from workflows.common.errors import InvalidInput
from workflows.exports import tables
from workflows.exports.bundle import export_bundle
from workflows.exports.statement import TOOL
from workflows.exports.tables import BundleRequest
from workflows.ledger.models import Event
from workflows.ledger.selectors import latest_checkpoint
from workflows.ledger.sequencer import drain_inbox, sequence
from workflows.oversight.checkpoints import CheckpointRefused
from workflows.oversight.filters import BundleFilters


def rows(files, name="cases.jsonl"):
    return [json.loads(line) for line in files[name].splitlines()]


def opened(files, number, name):
    """Return the lines of the contents of a case that have this name."""
    case = next(row["case"] for row in rows(files) if row["number"] == number)
    found = rows(files, "contents.jsonl")
    return [line for line in found if (line["case"], line["name"]) == (case, name)]


# --- Layout -----------------------------------------------------------------------------------------
def test_the_layout_is_the_documented_one(world):
    plain = {name for name in world.closed if not name.startswith("log/")}
    assert plain == {
        "README.txt",
        "manifest.json",
        "cases.csv",
        "cases.jsonl",
        "events.csv",
        "contents.jsonl",
        "keys/vkey.txt",
        "verify.py",
    }
    more = {name for name in world.china if not name.startswith("log/")} - plain
    assert more == {"cases.xlsx", "summary.pdf"}
    kinds = {name.split("/")[1] for name in world.china if name.startswith("log/")}
    assert kinds == {"checkpoint", "checkpoints", "consistency", "proofs"}
    packed = {name.split("/")[1] for name in world.packed if name.startswith("log/")}
    assert packed == {"checkpoint", "checkpoints", "consistency", "entries.txt", "tile"}
    whole = {name.split("/")[1] for name in world.whole if name.startswith("log/")}
    assert whole == {"checkpoint", "tile"}


def test_the_manifest_names_every_other_file_and_says_what_was_chosen(world):
    manifest = json.loads(world.closed["manifest.json"])
    assert set(manifest["files"]) == world.closed.keys() - {"manifest.json"}
    assert manifest["regime"] == "CN"
    assert manifest["filters"]["states"] == ["closed"]
    assert manifest["registered"] == {"CN": 8}
    assert manifest["cases"] == 2
    assert manifest["made_by"] == "system"
    assert manifest["tool"] == TOOL


def test_the_tool_has_the_version_of_the_project(settings):
    import tomllib

    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    assert f"{project['name']}/{project['version']}" == TOOL


def test_the_manifest_is_the_last_member_and_bears_the_time_of_the_statement(db):
    make_case()
    with zipfile.ZipFile(io.BytesIO(export())) as archive:
        names = archive.namelist()
        assert names[-1] == "manifest.json"
        at = datetime.fromisoformat(json.loads(archive.read("manifest.json"))["made_at"])
        times = {info.date_time for info in archive.infolist()}
    assert len(times) == 1
    assert abs(datetime(*times.pop(), tzinfo=UTC) - at).total_seconds() <= 2


def test_an_export_of_an_empty_log_is_an_export(db, verify):
    code, output = verify(export())
    assert code == 0, output
    assert "0 cases shown" in output


# --- What is in it ------------------------------------------------------------------------------------
def test_the_readable_row_tells_the_story_of_a_case(db):
    case = make_case(State.ANSWERED)
    [row] = rows(unpack(export()))
    lead = next(deadline for deadline in row["deadlines"] if deadline["leads"])
    rule = case.lead_regime.clock(case.lead_regime.lead)
    assert row["number"] == case.number
    assert (row["state"], row["items"], row["channel"]) == ("answered", ["correct"], "web")
    assert row["responded_at"].startswith(f"{case.answered_at:%Y-%m-%dT%H:%M}")
    assert row["outcomes"][0]["outcome"] == "refused"
    assert (lead["due_on"], lead["state"]) == (
        case.clocks.get(leads=True).due_on.isoformat(),
        "met",
    )
    assert (lead["rule"], lead["citations"][0]) == (rule.text.en, rule.rule.citations[0].en)


def test_rules_are_in_the_language_asked_for(db):
    make_case()
    target = io.BytesIO()
    export_bundle(BundleRequest("CN", BundleFilters(), SYSTEM, "zh-hans"), target)
    row = rows(unpack(target.getvalue()))[0]
    assert any("\u4e00" <= symbol <= "\u9fff" for symbol in row["deadlines"][0]["rule"])


def test_another_regime_gets_nothing_of_a_case(db):
    chinese, european = make_case(State.ANSWERED), make_case(State.ANSWERED, ERIKA)
    files = unpack(export("EU"))
    everything = b"".join(files.values())
    assert european.number.encode() in everything
    for secret in (chinese.number, str(chinese.pseudonym), "王小明", "xiaoming.wang@example.cn"):
        assert secret.encode() not in everything
    places = [name for name in files if name.endswith(".entry")]
    entries = [json.loads(files[name]) for name in places]
    assert {entry["case"] for entry in entries} == {str(european.pseudonym), None}


def test_contents_open_the_commitments(db):
    case = make_case(State.ANSWERED)
    [line] = opened(unpack(export()), case.number, "request")
    assert line["content"]["subject_name"] == "王小明"
    assert len(line["nonce"]) == 64


def test_documents_of_identity_are_left_out_unless_asked_for_with_a_reason(db, verify):
    proved = in_review_with_proof()
    numbered = file(identifiers=(FiledIdentifier("national_id", "110101199001011234"),)).case
    waiting = make_case(State.IDENTITY_NEEDED)
    correspondence.write_to_provider(waiting, "My passport has the number X1234567.")
    expected = {
        (proved.number, "grounds"): "Checked a document.",
        (numbered.number, "request"): "110101199001011234",
        (waiting.number, "text"): "X1234567",
    }
    without = unpack(export())
    asked = unpack(export(identity_reason="Complaint 2026/17"))
    for (number, name), secret in expected.items():
        assert opened(without, number, name)[-1]["closed"] == "identity_document"
        assert secret.encode() not in b"".join(without.values())
        told = [line["content"] for line in opened(asked, number, name)]
        assert secret in json.dumps(told, ensure_ascii=False)
    # The second look speaks of the same document as the first.
    assert {line["closed"] for line in opened(without, proved.number, "grounds")} == {
        "identity_document"
    }
    # What the provider wrote, and other people's requests, stay open.
    assert opened(without, waiting.number, "text")[0]["content"] == "Please show who you are."
    assert opened(without, proved.number, "request")[0]["content"]
    reasons = [
        event.facts["filters"]["identity_reason"]
        for event in Event.objects.filter(name="bundle.exported").order_by("id")
    ]
    assert reasons == ["", "given"]
    assert [verify(files)[0] for files in (without, asked)] == [0, 0]


def test_an_export_of_the_whole_log_holds_no_personal_content(world):
    everything = b"".join(world.whole.values())
    for secret in ("王小明", "Erika Beispiel", "X1234567"):
        assert secret.encode() not in everything
    assert {line["closed"] for line in rows(world.whole, "contents.jsonl")} == {
        "whole_log",
        "erased",
    }


def test_erased_contents_say_so(world):
    lines = opened(world.china, world.numbers["erased"], "request")
    assert [line["closed"] for line in lines] == ["erased"]


# --- Filters ------------------------------------------------------------------------------------------
def test_days_are_those_of_the_regime(db, verify):
    eve = file(at=datetime(2026, 2, 28, 15, 59, tzinfo=UTC)).case
    march = file(at=datetime(2026, 2, 28, 16, 0, tzinfo=UTC)).case
    files = unpack(export(since=date(2026, 3, 1)))
    assert [row["number"] for row in rows(files)] == [march.number]
    assert verify(files)[0] == 0
    files = unpack(export(until=date(2026, 2, 28)))
    assert [row["number"] for row in rows(files)] == [eve.number]
    assert verify(files)[0] == 0


def test_one_case_and_states(db, verify):
    first, second = make_case(State.ANSWERED), make_case(State.TRIAGE)
    for filters, expected in (
        ({"case": first.number}, [first.number]),
        ({"states": ("triage", "closed")}, [second.number]),
        ({"states": ("closed",)}, []),
    ):
        files = unpack(export(**filters))
        assert [row["number"] for row in rows(files)] == expected
        code, output = verify(files)
        assert code == 0, output
        assert "all 2 requests accounted for" in output


def test_choices_that_make_no_sense_are_refused_before_anything_is_written(db):
    for filters in (
        {"since": date(2026, 2, 2), "until": date(2026, 2, 1)},
        {"states": ("gone",)},
        {"identity_reason": "x" * 201},
        {"identity_reason": "two\nlines"},
    ):
        with pytest.raises(InvalidInput):
            export(**filters)
    assert not Event.objects.filter(name="bundle.exported").exists()


def test_many_cases_are_read_page_by_page(db, verify, monkeypatch):
    monkeypatch.setattr("workflows.exports.tables.CASES_AT_ONCE", 2)
    cases = [make_case() for _number in range(5)]
    seen = []
    target = io.BytesIO()
    request = BundleRequest("CN", BundleFilters(), SYSTEM, "en")
    export_bundle(request, target, progress=lambda done, total: seen.append((done, total)))
    files = unpack(target.getvalue())
    assert [row["number"] for row in rows(files)] == [case.number for case in cases]
    assert [done for done, _total in seen] == sorted(done for done, _total in seen)
    assert seen[-1][0] == seen[-1][1]
    assert verify(files)[0] == 0


def test_tables_in_the_clear_lie_where_exports_lie_and_go_with_the_export(db, settings):
    root = Path(settings.MEDIA_ROOT) / "bundles"
    seen = []
    export_bundle(
        BundleRequest("CN", BundleFilters(), SYSTEM, "en"),
        io.BytesIO(),
        progress=lambda _done, _total: seen.extend(root.glob("command-*/*.jsonl")),
    )

    assert seen
    assert not list(root.glob("command-*"))


def test_an_export_is_a_step_in_the_log_and_names_nobody(db):
    case = make_case()
    export(case=case.number)
    event = Event.objects.get(name="bundle.exported")
    assert event.case is None
    assert (event.role, event.actor) == ("system", "")
    assert event.facts["filters"]["case"] == str(case.pseudonym)
    assert case.number not in bytes(event.leaf).decode()
    assert (event.facts["cases"], event.facts["regime"]) == (1, "CN")


# --- Checkpoints that somebody kept ---------------------------------------------------------------------
def test_an_export_proves_that_it_continues_a_kept_checkpoint(world):
    old = int(world.first["log/checkpoint"].split(b"\n")[1])
    new = int(world.china["log/checkpoint"].split(b"\n")[1])
    assert world.china[f"log/checkpoints/{old}"] == world.first["log/checkpoint"]
    assert f"log/consistency/{old}-{new}" in world.china


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda note: note.replace("localhost", "elsewhere"), "not one that this log signed"),
        (lambda _note: "hello", "not one that this log signed"),
        (lambda note: note[:-5], "not one that this log signed"),
    ],
)
def test_a_checkpoint_that_is_not_ours_is_refused(change, sentence, db):
    make_case()
    drain_inbox()
    with pytest.raises(CheckpointRefused, match=sentence):
        export(previous=(change(latest_checkpoint().note),))
    assert not Event.objects.filter(name="bundle.exported").exists()


@pytest.mark.parametrize(
    ("size", "sentence"), [(99, "was rolled back"), (1, "was rewritten"), (2, "was rewritten")]
)
def test_a_log_that_does_not_continue_the_checkpoint_is_refused(size, sentence, db):
    from workflows.ledger.checkpoints import TreeHead
    from workflows.ledger.keys import log_signer

    make_case()
    make_case()
    assert drain_inbox() == 2
    signer = log_signer()
    note = signer.sign(TreeHead(signer.verifier.name, size, bytes(32)).format())
    with pytest.raises(CheckpointRefused, match=sentence):
        export(previous=(note,))


def test_the_first_checkpoint_of_all_can_be_kept_too(db, verify):
    drain_inbox()
    empty = latest_checkpoint().note
    make_case()
    assert verify(unpack(export(previous=(empty,))), previous=empty)[0] == 0


def test_a_request_that_comes_while_an_export_begins_is_accounted_for(db, monkeypatch, verify):
    def filed_meanwhile():
        make_case()
        return sequence()

    make_case()
    monkeypatch.setattr(tables, "sequence", filed_meanwhile)
    code, output = verify(unpack(export("")))
    assert (code, "register CN: all 2 requests accounted for" in output) == (0, True)


# --- An independent reader ------------------------------------------------------------------------------
def test_tlog_scales_verifies_the_proofs_of_a_scoped_export(world):
    vkey = signing.Vkey.from_string(world.vkey)
    head = tlog.Checkpoint.from_text(world.china["log/checkpoint"].decode())
    head.verify(vkey)
    checked = 0
    for name in [name for name in world.china if name.endswith(".tlog-proof")]:
        lines = world.china[name].decode().split("\n\n")[0].split("\n")
        index = int(lines[1].removeprefix("index "))
        hashes = [base64.b64decode(line) for line in lines[2:]]
        leaf = world.china[name.replace(".tlog-proof", ".entry")]
        proof = tlog.InclusionProof(index, head.size, hashes)
        proof.check(signing.sha256(b"\0" + leaf), head.root_hash)
        checked += 1
    assert checked == json.loads(world.china["manifest.json"])["events"] + 1


def test_tlog_scales_verifies_the_consistency_of_an_export(world):
    head = tlog.Checkpoint.from_text(world.china["log/checkpoint"].decode())
    old = tlog.Checkpoint.from_text(world.first["log/checkpoint"].decode())
    lines = world.china[f"log/consistency/{old.size}-{head.size}"].decode().split("\n\n")[0]
    hashes = [base64.b64decode(line) for line in lines.split("\n")[1:]]
    tlog.ConsistencyProof(old.size, head.size, hashes).check(old.root_hash, head.root_hash)


def test_tlog_scales_reads_the_folder_of_an_export_of_the_whole_log(world, tmp_path):
    for name, content in world.whole.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    reader = TilesReader(LocalBackend(tmp_path / "log"))
    head = reader.get_checkpoint()
    head.verify(signing.Vkey.from_string(world.vkey))
    assert reader.calculate_root_hash() == head.root_hash
    names = [json.loads(reader.get_entry(index))["name"] for index in range(head.size)]
    assert names[-1] == "bundle.exported"
    assert "case.received" in names


def test_tlog_scales_proves_the_entries_of_a_large_export_from_its_tiles(world, tmp_path):
    for name, content in world.packed.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    reader = TilesReader(LocalBackend(tmp_path / "log"))
    head = reader.get_checkpoint()
    head.verify(signing.Vkey.from_string(world.vkey))
    lines = world.packed["log/entries.txt"].splitlines()
    assert len(lines) == json.loads(world.packed["manifest.json"])["events"] + 1
    for line in lines:
        index, entry = line.split(b" ", 1)
        proof = reader.get_inclusion_proof(int(index), head.size)
        proof.check(signing.sha256(b"\0" + entry), head.root_hash)
