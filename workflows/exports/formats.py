"""The forms of an export that are made on demand, beside CSV and JSON Lines."""

from collections.abc import Collection
from enum import StrEnum


class Format(StrEnum):
    """What an export may bring besides: a byte order mark in the CSV, or further files."""

    BOM = "bom"
    XLSX = "xlsx"
    PDF = "pdf"


# What the event `bundle.exported` always commits to; `events.csv` follows from the entries.
FILES = ("README.txt", "cases.csv", "cases.jsonl", "contents.jsonl", "keys/vkey.txt", "verify.py")
SPREADSHEET, SUMMARY = "cases.xlsx", "summary.pdf"


def signed_files(formats: Collection[Format]) -> list[str]:
    """Return the files outside `log/` to which an export in these forms commits, sorted."""
    files = [*FILES]
    if Format.XLSX in formats:
        files.append(SPREADSHEET)
    if Format.PDF in formats:
        files.append(SUMMARY)
    return sorted(files)
