"""Scans texts: candidates on squeezed bytes, then confirmation on the few places found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
import numpy.typing as npt

from workflows.datasets.lookup.confirm import Window
from workflows.datasets.lookup.hits import Finding
from workflows.datasets.lookup.markup import without_markup
from workflows.datasets.lookup.patterns import Candidate, Patterns
from workflows.datasets.lookup.squeeze import fold_bytes, squeeze

# The arrays of one block fit into the second-level cache of a core.
BLOCK = 1 << 17
# Bytes that two blocks share: the longest spelling of an identifier, tags in it included.
OVERLAP = 2048
# Bytes of text around a candidate that decide whether it stands alone.
_CONTEXT = 96


@dataclass(frozen=True, slots=True)
class Column:
    """The texts of one field of many records: UTF-8 bytes, text `i` from `offsets[i]` on."""

    field: str
    data: memoryview
    offsets: npt.NDArray[np.int64]

    @classmethod
    def of_texts(cls, field: str, texts: Sequence[str]) -> "Column":
        """Make a column of texts. Lone surrogates, unknown to UTF-8, become question marks."""
        encoded = [text.encode("utf-8", "replace") for text in texts]
        offsets = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(text) for text in encoded], out=offsets[1:])
        return cls(field, memoryview(b"".join(encoded)), offsets)


def candidates(data: memoryview, patterns: Patterns, *, escaped: bool) -> Iterator[Candidate]:
    """Yield the places in UTF-8 text (or raw JSON, if `escaped`) where identifiers may stand."""
    for begin in range(0, max(len(data) - OVERLAP, 1), BLOCK):
        raw = bytes(data[begin : begin + BLOCK + OVERLAP])
        folded = fold_bytes(raw, escaped=escaped)
        found = patterns.find(squeeze(folded))
        for squeezed in without_markup(raw, folded, escaped=escaped):
            found += patterns.find(squeezed)
        for candidate in found:
            if candidate.end - candidate.start <= OVERLAP:
                yield Candidate(candidate.start + begin, candidate.end + begin, candidate.targets)


def findings(column: Column, patterns: Patterns) -> Iterator[tuple[int, list[Finding]]]:
    """Yield the index of each record in which identifiers were confirmed, and where they stand."""
    found = sorted(candidates(column.data, patterns, escaped=False), key=attrgetter("start"))
    if not found:
        return
    rows = np.searchsorted(column.offsets, [c.start for c in found], side="right") - 1
    distinct, begins = np.unique(rows, return_index=True)
    for row, begin, end in zip(
        distinct.tolist(), begins.tolist(), [*begins[1:].tolist(), len(found)], strict=True
    ):
        confirmed = _confirm_record(column, row, found[begin:end], patterns)
        if confirmed:
            yield row, confirmed


def _confirm_record(
    column: Column, row: int, found: Sequence[Candidate], patterns: Patterns
) -> list[Finding]:
    first, last = int(column.offsets[row]), int(column.offsets[row + 1])
    confirmed: dict[tuple[int, int], Finding] = {}
    seen: set[tuple[int, int, int]] = set()
    counted_to, characters = first, 0
    for candidate in found:
        key = (candidate.start, candidate.end, id(candidate.targets))
        if candidate.end > last or key in seen:
            continue
        seen.add(key)
        # Candidates come in order, so the code points before them are counted once.
        characters += _code_points(column.data[counted_to : candidate.start])
        counted_to = candidate.start
        begin = _boundary(column.data, max(first, candidate.start - _CONTEXT), first)
        end = _boundary(column.data, min(last, candidate.end + _CONTEXT), last)
        before = _code_points(column.data[begin : candidate.start])
        inside = _code_points(column.data[candidate.start : candidate.end])
        window = Window(str(column.data[begin:end], "utf-8", "replace"), before, before + inside)
        base = characters - before
        for target in candidate.targets:
            identifier = patterns.identifiers[target.identifier]
            for place in window.places(identifier.kind, target.spelling):
                finding = Finding(
                    identifier, column.field, base + place.start, base + place.end, place.certain
                )
                confirmed[target.identifier, finding.start] = finding
    return list(confirmed.values())


def _boundary(data: memoryview, position: int, limit: int) -> int:
    """Return the start of the character at `position`, or `limit` if that is where it is."""
    while position != limit and data[position] & 0xC0 == 0x80:  # noqa: PLR2004
        position -= 1
    return position


def _code_points(data: memoryview) -> int:
    return int(np.count_nonzero((np.frombuffer(data, np.uint8) & 0xC0) != 0x80))  # noqa: PLR2004
