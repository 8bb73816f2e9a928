"""Rows of an export: derived from the entries alone, written so that no spreadsheet is fooled."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.common.csv_lines import BYTE_ORDER_MARK, csv_header, csv_line
from workflows.exports.rows import CASE_COLUMNS, case_cells, event_cells, row_from_log


def entry(name, step, at="2026-01-02T00:00:00.000000Z", register=None, number=None, **facts):
    return {
        "v": 1,
        "case": "c",
        "step": step,
        "register": register,
        "number": number,
        "name": name,
        "role": "system",
        "actor": "",
        "at": at,
        "facts": facts,
        "commitments": {},
    }


RECEIVED = entry(
    "case.received",
    1,
    register="CN",
    number=7,
    regime_version="1",
    received_at="2026-01-01T00:00:00+00:00",
    items=["correct"],
    channel="web",
    requester="self",
    residence="CN",
    language="en",
)


def move(name, step, source, target, **facts):
    at = f"2026-01-{step:02}T00:00:00.000000Z"
    return entry(name, step, at, **{"from": source, "to": target, **facts})


def test_a_new_case_has_been_filed_and_nothing_more():
    row = row_from_log([RECEIVED], "CN")
    assert row["state"] == "filed"
    assert row["steps"] == 1
    assert row["register_number"] == 7
    assert (row["responded_at"], row["closed_at"], row["missed"]) == (None, None, [])


def test_the_latest_answer_counts_and_the_end_is_the_move_that_ended_it():
    first = [{"item": 1, "kind": "correct", "outcome": "refused", "ground": "not_found"}]
    second = [{"item": 1, "kind": "correct", "outcome": "corrected"}]
    entries = [
        RECEIVED,
        move("answer.sent", 2, "executing", "answered", outcomes=first),
        move("case.contested", 3, "answered", "contested"),
        move("answer.sent", 4, "executing", "answered", outcomes=second),
        move("case.closed", 5, "answered", "closed"),
        move("erasure.requested", 6, "closed", "closed"),
        move("case.erased", 7, "closed", "closed"),
    ]
    row = row_from_log(entries, "CN")
    assert row["responded_at"] == "2026-01-04T00:00:00.000000Z"
    assert row["outcomes"] == second
    assert row["closed_at"] == "2026-01-05T00:00:00.000000Z"
    assert row["erased_at"] == "2026-01-07T00:00:00.000000Z"


def test_only_missed_clocks_of_the_regime_are_listed():
    entries = [
        RECEIVED,
        move("clock.missed", 2, "triage", "triage", clock="a", regime="CN", due_on="2026-02-01"),
        move("clock.missed", 3, "triage", "triage", clock="b", regime="EU", due_on="2026-02-02"),
    ]
    assert row_from_log(entries, "CN")["missed"] == [{"clock": "a", "due_on": "2026-02-01"}]


def complained(name, step, complaint="k", **facts):
    at = f"2026-01-{step:02}T00:00:00.000000Z"
    return entry(f"complaint.{name}", step, at, complaint=complaint, **facts)


def test_each_complaint_tells_what_it_came_to():
    filed = {"about": "handling", "received_at": "2026-01-02T00:00:00+00:00"}
    entries = [
        RECEIVED,
        complained("received", 2, **filed),
        complained("acknowledged", 3),
        complained("missed", 4, clock="a", regime="CN", due_on="2026-01-03"),
        complained("missed", 5, clock="b", regime="EU", due_on="2026-01-03"),
        complained("answered", 6, finding="upheld"),
        complained("received", 7, "l", **filed),
        complained("withdrawn", 8, "l"),
        complained("received", 9, "m", **filed),
    ]
    row = row_from_log(entries, "CN")

    assert row["state"] == "filed"
    assert row["complaints"][0] == {
        "complaint": "k",
        **filed,
        "acknowledged_at": "2026-01-03T00:00:00.000000Z",
        "answered_at": "2026-01-06T00:00:00.000000Z",
        "finding": "upheld",
        "withdrawn_at": None,
        "missed": [{"clock": "a", "due_on": "2026-01-03"}],
    }
    cells = dict(
        zip(CASE_COLUMNS, case_cells({**row, "number": "n", "deadlines": []}), strict=True)
    )
    when = "handling 2026-01-02T00:00:00+00:00"
    assert cells["complaints"].split("; ") == [
        f"{when}: upheld 2026-01-06T00:00:00.000000Z",
        f"{when}: withdrawn 2026-01-08T00:00:00.000000Z",
        f"{when}: open",
    ]


def test_the_spreadsheet_has_the_six_fields_that_california_asks_for():
    row = {
        **row_from_log(
            [
                RECEIVED,
                move(
                    "answer.sent",
                    2,
                    "executing",
                    "answered",
                    outcomes=[{"item": 1, "kind": "correct", "outcome": "refused", "ground": "g"}],
                ),
            ],
            "CN",
        ),
        "number": "2026-AAAA-AAAA",
        "deadlines": [
            {"leads": False, "due_on": "2026-01-05", "rule": "other", "citations": []},
            {
                "leads": True,
                "due_on": "2026-02-01",
                "provisional": True,
                "state": "met",
                "rule": "Answer in time.",
                "citations": ["Art. 1", "Art. 2"],
            },
        ],
    }
    cells = dict(zip(CASE_COLUMNS, case_cells(row), strict=True))
    asked = ("received_at", "items", "channel", "responded_at", "outcomes", "grounds")
    assert [cells[name] for name in asked] == [
        "2026-01-01T00:00:00+00:00",
        "correct",
        "web",
        "2026-01-02T00:00:00.000000Z",
        "1 correct: refused",
        "1 correct: g",
    ]
    assert (cells["due_on"], cells["due_provisional"]) == ("2026-02-01", "yes")
    assert (cells["rule"], cells["citation"]) == ("Answer in time.", "Art. 1; Art. 2")


def test_a_step_becomes_a_line_with_its_place_in_the_log():
    cells = event_cells("2026-AAAA-AAAA", 12, RECEIVED)
    assert cells[:6] == ["2026-AAAA-AAAA", "c", "1", "12", RECEIVED["at"], "case.received"]
    assert cells[-2].startswith('{"channel":"web",')


@pytest.mark.parametrize("start", "=+-@\t\r\n\0＝＋－＠")
def test_no_cell_begins_a_formula(start):
    [row] = csv.reader(io.StringIO(csv_line([f"{start}1+1"]).decode(), newline=""))
    assert row == [f"'{start}1+1"]


@given(st.lists(st.text(), min_size=2))
def test_what_is_written_is_read_again_by_the_module_csv(cells):
    written = csv_line(cells).decode()
    assert written.endswith("\r\n")
    [row] = csv.reader(io.StringIO(written, newline=""))
    assert [
        read.removeprefix("'") if read != cell else read
        for read, cell in zip(row, cells, strict=True)
    ] == cells


def test_a_file_begins_with_the_mark_that_spreadsheets_need_if_that_is_wanted():
    assert csv_header(["a", "b"], bom=True).decode("utf-8") == BYTE_ORDER_MARK + "a,b\r\n"
    assert csv_header(["a", "b"], bom=False) == b"a,b\r\n"
