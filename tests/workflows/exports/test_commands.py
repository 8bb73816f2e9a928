"""`export_bundle` and `erase_case`, as scripts use them."""

import codecs
import io
import stat

import pyrage
import pytest
from django.core.management import CommandError, call_command

from tests.exports import unpack
from tests.factories import ERIKA, make_case
from workflows.cases.lifecycle import State
from workflows.ledger.models import Event
from workflows.ledger.selectors import latest_checkpoint
from workflows.ledger.sequencer import drain_inbox


def run(name, *arguments):
    out, err = io.StringIO(), io.StringIO()
    call_command(name, *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def out(tmp_path):
    return tmp_path / "bundle.zip"


def test_it_writes_an_export_that_verifies_and_shows_progress(db, out, verify):
    make_case(State.ANSWERED)
    told, progress = run("export_bundle", "--regime", "CN", "--out", out)
    code, output = verify(out.read_bytes())
    assert code == 0, output
    lines = dict(line.split(" ") for line in told.splitlines())
    assert lines["cases"] == "1"
    assert int(lines["size"]) == out.stat().st_size
    assert "1 of " in progress
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_it_does_not_overwrite_unless_told_to(db, out):
    out.write_bytes(b"precious")
    with pytest.raises(CommandError, match="--force"):
        run("export_bundle", "--regime", "CN", "--out", out)
    assert out.read_bytes() == b"precious"
    run("export_bundle", "--regime", "CN", "--out", out, "--force")
    assert out.read_bytes().startswith(b"PK")


def test_every_filter_reaches_the_export(db, out, tmp_path, verify):
    case = make_case(State.ANSWERED)
    drain_inbox()
    kept = tmp_path / "kept"
    kept.write_text(latest_checkpoint().note)
    run(
        "export_bundle",
        *("--regime", "CN", "--out", out, "--since", "2026-01-01", "--until", "2036-01-01"),
        *("--case", case.number.lower(), "--state", "answered", "--state", "closed"),
        *("--previous", kept, "--identity-documents", "Complaint 17", "--language", "zh-hans"),
    )
    facts = Event.objects.get(name="bundle.exported").facts
    assert facts["filters"]["since"] == "2026-01-01"
    assert facts["filters"]["states"] == ["answered", "closed"]
    assert facts["filters"]["case"] == str(case.pseudonym)
    assert facts["filters"]["identity_reason"] == "given"
    assert verify(out.read_bytes(), previous=str(kept))[0] == 0


def test_every_form_is_written_and_encrypted(db, out, verify):
    make_case(State.ANSWERED)
    key = pyrage.x25519.Identity.generate()
    forms = ("--bom", "--xlsx", "--pdf", "--age", key.to_public())
    run("export_bundle", "--regime", "CN", "--out", out, *forms)
    content = pyrage.decrypt(out.read_bytes(), [key])
    code, output = verify(content)
    assert code == 0, output
    assert "what cases.xlsx and summary.pdf say" in output
    assert unpack(content)["cases.csv"].startswith(codecs.BOM_UTF8)


def test_what_is_no_key_is_refused_before_anything_is_written(db, out):
    with pytest.raises(CommandError, match="not a public key of age"):
        run("export_bundle", "--regime", "CN", "--out", out, "--age", "age1")
    assert not Event.objects.exists()


def test_the_whole_log_is_exported_for_auditors(db, out, verify):
    make_case(State.ANSWERED)
    make_case(State.ANSWERED, ERIKA)
    run("export_bundle", "--full-log", "--out", out)
    code, output = verify(out.read_bytes())
    assert code == 0, output
    assert "the whole log" in output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--regime", "EU", "--case", "{case}"], "There is no case"),
        (["--regime", "CN", "--since", "2026-02-02", "--until", "2026-02-01"], "first day"),
        (["--regime", "CN", "--previous", "/nowhere"], "Cannot read /nowhere"),
        (["--regime", "CN", "--previous", "{faulty}"], "not one that this log signed"),
        (["--regime", "XX"], "invalid choice"),
        (["--regime", "CN", "--full-log"], "not allowed with"),
        (["--regime", "CN", "--since", "soon"], "invalid fromisoformat value"),
        ([], "required"),
    ],
)
def test_what_is_refused_leaves_no_file(arguments, sentence, db, out, tmp_path):
    case = make_case()
    drain_inbox()
    faulty = tmp_path / "faulty"
    faulty.write_text("hello")
    values = {"case": case.number, "faulty": faulty}
    with pytest.raises(CommandError, match=sentence):
        run("export_bundle", *[each.format(**values) for each in arguments], "--out", out)
    assert [path.name for path in tmp_path.iterdir()] == ["faulty"]
    assert not Event.objects.filter(name="bundle.exported").exists()


def test_a_folder_that_is_not_there_is_told(db, out):
    with pytest.raises(CommandError, match="Cannot write"):
        run("export_bundle", "--regime", "CN", "--out", out.parent / "missing" / "bundle.zip")


# --- erase_case -------------------------------------------------------------------------------------
def test_two_privacy_officers_erase_a_case(privacy_officer, other_privacy_officer):
    case = make_case(State.CLOSED)
    told, _progress = run(
        "erase_case",
        *(case.number.lower(), "--requested-by", privacy_officer.username),
        *("--by", other_privacy_officer.username, "--ground", "retention_over"),
    )
    case.refresh_from_db()
    assert told == f"erased {case.number}\n"
    assert case.erased_at is not None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["{case}", "--requested-by", "pilar", "--by", "pilar", "--ground", "unlawful"],
            "somebody else",
        ),
        (
            ["{case}", "--requested-by", "ines", "--by", "pilar", "--ground", "unlawful"],
            "Your role",
        ),
        (["{case}", "--requested-by", "pilar", "--by", "piotr"], "needs --ground"),
        (["{case}", "--by", "piotr"], "has to request the erasure first"),
        (["{case}", "--by", "nobody"], "no active account"),
        (["2026-ZZZZ-ZZZZ", "--by", "piotr"], "There is no case"),
        (
            ["{open}", "--requested-by", "pilar", "--by", "piotr", "--ground", "unlawful"],
            "the state",
        ),
    ],
)
def test_what_is_refused_erases_nothing(
    arguments, sentence, privacy_officer, other_privacy_officer, intake
):
    cases = {"case": make_case(State.CLOSED), "open": make_case(State.TRIAGE)}
    values = {name: case.number for name, case in cases.items()}
    with pytest.raises(CommandError, match=sentence):
        run("erase_case", *[each.format(**values) for each in arguments])
    for case in cases.values():
        case.refresh_from_db()
        assert (case.erased_at, case.erasure_requested_by) == (None, "")
