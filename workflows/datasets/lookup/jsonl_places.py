r"""Turns places found in lines of JSONL into places of the texts that stand there.

A line is searched before it is parsed. Where its text stands in it as most writers put it, what was
found there need not be searched for again. Where a writer put it otherwise (\u4e00 for 一), the
text itself is searched.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

import orjson

from workflows.datasets.lookup.patterns import Candidate

_ESCAPE = re.compile(rb"\\(?:u[0-9a-f]{4}|.)")


def places_in_text(
    line: bytes | bytearray, text: str, found: Sequence[Candidate]
) -> list[Candidate] | None:
    """Return which of the places in a line are within a text of it, in bytes of that.

    None if the text is not to be found in the line. If it stands there twice, the first is taken.
    """
    try:
        quoted = orjson.dumps(text)
    except orjson.JSONEncodeError:  # a lone surrogate
        return None
    start = line.find(quoted) + 1
    if not start:
        return None
    stop = start + len(quoted) - 2
    inside = [place for place in found if start <= place.start and place.end <= stop]
    if b"\\" not in quoted:
        return [place.moved(-start) for place in inside]
    ends = sorted({position - start for place in inside for position in (place.start, place.end)})
    moved = dict(zip(ends, positions_in_text(quoted, ends), strict=True))
    return [
        Candidate(moved[place.start - start], moved[place.end - start], place.targets)
        for place in inside
    ]


def positions_in_text(quoted: bytes, positions: Iterable[int]) -> Iterator[int]:
    """Yield where positions in a text as JSON quotes it, in order, are in the text itself."""
    escapes = _ESCAPE.finditer(quoted)  # one by one: a long text has very many
    escape = next(escapes, None)
    lost = 0
    for position in positions:
        while escape is not None and escape.end() - 1 <= position:
            lost += escape.end() - escape.start() - 1
            escape = next(escapes, None)
        yield position - lost
