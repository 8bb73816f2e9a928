"""A provider who signs for tables that differ from the log is found out by the log."""

import json
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone
from freezegun import freeze_time

from tests.exports import dishonest_export, export, reseal, unpack
from workflows.cases.models import Case
from workflows.common.csv_lines import csv_header, csv_line
from workflows.exports.rows import CASE_COLUMNS, case_cells
from workflows.ledger.append import append
from workflows.ledger.models import Leaf
from workflows.ledger.selectors import (
    consistency_text,
    iter_entry_bundles,
    iter_hash_tiles,
    iter_proofs,
    latest_checkpoint,
)
from workflows.ledger.sequencer import sequence

LIES = []


def lie(message):
    def register(change):
        LIES.append(pytest.param(change, message, id=change.__name__.replace("_", " ")))
        return change

    return register


def rows_of(folder, name):
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def write_rows(folder, name, rows):
    from workflows.ledger.canonical import canonical_json

    (folder / name).write_bytes(b"".join(canonical_json(row) + b"\n" for row in rows))


def _in_rows(name, change):
    def apply(folder, _counts):
        rows = rows_of(folder, name)
        change(rows)
        write_rows(folder, name, rows)

    return apply


@lie("cases.jsonl: case .*: state is not what the log says")
def the_state_of_a_case(folder, counts):
    _in_rows("cases.jsonl", lambda rows: rows[0].update(state="closed"))(folder, counts)


@lie("cases.jsonl: case .*: received_at is not what the log says")
def the_day_of_receipt(folder, counts):
    change = {"received_at": "2020-01-01T00:00:00+00:00"}
    _in_rows("cases.jsonl", lambda rows: rows[0].update(change))(folder, counts)


@lie("cases.jsonl: case .*: outcomes is not what the log says")
def an_outcome(folder, counts):
    _in_rows("cases.jsonl", lambda rows: rows[0].update(outcomes=[]))(folder, counts)


@lie("cases.jsonl has other columns")
def a_column_that_the_log_does_not_know(folder, counts):
    _in_rows("cases.jsonl", lambda rows: rows[0].update(remark="fine"))(folder, counts)


@lie("though it fits the filters")
def a_case_hidden(folder, counts):
    hidden = rows_of(folder, "cases.jsonl")[-1]
    _in_rows("cases.jsonl", lambda rows: rows.pop())(folder, counts)
    keep = [r for r in rows_of(folder, "contents.jsonl") if r["case"] != hidden["case"]]
    write_rows(folder, "contents.jsonl", keep)


@lie("cases.jsonl: line 1 is not canonical JSON")
def a_member_of_a_row_twice(folder, _counts):
    table = folder / "cases.jsonl"
    table.write_bytes(table.read_bytes().replace(b"{", b'{"state":"closed",', 1))


@lie("contents.jsonl: .* is not canonical JSON")
def a_member_of_a_content_twice(folder, _counts):
    table = folder / "contents.jsonl"
    table.write_bytes(table.read_bytes().replace(b"{", b'{"nonce":"00",', 1))


@lie("cases.jsonl has a line of more than 33554432 bytes")
def a_row_without_end(folder, _counts):
    table = folder / "cases.jsonl"
    table.write_bytes(b" " * 2**25 + table.read_bytes())


@lie("contents.jsonl has a line of more than 33554432 bytes")
def a_content_without_end(folder, _counts):
    table = folder / "contents.jsonl"
    table.write_bytes(b" " * 2**25 + table.read_bytes())


@lie("has case .* twice")
def a_case_shown_twice(folder, counts):
    _in_rows("cases.jsonl", lambda rows: rows.append(rows[0]))(folder, counts)


@lie("cases.csv: case .* is not what the log says")
def a_spreadsheet_that_says_something_else(folder, _counts):
    table = folder / "cases.csv"
    table.write_bytes(table.read_bytes().replace(b"answered", b"closed", 1))


@lie("cases.csv has more lines")
def a_spreadsheet_with_a_line_too_many(folder, _counts):
    table = folder / "cases.csv"
    table.write_bytes(table.read_bytes() + b"one more\r\n")


@lie("contents.jsonl: the content does not fit request of step 1")
def a_content_that_was_not_committed_to(folder, counts):
    def change(rows):
        next(r for r in rows if r["name"] == "request")["content"]["subject_name"] = "Li"

    _in_rows("contents.jsonl", change)(folder, counts)


