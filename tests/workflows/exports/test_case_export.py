"""An export of one case is as large as the case, and claims no more than it proves."""

import json
import re

import pytest

from tests.exports import dishonest_export, export, reseal, unpack
from tests.factories import WANG, make_case
from workflows.accounts.actors import SYSTEM
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.cases.signed_receipt import receipt_signer, signed_receipt
from workflows.exports import statement
from workflows.exports.bundle import total_steps
from workflows.exports.tables import BundleRequest
from workflows.ledger.append import append
from workflows.ledger.keys import log_vkey
from workflows.ledger.selectors import events_of_case
from workflows.oversight.filters import BundleFilters

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    """One of several cases in the register."""
    found = make_case(State.ANSWERED, WANG)
    for _ in range(3):
        make_case()
    return found


def entries(files):
    return [json.loads(content) for name, content in files.items() if name.endswith(".entry")]


def checked(verify, files, **options):
    return verify(files, vkey=log_vkey(), **options)


def test_it_holds_the_steps_of_the_case_alone_with_a_proof_each(case, verify):
    files = unpack(export(case=case.number))
    steps = events_of_case(case.pseudonym).count()
    assert [each["case"] for each in entries(files)].count(str(case.pseudonym)) == steps
    assert len(entries(files)) == steps + 1  # and the event that signs for the export
    assert json.loads(files["manifest.json"])["filters"]["register"] is False

    code, said = checked(verify, files)
    assert code == 0, said
    assert "register" not in said.partition("filters: ")[2].partition("\n")[0]
    assert "no other request was left out: the export shows one case without" in said


def test_its_progress_does_not_count_the_register(case):
    filters = BundleFilters(case=case.number)
    steps = events_of_case(case.pseudonym).count()
    assert total_steps(BundleRequest("CN", filters, SYSTEM, "en")) == 1 + steps + 1


def test_who_wants_the_register_gets_it(case, verify):
    files = unpack(export(case=case.number, register=True))
    received = [each for each in entries(files) if each["name"] == "case.received"]
    assert len(received) == Case.objects.count()
    code, said = checked(verify, files)
    assert code == 0, said
    assert "without the receipts" not in said


def test_an_export_of_several_cases_always_has_the_register(case, verify):
    files = unpack(export(states=("answered",)))
    assert json.loads(files["manifest.json"])["filters"]["register"] is True
    assert checked(verify, files)[0] == 0


def test_it_is_not_silence_to_who_reads_the_whole_log(case, verify):
    export(case=case.number)
    code, said = checked(verify, export(""))
    assert code == 0, said


def test_a_step_that_is_missing_shows(case, verify):
    files = unpack(export(case=case.number))
    name = next(n for n, c in files.items() if n.endswith(".entry") and b"answer.sent" in c)
    for ending in (".entry", ".tlog-proof"):
        del files[name.replace(".entry", ending)]
    reseal(files)
    code, said = checked(verify, files)
    assert (code, re.search(r"Step \d+ of case .* is missing", said) is not None) == (1, True)


def test_a_proof_of_something_else_shows(case, verify):
    files = unpack(export(case=case.number))
    first, second = sorted(name for name in files if name.endswith(".tlog-proof"))[:2]
    files[first], files[second] = files[second], files[first]
    reseal(files)
    assert checked(verify, files)[0] == 1


def test_only_an_export_of_one_case_may_do_without(case, verify, monkeypatch):
    honest = statement._filters
    monkeypatch.setattr(
        statement, "_filters", lambda request: {**honest(request), "register": False}
    )
    code, said = checked(verify, dishonest_export(lambda _folder, _counts: None))
    assert code == 1
    assert "Only an export of one case may do without its register." in said


def test_a_receipt_of_another_case_is_neither_found_nor_missed(case, verify, tmp_path):
    path = tmp_path / "receipt"
    path.write_text(signed_receipt(Case.objects.exclude(pk=case.pk).first()))
    options = {"receipt": str(path), "receipt-vkey": receipt_signer().verifier.vkey}
    code, said = checked(verify, export(case=case.number), **options)
    assert code == 0, said
    assert "a receipt of another case than the one shown" in said


def test_it_stays_small_in_a_long_log(case, verify):
    for _ in range(2000):
        append(name="list.viewed", role="reviewer", actor="staff-reviewer", facts={"list": "cases"})
    content = export(case=case.number)
    assert len(content) <= 100 * 1024
    assert checked(verify, content)[0] == 0


def test_a_job_of_before_the_choice_was_offered_shows_the_register():
    kept = BundleFilters(case="2026-AAAA-AAAA").to_json()
    del kept["register"]
    assert BundleFilters.from_json(kept).shows_register
