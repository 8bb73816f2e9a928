"""An entry of a manifest: one change to one record, named by file and row. No personal text."""

import enum
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from workflows.datasets.lookup.hits import RecordId

# What stands in the place of redacted text, unless the manifest says otherwise.
REDACTION = "[REDACTED]"

_DIGEST = re.compile(r"[0-9a-f]{64}|")


class ManifestError(ValueError):
    """A manifest cannot be read or made; the message names the row and quotes no text."""


class Op(enum.StrEnum):
    """What is to be done. `suppress` concerns the outputs of models and changes no data."""

    REDACT = "redact"
    REPLACE = "replace"
    DELETE = "delete"
    SUPPRESS = "suppress"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a ledger manifest, in the order of its columns.

    `row` counts from 0: of JSONL every line, of Parquet every row of the file. `start` and `end`
    are code points of the decoded text of `field`. The digests are SHA-256 in hexadecimal of that
    whole text in UTF-8, before and after all the changes of the manifest; a record that goes has
    none after. `replacement_ref` names a text that is kept elsewhere.
    """

    op: Op
    dataset: str = ""
    snapshot: str = ""
    source: str = ""
    id: RecordId = None
    file: str = ""
    field: str = "text"
    row: int = 0
    start: int | None = None
    end: int | None = None
    sha256_before: str = ""
    sha256_after: str = ""
    replacement_ref: str = ""
    case_pseudonym: str = ""

    @property
    def changes_data(self) -> bool:
        """Whether something is to be changed in the snapshot."""
        return self.op is not Op.SUPPRESS

    @property
    def place(self) -> tuple[str, int]:
        """File and row."""
        return self.file, self.row

    def as_dict(self) -> dict[str, Any]:
        """Return the columns in their order."""
        return {name: getattr(self, name) for name in COLUMNS}

    def as_line(self) -> str:
        """Return the columns as a line of JSONL, with its line end."""
        return json.dumps(self.as_dict(), ensure_ascii=False) + "\n"

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], number: int) -> Self:
        """Read a row, `number` from 0; a missing `field` is `text`. Raises ManifestError."""
        known = {name: values[name] for name in COLUMNS if values.get(name) is not None}
        try:
            entry = cls(**{**known, "op": Op(known["op"])})
        except (KeyError, ValueError, TypeError):
            raise ManifestError(f"Row {number} of the manifest has no known `op`.") from None
        fault = entry._fault()
        if fault:
            raise ManifestError(f"Row {number} of the manifest: {fault}")
        return entry

    def _fault(self) -> str:
        texts = (
            self.dataset, self.snapshot, self.source, self.file, self.field,
            self.replacement_ref, self.case_pseudonym,
        )  # fmt: skip
        if not all(isinstance(text, str) for text in texts):
            return "a name is not a text."
        if not isinstance(self.id, str | int | None):
            return "`id` is neither a text nor a number."
        for value in (self.sha256_before, self.sha256_after):
            if not isinstance(value, str) or not _DIGEST.fullmatch(value):
                return "a digest is not SHA-256 in hexadecimal."
        return self._fault_of_change() if self.changes_data else ""

    def _fault_of_change(self) -> str:
        if not self.file or type(self.row) is not int or self.row < 0:
            return "`file` and `row` must name a record."
        if not self.sha256_before:
            return "`sha256_before` is missing."
        if self.op is Op.REPLACE and not self.replacement_ref:
            return "`replacement_ref` is missing."
        return "" if self.op is Op.DELETE else self._fault_of_span()

    def _fault_of_span(self) -> str:
        if type(self.start) is not int or type(self.end) is not int:
            return "`start` and `end` must be whole numbers."
        # An empty span may be replaced, which inserts; there is nothing to redact in one.
        shortest = 0 if self.op is Op.REPLACE else 1
        return "" if 0 <= self.start <= self.end - shortest else "the span is empty or backward."


COLUMNS = tuple(field.name for field in fields(Entry))


def digest(text: str) -> str:
    """Return SHA-256 of a text in UTF-8, in hexadecimal; lone surrogates count as they are."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
