"""Scans texts: candidates on squeezed bytes, then confirmation on the few places found."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from operator import attrgetter, itemgetter
from typing import NamedTuple

import numpy as np

from workflows.corpus.columns import Candidate, Column
from workflows.corpus.match.confirmation import CandidateWindow
from workflows.corpus.match.patterns import Patterns
from workflows.corpus.normalize.characters import boundary
from workflows.corpus.normalize.markup import without_markup
from workflows.corpus.normalize.stream import fold_bytes, normalize_stream
from workflows.corpus.normalize.text_views import normalize_all
from workflows.corpus.values import Finding

# A block takes several times its size in memory; smaller ones take longer, one by one.
BLOCK = 1 << 20
# Bytes that two blocks share: the longest spelling of an identifier, tags in it included.
OVERLAP = 2048
# Bytes of text around a candidate that hold the whole spelling and decide whether it stands alone:
# so many, where a tag counts as one, and more in proportion for the rest of a spaced-out address.
_CONTEXT = 64
_STRETCH = 6
_FARTHEST = 1024
# Bytes that are decoded at once to count their characters.
_COUNTED_AT_ONCE = 64 * 1024
# The stretches that are read at once.
_AT_ONCE = 256
_TAGS_AHEAD = re.compile(rb"(?:<[^<>]{0,400}>|.){0,%d}" % _CONTEXT, re.DOTALL)
_TAGS_BACK = re.compile(rb"(?:>[^<>]{0,400}<|.){0,%d}" % _CONTEXT, re.DOTALL)


def candidates(data: memoryview, patterns: Patterns, *, escaped: bool) -> Iterator[Candidate]:
    """Yield the places where identifiers may stand in the texts of a column, or in JSONL.

    With `escaped`, it is JSONL as it stands in a file.
    """
    blocks = max(1, len(data) // BLOCK)
    size = -(-len(data) // blocks)
    for nominal in range(0, len(data), size or 1):
        begin = boundary(data, nominal)
        raw = data[begin : boundary(data, nominal + size + OVERLAP)]
        folded = fold_bytes(raw, escaped=escaped)
        found = patterns.find(normalize_stream(folded.folded), raw)
        for squeezed in without_markup(folded, escaped=escaped):
            found += patterns.find(squeezed, raw)
        for candidate in found:
            if candidate.end - candidate.start <= OVERLAP:
                yield candidate.moved(begin)


def findings(column: Column, patterns: Patterns) -> Iterator[tuple[int, list[Finding]]]:
    """Yield the index of each record in which identifiers were confirmed, and where they stand."""
    confirmed = _confirmed(column.field, _stretches(column, patterns), patterns)
    for row, places in groupby(confirmed, key=itemgetter(0)):
        # Of two spellings that begin at one place, the later decides.
        yield row, list({place: finding for _row, place, finding in places}.values())


class _Stretch(NamedTuple):
    """Bytes of a record that are read at once, from `begin` on, and the candidates in them.

    `before` are the characters of the record before them.
    """

    row: int
    begin: int
    before: int
    encoded: bytes
    among: list[Candidate]


def _confirmed(
    field: str, stretches: Iterator[_Stretch], patterns: Patterns
) -> Iterator[tuple[int, tuple[int, int], Finding]]:
    """Yield what is found: the index of the record, which identifier begins where, the finding."""
    while several := list(islice(stretches, _AT_ONCE)):
        readings = normalize_all(
            [stretch.encoded.decode("utf-8", "replace") for stretch in several]
        )
        for (row, begin, before, encoded, among), reading in zip(several, readings, strict=True):
            window = CandidateWindow(reading)
            for start, stop, targets in among:
                first = _code_points(encoded[: start - begin])
                focus = range(first, first + _code_points(encoded[start - begin : stop - begin]))
                for target in targets:
                    identifier = patterns.identifiers[target.identifier]
                    places = window.places(identifier.kind, target.spelling, focus)
                    for first, last, certain in places:
                        finding = Finding(identifier, field, before + first, before + last, certain)
                        yield row, (target.identifier, finding.start), finding


def _stretches(column: Column, patterns: Patterns) -> Iterator[_Stretch]:
    """Yield what is to be read around candidates."""
    for row, among in _by_text(column, patterns):
        record = column.encoded(row)
        characters = counted_to = 0
        for begin, end, group in _groups(record, among):
            # The code points before are counted once; one may begin before the last stretch.
            characters += _code_points(record[counted_to:begin])
            characters -= _code_points(record[begin:counted_to])
            counted_to = begin
            yield _Stretch(row, begin, characters, bytes(record[begin:end]), group)


def _by_text(column: Column, patterns: Patterns) -> Iterator[tuple[int, Sequence[Candidate]]]:
    """Yield the texts with candidates, by index, and these, in order."""
    if column.found is not None:
        yield from enumerate(column.found)
        return
    found = sorted(candidates(column.searched(), patterns, escaped=False), key=attrgetter("start"))
    rows = np.searchsorted(column.offsets, [place.start for place in found], side="right") - 1
    for row, places in groupby(zip(rows.tolist(), found, strict=True), key=itemgetter(0)):
        offset = int(column.offsets[row])
        yield row, [place.moved(-offset) for _row, place in places]


def _groups(
    record: memoryview, places: Sequence[Candidate]
) -> Iterator[tuple[int, int, list[Candidate]]]:
    """Yield the bytes to read, and the different candidates in them; near ones are read at once."""
    group: list[Candidate] = []
    seen: set[tuple[int, ...]] = set()
    begin = end = 0
    for place in places:
        key = (place.start, place.end, *map(id, place.targets))
        if place.end > len(record) or key in seen:
            continue
        seen.add(key)
        start, stop = _around(record, place)
        if group and begin <= start <= end and stop - begin < _FARTHEST:
            end = max(end, stop)
        else:
            if group:
                yield begin, end, group
            group, begin, end = [], start, stop
        group.append(place)
    if group:
        yield begin, end, group


def _around(record: memoryview, place: Candidate) -> tuple[int, int]:
    """Return the bytes around a candidate that are read to confirm it."""
    start, stop, targets = place
    in_part = any([target.in_part for target in targets])  # noqa: C419 - twice as fast
    reach = max(_CONTEXT, _STRETCH * (stop - start)) if in_part else _CONTEXT
    begin, end = max(0, start - reach), min(len(record), stop + reach)
    near = bytes(record[begin:end])
    if b"<" in near or b">" in near:
        back = _TAGS_BACK.match(bytes(record[max(0, start - _FARTHEST) : start])[::-1])
        ahead = _TAGS_AHEAD.match(record[stop : stop + _FARTHEST])
        assert back is not None
        assert ahead is not None
        begin, end = min(begin, start - back.end()), max(end, stop + ahead.end())
    return boundary(record, begin), boundary(record, end)


def _code_points(encoded: bytes | memoryview) -> int:
    """Return the characters in UTF-8; one that is cut at the end counts."""
    characters = begin = 0
    while begin < len(encoded):
        end = boundary(encoded, begin + _COUNTED_AT_ONCE)
        characters += len(str(encoded[begin:end], "utf-8", "replace"))
        begin = end
    return characters
