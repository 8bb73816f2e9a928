r"""The escapes of JSON (RFC 8259, section 7), resolved in place in the bytes of a file.

A file is searched before its lines are parsed. There, a line break is the two characters \n, and
any character may be \uXXXX, or two of them for a character outside the basic plane.
"""

import numpy as np

from workflows.datasets.lookup.folding import BREAK, fold_table
from workflows.datasets.lookup.squeeze import Folded
from workflows.datasets.lookup.squeeze_in_numpy import write
from workflows.datasets.lookup.stream_bytes import Bytes, CodePoints, Positions

_BACKSLASH = 0x5C
_CONTROLS = np.isin(np.arange(256), list(b"bfnrt"))
_HEX = np.full(256, 255, np.uint8)
for _digits in ("0123456789abcdef", "0123456789ABCDEF"):
    _HEX[list(_digits.encode())] = np.arange(16)


def escapes(folded: Folded) -> Positions:
    """Return where escapes begin in JSON: every backslash which is not itself escaped."""
    source = folded.source
    backslashes: Positions = folded.special[source[folded.special] == _BACKSLASH]
    if backslashes.size:
        follows = np.diff(backslashes, prepend=-2) == 1
        if follows.any():
            index = np.arange(backslashes.size)
            run_start = np.maximum.accumulate(np.where(follows, 0, index))
            backslashes = backslashes[(index - run_start) % 2 == 0]
    return backslashes[: np.searchsorted(backslashes, source.size - 1)]


def code_units(source: Bytes, starts: Positions) -> tuple[Positions, CodePoints]:
    r"""Return which of the escapes at `starts` are \uXXXX, and their UTF-16 code units."""
    starts = starts[source[starts + 1] == ord("u")]
    starts = starts[: np.searchsorted(starts, source.size - 5)]
    digits = _HEX[source[starts[:, None] + np.arange(2, 6)]]
    well_formed = (digits < 16).all(axis=1)  # noqa: PLR2004
    starts, digits = starts[well_formed], digits[well_formed].astype(np.uint32)
    return starts, (digits << np.array([12, 8, 4, 0], np.uint32)).sum(axis=1, dtype=np.uint32)


def resolve_escapes(folded: Folded) -> None:
    """Write what each escape stands for over it."""
    starts = escapes(folded)
    if not starts.size:
        return
    source, result = folded.source, folded.result
    result[starts[_CONTROLS[source[starts + 1]]] + 1] = BREAK
    starts, codes = code_units(source, starts)
    if not starts.size:
        return
    high = (codes >> 10) == 0x36  # noqa: PLR2004
    high[:-1] &= ((codes[1:] >> 10) == 0x37) & (np.diff(starts) == 6)  # noqa: PLR2004
    high[-1] = False
    pair = np.flatnonzero(high)
    if pair.size:
        astral = 0x10000 + ((codes[pair] & 0x3FF) << 10) + (codes[pair + 1] & 0x3FF)
        write(result, starts[pair], fold_table().values(astral), 12)
        alone = ~high
        alone[1:] &= ~high[:-1]
        starts, codes = starts[alone], codes[alone]
    write(result, starts, fold_table().values(codes), 6)