@lie("contents.jsonl: the content does not fit")
def another_nonce(folder, counts):
    _in_rows("contents.jsonl", lambda rows: rows[0].update(nonce="00" * 32))(folder, counts)


@lie("contents.jsonl has another commitment")
def another_commitment(folder, counts):
    _in_rows("contents.jsonl", lambda rows: rows[0].update(commitment="00" * 32))(folder, counts)


@lie("contents.jsonl lacks")
def a_content_left_out(folder, counts):
    _in_rows("contents.jsonl", lambda rows: rows.pop(1))(folder, counts)


@lie("contents.jsonl has more lines")
def a_content_too_many(folder, counts):
    _in_rows("contents.jsonl", lambda rows: rows.append(rows[0]))(folder, counts)


def _close(reason, name=""):
    def change(rows):
        row = next(row for row in rows if name in ("", row["name"]))
        del row["nonce"], row["content"]
        row["closed"] = reason

    return change


@lie("is not shown without reason")
def a_content_said_to_be_erased(folder, counts):
    _in_rows("contents.jsonl", _close("erased"))(folder, counts)


@lie("is not shown without reason")
def a_content_withheld_for_no_reason(folder, counts):
    _in_rows("contents.jsonl", _close("not_convenient"))(folder, counts)


@lie("The provider signed for more or fewer contents")
def a_content_said_to_be_a_document_of_identity(folder, counts):
    _in_rows("contents.jsonl", _close("identity_document", "request"))(folder, counts)


@lie("is not shown without reason")
def reasons_said_to_be_a_document_of_identity_and_signed_for(folder, counts):
    _in_rows("contents.jsonl", _close("identity_document", "reasons"))(folder, counts)
    counts.openings -= 1
    counts.closed["identity_document"] = 1


@lie("The provider signed for more or fewer cases")
def a_wrong_number_of_cases(_folder, counts):
    counts.cases += 1


@lie("The provider signed for more or fewer steps")
def a_wrong_number_of_steps(_folder, counts):
    counts.events -= 1


@lie("Request 3 of 3 in the register CN is missing")
def a_request_that_the_log_does_not_have(_folder, counts):
    counts.registered["CN"] += 1


@pytest.fixture
def small_log(db):
    from tests.factories import make_case
    from workflows.cases.lifecycle import State

    make_case(State.ANSWERED)
    make_case()


def test_hidden_last_steps_are_found_in_an_export_of_the_whole_log(small_log, verify):
    def hide(folder, counts):
        def change(rows):
            # The answer, and the notice that was sent with it.
            rows[0]["steps"] -= 2
            rows[0].update(state="executing", responded_at=None, outcomes=[])

        counts.events -= 2
        _in_rows("cases.jsonl", change)(folder, counts)
        table = folder / "cases.csv"
        rows = rows_of(folder, "cases.jsonl")
        lines = [csv_line(case_cells(row)) for row in rows]
        table.write_bytes(csv_header(CASE_COLUMNS, bom=False) + b"".join(lines))
        hidden = rows[0]
        contents = rows_of(folder, "contents.jsonl")
        keep = [
            line
            for line in contents
            if line["case"] != hidden["case"] or line["step"] <= hidden["steps"]
        ]
        counts.closed["whole_log"] -= len(contents) - len(keep)
        write_rows(folder, "contents.jsonl", keep)

    code, output = verify(dishonest_export(hide, regime=""))
    assert code == 1
    assert "has more steps than shown" in output


def hide_the_last_case(folder, counts):
    """Sign for one request fewer, and show nothing of the newest."""
    *shown, hidden = rows_of(folder, "cases.jsonl")
    write_rows(folder, "cases.jsonl", shown)
    lines = [csv_line(case_cells(row)) for row in shown]
    header = csv_header(CASE_COLUMNS, bom=False)
    (folder / "cases.csv").write_bytes(header + b"".join(lines))
    contents = rows_of(folder, "contents.jsonl")
    keep = [line for line in contents if line["case"] != hidden["case"]]
    write_rows(folder, "contents.jsonl", keep)
    counts.registered["CN"] -= 1
    counts.cases -= 1
    counts.events -= hidden["steps"]
    if counts.closed:
        counts.closed["whole_log"] -= len(contents) - len(keep)
    else:
        counts.openings -= len(contents) - len(keep)


