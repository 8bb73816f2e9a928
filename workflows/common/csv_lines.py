"""Lines of CSV files, with cells that no spreadsheet program takes for formulas."""

from collections.abc import Sequence

# Spreadsheet programs take a file of UTF-8 for something else without it.
BYTE_ORDER_MARK = "\ufeff"
# The last four are the wide forms, which some programs take for the others in East Asia.
_FORMULA_STARTS = tuple("=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20")


def csv_line(cells: Sequence[str]) -> bytes:
    """Return one line of a CSV file as RFC 4180 writes it, harmless to spreadsheet programs.

    A cell that such a program would take for a formula gets an apostrophe before it.
    """
    return (",".join(_quoted(cell) for cell in cells) + "\r\n").encode()


def csv_header(columns: Sequence[str], *, bom: bool) -> bytes:
    """Return the first line of a CSV file, after a byte order mark if one is wanted."""
    return (BYTE_ORDER_MARK.encode() if bom else b"") + csv_line(columns)


def _quoted(cell: str) -> str:
    # Not by the module `csv`, whose quoting changes with the version of Python: a verifier must
    # come to the same bytes.
    if cell.startswith(_FORMULA_STARTS):
        cell = f"'{cell}"
    if any(symbol in cell for symbol in ',"\r\n'):
        cell = '"' + cell.replace('"', '""') + '"'
    return cell
