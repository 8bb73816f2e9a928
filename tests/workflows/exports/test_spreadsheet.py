"""A spreadsheet program shows what the tables say: no text becomes a formula, days are days."""

import zipfile
from datetime import date, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

from workflows.exports import spreadsheet
from workflows.exports.rows import CASE_COLUMNS
from workflows.exports.spreadsheet import Spreadsheet

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"

DEADLINE = {
    "leads": True,
    "due_on": "2026-04-01",
    "provisional": False,
    "state": "running",
    "rule": "=HYPERLINK(1)",
    "citations": ["-2"],
}
ROW = {
    **dict.fromkeys(CASE_COLUMNS),
    "number": "2026-AAAA-BBBB",
    "register_number": 7,
    "received_at": "2026-03-01T08:30:00.250000+08:00",
    "items": ["=1+1"],
    "outcomes": [],
    "channel": "https://example.org/",
    "missed": [],
    "complaints": [],
    "deadlines": [DEADLINE],
    "steps": 1,
}
ENTRY = {
    "step": 1,
    "at": "2026-03-01T00:30:00.250000Z",
    "name": "case.received",
    "role": "public",
    "actor": "@actor",
    "facts": {"text": "x" * 40_000},
    "case": "c",
}


def write(folder, rows=1):
    path = folder / "cases.xlsx"
    with Spreadsheet(path, folder) as table:
        for _row in range(rows):
            table.add(ROW, [ENTRY])
    return path


def cells(path, number):
    """Return the cells of a sheet by their place: (type, value)."""
    found = {}
    with zipfile.ZipFile(path) as book:
        root = ET.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
    assert root.find(f".//{MAIN}f") is None
    assert root.find(f".//{MAIN}hyperlink") is None
    for cell in root.iter(f"{MAIN}c"):
        found[cell.get("r")] = (cell.get("t"), "".join(cell.itertext()))
    return found


def column(name):
    return chr(ord("A") + CASE_COLUMNS.index(name))


def days(text):
    """Return an instant as spreadsheets count it: days since the end of 1899."""
    return float(text) * timedelta(days=1) + datetime(1899, 12, 30)


def test_texts_stay_texts_and_times_are_times(tmp_path):
    sheet = cells(write(tmp_path), 1)
    assert sheet[f"{column('items')}2"] == ("inlineStr", "=1+1")
    assert sheet[f"{column('rule')}2"] == ("inlineStr", "=HYPERLINK(1)")
    assert sheet[f"{column('citation')}2"] == ("inlineStr", "-2")
    assert sheet[f"{column('channel')}2"] == ("inlineStr", "https://example.org/")
    assert sheet[f"{column('register_number')}2"] == (None, "7")
    assert sheet[f"{column('received_at')}1"][1] == "received_at (UTC)"
    received = days(sheet[f"{column('received_at')}2"][1])
    assert abs(received - datetime(2026, 3, 1, 0, 30, 0, 250000)) < timedelta(milliseconds=1)
    assert days(sheet[f"{column('due_on')}2"][1]).date() == date(2026, 4, 1)
    assert f"{column('responded_at')}2" not in sheet


def test_the_steps_follow_on_a_sheet_of_their_own(tmp_path):
    steps = cells(write(tmp_path), 2)
    assert [steps[f"{name}2"][1] for name in "ABDF"] == [
        "2026-AAAA-BBBB",
        "1",
        "case.received",
        "@actor",
    ]
    # As much as a cell can hold.
    assert len(steps["G2"][1]) == 32_767


def test_a_full_sheet_goes_on_in_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr(spreadsheet, "_ROWS", 3)
    path = write(tmp_path, rows=5)
    with zipfile.ZipFile(path) as book:
        names = ET.fromstring(book.read("xl/workbook.xml")).iter(f"{MAIN}sheet")
        assert [sheet.get("name") for sheet in names] == [
            "cases",
            "steps",
            "cases 2",
            "steps 2",
            "cases 3",
            "steps 3",
        ]
    assert cells(path, 5)["A2"][1] == "2026-AAAA-BBBB"


@pytest.mark.parametrize("sheet", [1, 2])
def test_nothing_but_the_file_is_left_in_the_folder(tmp_path, sheet):
    path = write(tmp_path)
    assert list(tmp_path.iterdir()) == [path]
    assert len(cells(path, sheet)) > 8