def test_a_hidden_last_request_is_found_in_an_export_of_the_whole_log(small_log, verify):
    code, output = verify(dishonest_export(hide_the_last_case, regime=""))
    assert code == 1
    assert "kept silent about requests: the register CN had 2" in output
    # One regime's entries alone cannot show it; the report says on whose word it rests.
    code, output = verify(dishonest_export(hide_the_last_case))
    assert code == 0
    assert "that no steps or requests followed those shown: the provider signed" in output


def test_what_is_said_to_have_come_while_the_export_was_made_is_counted(small_log, verify):
    def hide_and_claim_to_have_read_early(folder, counts):
        hide_the_last_case(folder, counts)
        counts.read_from = 0

    code, output = verify(dishonest_export(hide_and_claim_to_have_read_early, regime=""))
    assert code == 0
    assert re.search(r"  - [1-9]\d* steps that came from entry 0 on, while the export", output)
    code, output = verify(unpack(export("")))
    assert code == 0
    assert "while the export was made" not in output
    assert "requests followed those shown" not in output


def test_what_was_hidden_from_a_regulator_shows_in_a_later_export_of_the_whole_log(
    small_log, verify
):
    assert verify(dishonest_export(hide_the_last_case))[0] == 0
    code, output = verify(unpack(export("")))
    assert code == 1
    assert re.search(
        r"The export that is entry \d+ kept silent about requests: the register CN had 2, and the"
        r" provider signed for 1\.",
        output,
    )


# --- From where the register was read ---------------------------------------------------------------
@pytest.fixture
def log_of_last_week(db):
    from tests.factories import make_case
    from workflows.cases.lifecycle import State

    with freeze_time(timezone.now() - timedelta(days=7)):
        make_case(State.ANSWERED)
        make_case()
        make_case()
        sequence()


def place_of_the_hidden_request(hidden):
    return Leaf.objects.get(event__case=hidden, event__name="case.received").index


def hide_as_if_it_came_later(folder, counts):
    """Hide the last case, and say to have read the log before it was filed."""
    hidden = rows_of(folder, "cases.jsonl")[-1]["case"]
    hide_the_last_case(folder, counts)
    counts.read_from = place_of_the_hidden_request(hidden)


def hide_as_if_nothing_had_been_there(folder, counts):
    hide_the_last_case(folder, counts)
    counts.read_from = 0


def test_an_earlier_place_of_reading_does_not_excuse_a_hidden_request(log_of_last_week, verify):
    assert verify(dishonest_export(hide_as_if_it_came_later))[0] == 0
    code, output = verify(unpack(export("")))
    assert code == 1
    assert re.search(
        r"The export that is entry \d+ says to have been read from entry \d+ on, as if what was"
        r" written from \S+ to \S+ had come while it was made: that takes 24 hours at most\.",
        output,
    )


@pytest.mark.parametrize("regime", ["CN", ""])
def test_who_says_to_have_read_before_what_is_shown_is_found_at_once(
    regime, log_of_last_week, verify
):
    code, output = verify(dishonest_export(hide_as_if_nothing_had_been_there, regime=regime))
    assert code == 1
    assert "says to have been read from entry 0 on, as if what was written" in output


def test_a_statement_that_is_dated_back_excuses_no_hidden_request(log_of_last_week, verify):
    with transaction.atomic():
        append(name="case.viewed", role="reviewer", case=Case.objects.first().pseudonym)
    with freeze_time(timezone.now() - timedelta(days=7)):
        dishonest_export(hide_as_if_nothing_had_been_there)
    code, output = verify(unpack(export("")))
    assert (code, "says to have been read from entry 0 on, as if" in output) == (1, True)


@pytest.mark.parametrize("read_from", [-1, 10_000])
def test_an_export_is_not_read_from_a_place_that_was_none(read_from, small_log, verify):
    def change(_folder, counts):
        counts.read_from = read_from

    code, output = verify(dishonest_export(change))
    assert code == 1
    assert f"says to have been read from entry {read_from}, which is no place before it" in output


def test_a_request_said_to_have_come_within_the_day_is_told_by_its_number(small_log, verify):
    assert verify(dishonest_export(hide_as_if_it_came_later))[0] == 0
    code, output = verify(unpack(export("")))
    assert code == 0
    assert re.search(
        r"  - 1 requests in the register CN that came while the export that is entry \d+ was made:"
        r" the next one of that register must show them",
        output,
    )


