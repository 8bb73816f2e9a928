"""Tables of figures as CSV files, harmless to spreadsheet programs."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpResponse

from workflows.common.csv_lines import csv_header, csv_line


def csv_file(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """Return a table to be saved as `name`.csv; what is unknown is an empty cell."""
    lines = [csv_line(["" if cell is None else str(cell) for cell in row]) for row in rows]
    return HttpResponse(
        csv_header(columns, bom=True) + b"".join(lines),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
