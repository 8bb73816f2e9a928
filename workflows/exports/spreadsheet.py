"""The cases and their steps as a spreadsheet, written in constant memory.

Texts are written as texts, so that none becomes a formula or a link; times are those of UTC.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from workflows.exports.rows import CASE_COLUMNS, EventEntry, case_cells
from workflows.ledger.canonical import canonical_json

STEP_COLUMNS = ("number", "step", "at", "event", "role", "actor", "facts", "case")

_ROWS = 1_048_576
_NUMBERS = {"register_number", "steps", "step"}
_MOMENTS = {"received_at", "responded_at", "acknowledged_at", "extended_at", "closed_at"}
_MOMENTS |= {"erased_at", "at"}
_DAYS = {"due_on"}


class Spreadsheet:
    """Two tables, `cases` and `steps`; a table goes on in another sheet where one is full."""

    def __init__(self, path: Path, folder: Path) -> None:
        """Write to `path`; temporary files go to `folder`."""
        # Only the worker that writes one carries the library.
        import xlsxwriter

        options = {
            "constant_memory": True,
            "tmpdir": str(folder),
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "default_date_format": "yyyy-mm-dd",
        }
        self._book = xlsxwriter.Workbook(str(path), options)
        self._cases = _Table(self._book, "cases", CASE_COLUMNS)
        self._steps = _Table(self._book, "steps", STEP_COLUMNS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write the file; after an error it is of no use, and its folder is thrown away."""
        self._book.close()

    def add(self, row: Mapping[str, Any], entries: Iterable[EventEntry]) -> None:
        """Add a row of `cases.jsonl` and the entries of its steps."""
        self._cases.add(case_cells(row))
        for entry in entries:
            self._steps.add(
                [
                    row["number"],
                    str(entry["step"]),
                    entry["at"],
                    entry["name"],
                    entry["role"],
                    entry["actor"],
                    canonical_json(entry["facts"]).decode(),
                    entry["case"],
                ]
            )


class _Table:
    """A sheet with a fixed head, and those that continue it."""

    def __init__(self, book: Any, name: str, columns: Sequence[str]) -> None:
        self._book, self._name, self._columns = book, name, columns
        self._head = book.add_format({"bold": True})
        self._moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._sheets = 0
        self._begin_sheet()

    def add(self, cells: Sequence[str]) -> None:
        """Add a line; the cells are the texts of the CSV file."""
        if self._row == _ROWS:
            self._begin_sheet()
        for place, (column, text) in enumerate(zip(self._columns, cells, strict=True)):
            if text:
                self._write(place, column, text)
        self._row += 1

    def _begin_sheet(self) -> None:
        self._sheets += 1
        name = self._name if self._sheets == 1 else f"{self._name} {self._sheets}"
        self._sheet = self._book.add_worksheet(name)
        self._sheet.freeze_panes(1, 1)
        self._sheet.set_column(0, len(self._columns) - 1, 20)
        for place, column in enumerate(self._columns):
            title = f"{column} (UTC)" if column in _MOMENTS else column
            self._sheet.write_string(0, place, title, self._head)
        self._row = 1

    def _write(self, place: int, column: str, text: str) -> None:
        if column in _NUMBERS:
            self._sheet.write_number(self._row, place, int(text))
        elif column in _MOMENTS:
            moment = datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
            self._sheet.write_datetime(self._row, place, moment, self._moment)
        elif column in _DAYS:
            self._sheet.write_datetime(self._row, place, date.fromisoformat(text), self._day)
        else:
            # Longer than a cell can hold, it is cut off there; `events.csv` has all of it.
            self._sheet.write_string(self._row, place, text)
