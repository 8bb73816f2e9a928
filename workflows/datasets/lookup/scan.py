"""Scans texts: candidates on squeezed bytes, then confirmation on the few places found."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter

import numpy as np
import numpy.typing as npt

from workflows.datasets.lookup.confirm import Window
from workflows.datasets.lookup.hits import Finding
from workflows.datasets.lookup.markup import without_markup
from workflows.datasets.lookup.patterns import Candidate, Patterns
from workflows.datasets.lookup.squeeze import fold_bytes, squeeze

# A block takes several times its size in memory; smaller ones take longer, one by one.
BLOCK = 1 << 22
# Bytes that two blocks share: the longest spelling of an identifier, tags in it included.
OVERLAP = 2048
# Bytes of text around a candidate that hold the whole spelling and decide whether it stands alone:
# so many, where a tag counts as one, and more in proportion for the rest of a spaced-out address.
_CONTEXT = 64
_STRETCH = 6
_FARTHEST = 1024
_TAGS_AHEAD = re.compile(rb"(?:<[^<>]{0,400}>|.){0,%d}" % _CONTEXT, re.DOTALL)
_TAGS_BACK = re.compile(rb"(?:>[^<>]{0,400}<|.){0,%d}" % _CONTEXT, re.DOTALL)


@dataclass(frozen=True, slots=True)
class Column:
    """The texts of one field of many records: UTF-8 bytes, text `i` from `offsets[i]` on.

    `found` holds the candidates in them, if they are known already.
    """

    field: str
    data: memoryview
    offsets: npt.NDArray[np.int64]
    found: Sequence[Candidate] | None = None

    @classmethod
    def of_texts(
        cls,
        field: str,
        texts: Sequence[str],
        found: Sequence[Sequence[Candidate]] | None = None,
    ) -> "Column":
        """Make a column of texts. Lone surrogates, unknown to UTF-8, become question marks.

        `found` holds the candidates in each text, if they are known already.
        """
        encoded = [text.encode("utf-8", "replace") for text in texts]
        offsets = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(text) for text in encoded], out=offsets[1:])
        if found is not None:
            found = [
                [Candidate(c.start + offset, c.end + offset, c.targets) for c in among]
                for offset, among in zip(offsets[:-1].tolist(), found, strict=True)
            ]
        moved = None if found is None else list(chain.from_iterable(found))
        return cls(field, memoryview(b"".join(encoded)), offsets, moved)

    def text(self, index: int) -> str:
        """Return one text, decoded as the places of hits are counted."""
        return str(self.data[self.offsets[index] : self.offsets[index + 1]], "utf-8", "replace")


def candidates(
    data: memoryview,
    patterns: Patterns,
    *,
    escaped: bool,
    offsets: npt.NDArray[np.int64] | None = None,
) -> Iterator[Candidate]:
    """Yield the places in UTF-8 text (or raw JSON, if `escaped`) where identifiers may stand.

    `offsets` are those of a column: where its texts begin and end.
    """
    for begin in range(0, max(len(data) - OVERLAP, 1), BLOCK):
        raw = data[begin : begin + BLOCK + OVERLAP]
        folded = fold_bytes(raw, escaped=escaped)
        edges = None if offsets is None else offsets - begin
        found = patterns.find(squeeze(folded.folded), raw, edges)
        for squeezed in without_markup(folded, escaped=escaped):
            found += patterns.find(squeezed, raw, edges)
        for candidate in found:
            if candidate.end - candidate.start <= OVERLAP:
                yield Candidate(candidate.start + begin, candidate.end + begin, candidate.targets)


def findings(column: Column, patterns: Patterns) -> Iterator[tuple[int, list[Finding]]]:
    """Yield the index of each record in which identifiers were confirmed, and where they stand."""
    among = column.found
    if among is None:
        among = list(candidates(column.data, patterns, escaped=False, offsets=column.offsets))
    found = sorted(among, key=attrgetter("start"))
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
    counted_to, characters = first, 0
    for begin, end, among in _groups(column.data, found, first, last):
        # The code points before the groups are counted once; one may begin before the last one.
        characters += _code_points(column.data[counted_to:begin])
        characters -= _code_points(column.data[begin:counted_to])
        counted_to = begin
        window = Window(str(column.data[begin:end], "utf-8", "replace"))
        for candidate in among:
            start = _code_points(column.data[begin : candidate.start])
            inside = _code_points(column.data[candidate.start : candidate.end])
            for target in candidate.targets:
                identifier = patterns.identifiers[target.identifier]
                for place in window.places(
                    identifier.kind, target.spelling, range(start, start + inside)
                ):
                    finding = Finding(
                        identifier,
                        column.field,
                        characters + place.start,
                        characters + place.end,
                        place.certain,
                    )
                    confirmed[target.identifier, finding.start] = finding
    return list(confirmed.values())


def _groups(
    data: memoryview, found: Sequence[Candidate], first: int, last: int
) -> Iterator[tuple[int, int, list[Candidate]]]:
    """Yield the bytes to read, and the different candidates in them; near ones are read at once."""
    group: list[Candidate] = []
    seen: set[tuple[int, ...]] = set()
    begin = end = first
    for candidate in found:
        key = (candidate.start, candidate.end, *map(id, candidate.targets))
        if candidate.end > last or key in seen:
            continue
        seen.add(key)
        start, stop = _around(data, candidate, first, last)
        if group and begin <= start <= end and stop - begin < _FARTHEST:
            end = max(end, stop)
        else:
            if group:
                yield begin, end, group
            group, begin, end = [], start, stop
        group.append(candidate)
    if group:
        yield begin, end, group


def _around(data: memoryview, candidate: Candidate, first: int, last: int) -> tuple[int, int]:
    """Return the bytes around a candidate that are read to confirm it, within one record."""
    in_part = any([target.in_part for target in candidate.targets])  # noqa: C419 - twice as fast
    stretch = _STRETCH * (candidate.end - candidate.start) if in_part else 0
    reach = max(_CONTEXT, stretch)
    begin, end = max(first, candidate.start - reach), min(last, candidate.end + reach)
    around = bytes(data[begin:end])
    if b"<" in around or b">" in around:
        before = bytes(data[max(first, candidate.start - _FARTHEST) : candidate.start])
        after = bytes(data[candidate.end : min(last, candidate.end + _FARTHEST)])
        back, ahead = _TAGS_BACK.match(before[::-1]), _TAGS_AHEAD.match(after)
        assert back is not None
        assert ahead is not None
        begin = min(begin, candidate.start - back.end())
        end = max(end, candidate.end + ahead.end())
    return _boundary(data, begin, first), _boundary(data, end, last)


def _boundary(data: memoryview, position: int, limit: int) -> int:
    """Return the start of the character at `position`, or `limit` if that is where it is."""
    while position != limit and data[position] & 0xC0 == 0x80:  # noqa: PLR2004
        position -= 1
    return position


def _code_points(data: memoryview) -> int:
    """Return the characters in UTF-8; one that is cut at the end counts."""
    return len(str(data, "utf-8", "replace"))