# --- An old export with newer proofs ----------------------------------------------------------------
def prove_again(files, *kept):
    """Prove an export against the log of now, as whoever holds its tiles can: no key is needed."""
    now = latest_checkpoint()
    manifest = json.loads(files["manifest.json"])
    manifest["log"]["size"] = now.size
    files["manifest.json"] = json.dumps(manifest).encode()
    for name in [name for name in files if name.startswith(("log/consistency/", "log/tile/"))]:
        del files[name]
    files["log/checkpoint"] = now.note.encode()
    for checkpoint in kept:
        files[f"log/checkpoints/{checkpoint.size}"] = checkpoint.note.encode()
        proof = consistency_text(checkpoint.size, now)
        files[f"log/consistency/{checkpoint.size}-{now.size}"] = proof.encode()
    if manifest["regime"] is None:
        tiles = [*iter_hash_tiles(now.size), *iter_entry_bundles(now.size)]
        files.update({f"log/{name}": content for name, content in tiles})
    else:
        entries = [name for name in files if name.endswith(".entry")]
        places = sorted(int(name.split("/")[-1].split(".")[0]) for name in entries)
        for place, proof in iter_proofs(places, now):
            files[f"log/proofs/{place}.tlog-proof"] = proof.encode()
    reseal(files)
    return files


def test_an_old_export_with_newer_proofs_is_older_than_the_checkpoint_that_was_kept(
    small_log, verify
):
    from tests.factories import make_case

    old = unpack(export())
    made_at = json.loads(old["manifest.json"])["made_at"]
    make_case()
    sequence()
    kept = latest_checkpoint()
    make_case()
    sequence()

    code, output = verify(prove_again(dict(old), kept), previous=kept.note)
    assert code == 1
    assert "The export is older than your previous checkpoint: it shows what lies before" in output
    # Proved against that very checkpoint, it is no newer.
    code, output = verify(prove_again(dict(old)), previous=latest_checkpoint().note)
    assert (code, "The export is older than your previous checkpoint" in output) == (1, True)
    # Without one nothing is wrong, but when it was made is said, and that the log went on.
    code, output = verify(prove_again(dict(old)))
    assert code == 0
    assert f"  made at {made_at[:10]} {made_at[11:19]} UTC: it shows what lies before" in output
    assert re.search(r"  - what the last [1-9]\d* entries of the log say of these cases", output)
    # A new one shows it all.
    code, output = verify(unpack(export(previous=(kept.note,))), previous=kept.note)
    assert (code, "what the last" in output) == (0, False)


def test_an_old_export_of_the_whole_log_cannot_take_up_what_came_since(db, verify):
    from tests.factories import make_case

    with freeze_time(timezone.now() - timedelta(days=7)):
        make_case()
        old = unpack(export(""))
    make_case()
    sequence()
    code, output = verify(prove_again(old))
    assert code == 1
    assert "had come while it was made" in output


def test_steps_of_a_case_that_was_never_received_are_found(small_log, verify):
    with transaction.atomic():
        append(name="case.viewed", role="reviewer", case=uuid4())
    code, output = verify(unpack(export("")))
    assert code == 1
    assert "is in the log, and neither in the tables nor left out by the filters" in output


def test_a_step_that_was_dated_back_is_told(small_log, verify):
    code, output = verify(unpack(export()))
    assert (code, "  the entries are in the order of their times\n" in output) == (0, True)
    case = Case.objects.latest("pk").pseudonym
    with transaction.atomic():
        told = timezone.now() - timedelta(days=3)
        append(name="case.viewed", role="reviewer", case=case, at=told)
    for regime in ("CN", ""):
        code, output = verify(unpack(export(regime)))
        assert code == 0
        assert "in the order of their times" not in output
        assert re.search(
            rf"  - the times of 1 entries, dated back or by a wrong clock: step \d+ of case {case}"
            rf" says {told:%Y-%m-%d}T.*, and stands after one of ",
            output,
        )


@pytest.mark.parametrize("minutes", [0, 59])
def test_what_was_written_at_about_the_same_time_may_change_places(small_log, verify, minutes):
    with transaction.atomic():
        told = timezone.now() - timedelta(minutes=minutes)
        case = Case.objects.latest("pk").pseudonym
        append(name="case.viewed", role="reviewer", case=case, at=told)
    code, output = verify(unpack(export()))
    assert (code, "in the order of their times" in output) == (0, True)


@pytest.mark.parametrize(("change", "message"), LIES)
def test_tables_that_differ_from_the_log_are_refused_though_signed(
    change, message, small_log, verify
):
    code, output = verify(dishonest_export(change))
    assert code == 1
    assert re.search(message, output), output
