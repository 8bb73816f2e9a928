r"""Turns places found in lines of JSONL into places of the texts that stand there.

A line is searched before it is parsed. Where its text stands in it as most writers put it, what was
found there need not be searched for again. Where a writer put it otherwise (\u4e00 for 一), the
text itself is searched.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

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
    escapes = list(_ESCAPE.finditer(quoted))
    ends = [escape.end() - 1 for escape in escapes]
    lost = [0, *accumulate(len(escape[0]) - 1 for escape in escapes)]

    def within(position: int) -> int:
        position -= start
        return position - lost[bisect_left(ends, position + 1)]

    return [Candidate(within(place.start), within(place.end), place.targets) for place in inside]
