r"""Escapes of JSON (RFC 8259, section 7) and of programs, where there is no compiled kernel.

A file is searched before its lines are parsed. There, a line break is the two characters \n, and
any character may be \uXXXX, or two of them for a character outside the basic plane.
"""

import numpy as np

from workflows.datasets.lookup.folding import BREAK, fold_table
from workflows.datasets.lookup.squeeze_in_numpy import write
from workflows.datasets.lookup.stream_bytes import Bytes, CodePoints, Positions

_BACKSLASH = 0x5C
_CONTROLS = np.isin(np.arange(256), list(b"bfnrt"))
_BEGINS_MARKUP = np.isin(np.arange(256), list(b"<&%[*"))
# The bytes which make a backslash the beginning of an escape, or of an escaped one.
_AFTER_BACKSLASH = np.isin(np.arange(256), list(b"ux\\"))
_HEX = np.full(256, 255, np.uint8)
for _digits in ("0123456789abcdef", "0123456789ABCDEF"):
    _HEX[list(_digits.encode())] = np.arange(16)


def marks(source: Bytes, special: Positions, *, escaped: bool) -> Positions:
    """Return the positions of < & % [ * and of backslashes that may begin markup, in order.

    `special` holds where all of them are; with `escaped`, the text is JSON as it stands in a file.
    """
    positions = special[_BEGINS_MARKUP[source[special]]]
    begins = _escapes(source, special)
    if not begins.size:
        return positions
    if escaped:
        units, codes = _code_units(source, begins)
        positions = np.append(positions, units[(codes == ord("<")) | (codes == ord("&"))])
        begins = begins[source[begins + 1] == _BACKSLASH]
        following = source[np.minimum(begins + 2, source.size - 1)]
    else:
        following = source[begins + 1]
    return np.sort(np.append(positions, begins[_AFTER_BACKSLASH[following]]))


def resolve_escapes(source: Bytes, special: Positions, result: Bytes) -> None:
    """Write what each escape of JSON stands for over it."""
    starts = _escapes(source, special)
    if not starts.size:
        return
    result[starts[_CONTROLS[source[starts + 1]]] + 1] = BREAK
    starts, codes = _code_units(source, starts)
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


def _escapes(source: Bytes, special: Positions) -> Positions:
    """Return where escapes begin: every backslash which is not itself escaped."""
    backslashes: Positions = special[source[special] == _BACKSLASH]
    if backslashes.size:
        follows = np.diff(backslashes, prepend=-2) == 1
        if follows.any():
            index = np.arange(backslashes.size)
            run_start = np.maximum.accumulate(np.where(follows, 0, index))
            backslashes = backslashes[(index - run_start) % 2 == 0]
    return backslashes[: np.searchsorted(backslashes, source.size - 1)]


def _code_units(source: Bytes, starts: Positions) -> tuple[Positions, CodePoints]:
    r"""Return which of the escapes at `starts` are \uXXXX, and their UTF-16 code units."""
    starts = starts[source[starts + 1] == ord("u")]
    starts = starts[: np.searchsorted(starts, source.size - 5)]
    digits = _HEX[source[starts[:, None] + np.arange(2, 6)]]
    well_formed = (digits < 16).all(axis=1)  # noqa: PLR2004
    starts, digits = starts[well_formed], digits[well_formed].astype(np.uint32)
    return starts, (digits << np.array([12, 8, 4, 0], np.uint32)).sum(axis=1, dtype=np.uint32)
